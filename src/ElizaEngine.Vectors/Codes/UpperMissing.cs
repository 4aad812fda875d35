using ElizaEngine.Vectors.Kernels;

namespace ElizaEngine.Vectors;

/// <summary>How much a walk misses that reads only the first halves of rows (<see cref="Nibbles"/>).</summary>
internal static unsafe class UpperMissing
{
    /// <summary>
    /// The deviation by which the similarity to a unit vector is off, as a share of the deviation of similarities among the vectors
    /// themselves. What is missing is taken to have no direction, so a similarity is off by its norm over the root of the dimension.
    /// </summary>
    /// <param name="codes">Its caller is an owner of them; at least one.</param>
    /// <param name="sample">So many of them are looked at, and as many pairs.</param>
    /// <returns>0 and more; infinite or no number where all similarities are the same.</returns>
    internal static double Of(Codes codes, int sample)
    {
        var count = codes.Count;
        sample = Math.Min(sample, count);
        var (missing, sum, squares) = (0.0, 0.0, 0.0);
        var numbers = new sbyte[codes.RowBytes];
        var (vector, other) = (new float[codes.RowBytes], new float[codes.RowBytes]);
        for (var i = 0; i < sample; i++)
        {
            var slot = (int)((long)i * count / sample);
            Read(codes, (int)((slot + ((count + 1L) / 2)) % count), numbers, other);
            Read(codes, slot, numbers, vector);
            missing += Nibbles.SquareOfMissing(numbers.AsSpan(0, codes.Dimension)) * codes.Scale(slot) * codes.Scale(slot);
            double similarity = DotProduct.Of(vector, other);
            sum += similarity;
            squares += similarity * similarity;
        }

        var variance = Math.Max(0, (squares / sample) - (sum / sample * (sum / sample)));
        return Math.Sqrt(missing / sample / codes.Dimension / variance);
    }

    // SAFETY: the caller is an owner of the codes, and the slot is below their count.
    private static void Read(Codes codes, int slot, Span<sbyte> numbers, Span<float> vector)
    {
        Nibbles.Unpack(new ReadOnlySpan<byte>(codes.Row(slot), codes.RowBytes), numbers);
        for (var i = 0; i < vector.Length; i++)
            vector[i] = numbers[i] * codes.Scale(slot);
    }
}
