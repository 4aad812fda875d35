using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ElizaEngine.Vectors.Kernels;

/// <summary>The lanes of <see cref="DotProduct"/> in 512-bit registers: 4 for a block's 64 floats, 2 for the 16 doubles.</summary>
internal struct LaneSums512 : ILaneSums
{
    private Vector512<double> _lanes0;
    private Vector512<double> _lanes8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddBlock(ref readonly float a, ref readonly float b, nuint length)
    {
        var sum0 = Vector512<float>.Zero;
        var sum16 = Vector512<float>.Zero;
        var sum32 = Vector512<float>.Zero;
        var sum48 = Vector512<float>.Zero;
        for (nuint i = 0; i < length; i += DotProduct.Lanes)
        {
            sum0 += Vector512.LoadUnsafe(in a, i) * Vector512.LoadUnsafe(in b, i);
            sum16 += Vector512.LoadUnsafe(in a, i + 16) * Vector512.LoadUnsafe(in b, i + 16);
            sum32 += Vector512.LoadUnsafe(in a, i + 32) * Vector512.LoadUnsafe(in b, i + 32);
            sum48 += Vector512.LoadUnsafe(in a, i + 48) * Vector512.LoadUnsafe(in b, i + 48);
        }

        var (lower, upper) = Vector512.Widen((sum0 + sum16) + (sum32 + sum48));
        _lanes0 += lower;
        _lanes8 += upper;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly double Total()
    {
        var eight = _lanes0 + _lanes8;
        var four = eight.GetLower() + eight.GetUpper();
        var two = four.GetLower() + four.GetUpper();
        return two.GetElement(0) + two.GetElement(1);
    }
}
