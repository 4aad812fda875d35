using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ElizaEngine.Vectors.Kernels;

/// <summary>
/// The lanes of <see cref="DotProduct"/> in 128-bit registers. 64 floats would need 16 registers, which is all that
/// SSE has; so a block is walked four times, each walk with the 4 registers that fold into the same 4 lanes.
/// A block is 2 KiB a side, so the later walks read the nearest cache.
/// </summary>
internal struct LaneSums128 : ILaneSums
{
    private Vector128<double> _lanes0;
    private Vector128<double> _lanes2;
    private Vector128<double> _lanes4;
    private Vector128<double> _lanes6;
    private Vector128<double> _lanes8;
    private Vector128<double> _lanes10;
    private Vector128<double> _lanes12;
    private Vector128<double> _lanes14;

    public void AddBlock(ref readonly float a, ref readonly float b, nuint length)
    {
        var (lower, upper) = Vector128.Widen(FoldedLanes(in a, in b, 0, length));
        _lanes0 += lower;
        _lanes2 += upper;
        (lower, upper) = Vector128.Widen(FoldedLanes(in a, in b, 4, length));
        _lanes4 += lower;
        _lanes6 += upper;
        (lower, upper) = Vector128.Widen(FoldedLanes(in a, in b, 8, length));
        _lanes8 += lower;
        _lanes10 += upper;
        (lower, upper) = Vector128.Widen(FoldedLanes(in a, in b, 12, length));
        _lanes12 += lower;
        _lanes14 += upper;
    }

    public readonly double Total()
    {
        var lanes0And1 = (_lanes0 + _lanes8) + (_lanes4 + _lanes12);
        var lanes2And3 = (_lanes2 + _lanes10) + (_lanes6 + _lanes14);
        var two = lanes0And1 + lanes2And3;
        return two.GetElement(0) + two.GetElement(1);
    }

    /// <summary>Four of the 16 folded lanes of a block: first, first + 1, first + 2, first + 3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> FoldedLanes(ref readonly float a, ref readonly float b, nuint first, nuint length)
    {
        var sum0 = Vector128<float>.Zero;
        var sum16 = Vector128<float>.Zero;
        var sum32 = Vector128<float>.Zero;
        var sum48 = Vector128<float>.Zero;
        for (nuint i = first; i < length; i += DotProduct.Lanes)
        {
            sum0 += Vector128.LoadUnsafe(in a, i) * Vector128.LoadUnsafe(in b, i);
            sum16 += Vector128.LoadUnsafe(in a, i + 16) * Vector128.LoadUnsafe(in b, i + 16);
            sum32 += Vector128.LoadUnsafe(in a, i + 32) * Vector128.LoadUnsafe(in b, i + 32);
            sum48 += Vector128.LoadUnsafe(in a, i + 48) * Vector128.LoadUnsafe(in b, i + 48);
        }

        return (sum0 + sum16) + (sum32 + sum48);
    }
}
