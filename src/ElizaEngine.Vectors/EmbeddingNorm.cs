using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ElizaEngine.Vectors;

/// <summary>What kind of embedding a vector is.</summary>
internal enum EmbeddingKind
{
    /// <summary>Finite, and its norm is in range: it can be searched.</summary>
    Ok = 0,

    /// <summary>Every component is +0 or -0 (or there is none): it has no direction.</summary>
    Zero,

    /// <summary>A component is NaN or infinite.</summary>
    NonFinite,

    /// <summary>Finite and not zero, but its norm is outside the range.</summary>
    NormOutOfRange,
}

/// <summary>
/// The norm (Euclidean length) of an embedding, and whether it can be searched.
/// <para>
/// The norm is summed in double: the square of a float32 is exact there and neither overflows nor underflows, so every
/// vector is told apart rightly, from one denormal component to 4,000 of the largest. Like the dot product, the sum has
/// a fixed order and the same bits on every processor: component i belongs to lane i mod 16; see <see cref="Of"/>.
/// </para>
/// </summary>
/// <param name="Kind">What the vector is; the other fields depend on it.</param>
/// <param name="Norm">The norm; 0 for a zero vector, NaN or infinite for a non-finite one.</param>
/// <param name="InverseNorm">1 / norm rounded to float32, in [1e-12, 1e12], for <see cref="EmbeddingKind.Ok"/>; else 0.</param>
/// <param name="NonFiniteIndex">Index of the first NaN or infinity for <see cref="EmbeddingKind.NonFinite"/>; else -1.</param>
internal readonly record struct EmbeddingNorm(EmbeddingKind Kind, double Norm, float InverseNorm, int NonFiniteIndex)
{
    /// <summary>The smallest norm of a valid embedding, inclusive.</summary>
    internal const double Min = 1e-12;

    /// <summary>The largest norm of a valid embedding, inclusive.</summary>
    internal const double Max = 1e12;

    private const int Lanes = 16;

    /// <summary>Classifies a vector of any length. Reads it once (twice to find a non-finite component); never throws.</summary>
    internal static EmbeddingNorm Of(ReadOnlySpan<float> embedding)
    {
        var norm = Math.Sqrt(SumOfSquares(embedding));
        if (norm == 0)
            return new(EmbeddingKind.Zero, norm, 0, -1);
        if (!double.IsFinite(norm))
            return new(EmbeddingKind.NonFinite, norm, 0, IndexOfNonFinite(embedding));
        if (norm is < Min or > Max)
            return new(EmbeddingKind.NormOutOfRange, norm, 0, -1);
        return new(EmbeddingKind.Ok, norm, (float)(1 / norm), -1);
    }

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

    private static int IndexOfNonFinite(ReadOnlySpan<float> vector)
    {
        for (var i = 0; i < vector.Length; i++)
        {
            if (!float.IsFinite(vector[i]))
                return i;
        }

        return -1;
    }
}
