using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ElizaEngine.Vectors;

/// <summary>
/// The norm (Euclidean length) of a vector. Which norms an embedding may have is the contract's business, not this room's.
/// <para>
/// The norm is summed in double: the square of a float32 is exact there and neither overflows nor underflows. Like the dot
/// product, the sum has a fixed order and the same bits on every processor: component i belongs to lane i mod 16.
/// </para>
/// </summary>
internal static class Norm
{
    private const int Lanes = 16;

    /// <summary>The norm of a vector of any length: 0 for zeros of either sign, NaN or infinite if a component is.</summary>
    internal static double Of(ReadOnlySpan<float> vector) => Math.Sqrt(SumOfSquares(vector));

    /// <summary>1 / norm rounded to float32; in [1e-12, 1e12] for a vector whose norm is.</summary>
    internal static float InverseOf(ReadOnlySpan<float> vector) => (float)(1 / Of(vector));

    // One path of 4 x 256 bits serves every processor: where 256 bits are missing the runtime computes the same lanes in
    // halves. An embedding is measured once in its life and each query once, so a second path would not be noticed.
    private static double SumOfSquares(ReadOnlySpan<float> vector)
    {
        var whole = vector.Length - (vector.Length % Lanes);
        Span<float> rest = stackalloc float[Lanes];
        rest.Clear();
        vector[whole..].CopyTo(rest);

        // The components after the last multiple of 16 go first, padded with zeros, which add nothing.
        var (lanes0, lanes4, lanes8, lanes12) = Squares(ref MemoryMarshal.GetReference(rest), 0);
        ref var first = ref MemoryMarshal.GetReference(vector);
        for (var i = 0; i < whole; i += Lanes)
        {
            var (squares0, squares4, squares8, squares12) = Squares(ref first, (nuint)i);
            lanes0 += squares0;
            lanes4 += squares4;
            lanes8 += squares8;
            lanes12 += squares12;
        }

        var four = (lanes0 + lanes8) + (lanes4 + lanes12);
        var two = four.GetLower() + four.GetUpper();
        return two.GetElement(0) + two.GetElement(1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<double> Lanes0, Vector256<double> Lanes4, Vector256<double> Lanes8, Vector256<double> Lanes12) Squares(
        ref float first, nuint index)
    {
        var (lanes0, lanes4) = Vector256.Widen(Vector256.LoadUnsafe(ref first, index));
        var (lanes8, lanes12) = Vector256.Widen(Vector256.LoadUnsafe(ref first, index + 8));
        return (lanes0 * lanes0, lanes4 * lanes4, lanes8 * lanes8, lanes12 * lanes12);
    }
}
