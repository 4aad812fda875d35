using System.Runtime.CompilerServices;

namespace ElizaEngine.Vectors.Kernels;

/// <summary>The lanes of <see cref="DotProduct"/> one float at a time: the twin that the wide paths are tested against.</summary>
internal struct LaneSumsScalar : ILaneSums
{
    private SixteenDoubles _lanes;

    public void AddBlock(ref readonly float a, ref readonly float b, nuint length)
    {
        for (nuint lane = 0; lane < 16; lane++)
        {
            float sum0 = 0, sum16 = 0, sum32 = 0, sum48 = 0;
            for (nuint i = lane; i < length; i += DotProduct.Lanes)
            {
                sum0 += Product(in a, in b, i);
                sum16 += Product(in a, in b, i + 16);
                sum32 += Product(in a, in b, i + 32);
                sum48 += Product(in a, in b, i + 48);
            }

            _lanes[(int)lane] += (sum0 + sum16) + (sum32 + sum48);
        }
    }

    public readonly double Total()
    {
        var sums = _lanes;
        for (var half = 8; half > 0; half /= 2)
        {
            for (var lane = 0; lane < half; lane++)
                sums[lane] += sums[lane + half];
        }

        return sums[0];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Product(ref readonly float a, ref readonly float b, nuint index) =>
        Unsafe.Add(ref Unsafe.AsRef(in a), index) * Unsafe.Add(ref Unsafe.AsRef(in b), index);

    [InlineArray(16)]
    private struct SixteenDoubles
    {
        private double _first;
    }
}
