using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ElizaEngine.Vectors.Kernels;

/// <summary>The lanes of <see cref="DotProduct"/> in 256-bit registers: 8 for a block's 64 floats, 4 for the 16 doubles.</summary>
internal struct LaneSums256 : ILaneSums
{
    private Vector256<double> _lanes0;
    private Vector256<double> _lanes4;
    private Vector256<double> _lanes8;
    private Vector256<double> _lanes12;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddBlock(ref readonly float a, ref readonly float b, nuint length)
    {
        var sum0 = Vector256<float>.Zero;
        var sum8 = Vector256<float>.Zero;
        var sum16 = Vector256<float>.Zero;
        var sum24 = Vector256<float>.Zero;
        var sum32 = Vector256<float>.Zero;
        var sum40 = Vector256<float>.Zero;
        var sum48 = Vector256<float>.Zero;
        var sum56 = Vector256<float>.Zero;
        for (nuint i = 0; i < length; i += DotProduct.Lanes)
        {
            sum0 += Vector256.LoadUnsafe(in a, i) * Vector256.LoadUnsafe(in b, i);
            sum8 += Vector256.LoadUnsafe(in a, i + 8) * Vector256.LoadUnsafe(in b, i + 8);
            sum16 += Vector256.LoadUnsafe(in a, i + 16) * Vector256.LoadUnsafe(in b, i + 16);
            sum24 += Vector256.LoadUnsafe(in a, i + 24) * Vector256.LoadUnsafe(in b, i + 24);
            sum32 += Vector256.LoadUnsafe(in a, i + 32) * Vector256.LoadUnsafe(in b, i + 32);
            sum40 += Vector256.LoadUnsafe(in a, i + 40) * Vector256.LoadUnsafe(in b, i + 40);
            sum48 += Vector256.LoadUnsafe(in a, i + 48) * Vector256.LoadUnsafe(in b, i + 48);
            sum56 += Vector256.LoadUnsafe(in a, i + 56) * Vector256.LoadUnsafe(in b, i + 56);
        }

        var (lower, upper) = Vector256.Widen((sum0 + sum16) + (sum32 + sum48));
        _lanes0 += lower;
        _lanes4 += upper;
        (lower, upper) = Vector256.Widen((sum8 + sum24) + (sum40 + sum56));
        _lanes8 += lower;
        _lanes12 += upper;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly double Total()
    {
        var four = (_lanes0 + _lanes8) + (_lanes4 + _lanes12);
        var two = four.GetLower() + four.GetUpper();
        return two.GetElement(0) + two.GetElement(1);
    }
}
