using ElizaEngine.Vectors.Kernels;

namespace ElizaEngine.Vectors;

/// <summary>Whether walks may read only the first halves of rows (<see cref="Nibbles"/>), and how much they miss then; by measuring it.</summary>
internal static class UpperMissing
{
    /// <summary>
    /// What is missing may move a similarity by so much of what similarities differ by (both as deviations). At 0.05 recall does not change
    /// (100,000 x 384, decisions/0030: 0.960 and 0.959 at an effort of 24), at 0.07 it falls from 0.963 to 0.949, at 0.10 to 0.922, which
    /// as much more effort makes up for as half a row saves; at 0.16 it is 0.875.
    /// </summary>
    private const double ShareMax = 0.1;

    /// <summary>Shorter rows, of four lines, are walked whole: half of them saves next to nothing.</summary>
    private const int RowBytesMin = 256;

    private const int SampleMax = 256;

    /// <summary>A tenth of the pairs do not count for what is missing: some vectors are unlike the others.</summary>
    private const double Most = 0.9;

    /// <summary>Nor does a half for what similarities differ by: a few far away do not make it more.</summary>
    private const double Half = 0.5;

    // How many deviations such a part of a normal distribution is within.
    private const double DeviationsOfMost = 1.6449;
    private const double DeviationsOfHalf = 0.6745;

    // Within how many the worst of a sample is, as a rule: of 256 values of chance half of the time, of more of them it is a little further.
    private const double DeviationsOfWorst = 3;

    /// <summary>Whether rows are so long that reading half of each is quicker.</summary>
    internal static bool IsQuicker(Codes codes) => codes.RowBytes >= RowBytesMin;

    /// <summary>Measures both, of pairs of vectors from all over.</summary>
    /// <param name="codes">Its caller is an owner of them.</param>
    /// <returns>
    /// The deviation by which a similarity by half a row is off; 0: it is too much, walks read whole rows. Too much it is where a few components
    /// outweigh the others, which are lost in sixteen steps then, or where all vectors are nearly the same. What is crowded somewhere it does not
    /// tell: see <see cref="WalkScratch.IsCrowded"/>.
    /// <para>
    /// And how many times as far as chance a similarity is off by half a row, in the worst of such pairs, or that of a vector and itself by half a row or by
    /// what rounding left: 1, or more where what is missing of components is not independent of each other, or of the components, as where each is there
    /// several times, or is of few values. What rounding leaves of them adds up as that does. Infinite where there is no vector.
    /// </para>
    /// </returns>
    internal static (float Deviation, float Correlation) Measure(Codes codes)
    {
        if (codes.Count == 0)
            return (0, float.PositiveInfinity);
        var pairs = Pairs(codes);
        var correlation = (float)Math.Max(1, pairs.Max(pair => pair.Deviations) / DeviationsOfWorst);
        if (!IsQuicker(codes))
            return (0, correlation);
        var deviation = Within([.. pairs.Select(pair => pair.Error)], Most) / DeviationsOfMost;
        var isTooMuch = deviation > ShareMax * Within([.. pairs.Select(pair => pair.Similarity)], Half) / DeviationsOfHalf;
        return (isTooMuch ? 0 : (float)deviation, correlation);
    }

    // Of each pair the similarity, what half a row is off by, and the most deviations that anything of it is off by.
    private static List<(double Similarity, double Error, double Deviations)> Pairs(Codes codes)
    {
        var count = codes.Count;
        var sample = Math.Min(count, SampleMax);
        var pairs = new List<(double, double, double)>(sample);
        var numbers = new sbyte[codes.RowBytes];
        var (query, vector, missing) = (new float[codes.RowBytes], new float[codes.RowBytes], new float[codes.RowBytes]);
        for (var i = 0; i < sample; i++)
        {
            var slot = (int)((long)i * count / sample);
            // The golden ratio: each with one from anywhere, and evenly from all over.
            var other = (int)(((ulong)((uint)i * 2654435769) * (uint)count) >> 32);
            codes.Decode(other, numbers, query);
            codes.Decode(slot, numbers, vector);
            for (var place = 0; place < missing.Length; place++)
                missing[place] = (float)Nibbles.Missing(numbers[place]) * codes.Scale(slot);
            var (error, ownError) = (DotProduct.Of(query, missing), DotProduct.Of(vector, missing));
            // Of a unit vector u = V + r: u·r = (1 - |V|^2 + |r|^2) / 2.
            var ownRounded = (1 - DotProduct.Of(vector, vector) + ((double)codes.Error(slot) * codes.Error(slot))) / 2;
            var ofNibbles = Math.Max(Math.Abs(error), Math.Abs(ownError)) / ErrorBound.NibbleDeviation;
            var deviations = Math.Max(ofNibbles, Math.Abs(ownRounded) / ErrorBound.RoundedDeviation) / codes.Scale(slot);
            pairs.Add((DotProduct.Of(query, vector), error, deviations));
        }

        return pairs;
    }

    /// <summary>How far from their median such a part of some values is, at most.</summary>
    private static double Within(double[] values, double part)
    {
        var median = Quantile(values, Half);
        return Quantile([.. values.Select(value => Math.Abs(value - median))], part);
    }

    private static double Quantile(double[] values, double part) => values.Order().ElementAt((int)(part * values.Length));
}
