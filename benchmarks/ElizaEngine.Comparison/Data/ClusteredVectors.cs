using System.Numerics.Tensors;

namespace ElizaEngine.Comparison.Data;

/// <summary>
/// Vectors as embeddings of texts are: of many components but few degrees of freedom, in clusters of unequal size and density, with
/// a direction that all share. 600 Gaussians, the k-th with a weight of k^-0.6, in 64 dimensions that matter less and less
/// (j^-0.2); around each centre a deviation of 0.8 times a log-normal number; then a random projection to the full dimension, a
/// quarter of noise, 0.45 of a common mean, and unit length. A row depends on nothing but seed and number.
/// </summary>
internal sealed class ClusteredVectors
{
    private const int Clusters = 600;
    private const int Latent = 64;
    private const double ZipfExponent = 0.6;
    private const double SpectrumExponent = 0.2;
    private const double WithinDeviation = 0.8;
    private const double LogDeviation = 0.25;
    private const float Noise = 0.25f;
    private const float CommonMean = 0.45f;

    // Queries are rows from far behind the last one: of the same kind, and the same whatever the number of rows.
    private const ulong FirstQuery = 1UL << 40;
    private const ulong Shapes = 1UL << 41;

    private readonly int _dimension;
    private readonly ulong _seed;
    private readonly double[] _cumulative = new double[Clusters];
    private readonly float[] _deviations = new float[Clusters];
    private readonly float[] _centres = new float[Clusters * Latent];
    private readonly float[] _spectrum = new float[Latent];
    private readonly float[] _projection;
    private readonly float[] _mean;

    public ClusteredVectors(int dimension, ulong seed)
    {
        (_dimension, _seed) = (dimension, seed);
        var random = SplitMix64.Of(seed, Shapes);
        for (var j = 0; j < Latent; j++) _spectrum[j] = (float)Math.Pow(j + 1, -SpectrumExponent);
        random.FillGaussian(_centres);
        random.FillGaussian(_deviations);
        var weight = 0.0;
        for (var k = 0; k < Clusters; k++)
        {
            _cumulative[k] = weight += Math.Pow(k + 1, -ZipfExponent);
            _deviations[k] = (float)(WithinDeviation * Math.Exp(LogDeviation * _deviations[k]));
            var centre = _centres.AsSpan(k * Latent, Latent);
            TensorPrimitives.Multiply(centre, _spectrum, centre);
        }
        _projection = new float[dimension * Latent];
        random.FillGaussian(_projection);
        _mean = new float[dimension];
        random.FillGaussian(_mean);
        Normalize(_mean);
    }

    /// <summary>Rows 0 to count - 1, one behind the other.</summary>
    public float[] Rows(int count) => Fill(count, 0);

    public float[] Queries(int count) => Fill(count, FirstQuery);

    private float[] Fill(int count, ulong first)
    {
        var vectors = GC.AllocateUninitializedArray<float>(count * _dimension);
        Parallel.For(0, count, row => Fill(vectors.AsSpan(row * _dimension, _dimension), first + (ulong)row));
        return vectors;
    }

    private void Fill(Span<float> vector, ulong row)
    {
        Span<float> latent = stackalloc float[Latent];
        Span<float> noise = stackalloc float[_dimension];
        var random = SplitMix64.Of(_seed, row);
        var cluster = Cluster(random.NextDouble());
        random.FillGaussian(latent);
        random.FillGaussian(noise);
        TensorPrimitives.Multiply(latent, _spectrum, latent);
        TensorPrimitives.MultiplyAdd(latent, _deviations[cluster], _centres.AsSpan(cluster * Latent, Latent), latent);
        for (var i = 0; i < _dimension; i++) vector[i] = TensorPrimitives.Dot(latent, _projection.AsSpan(i * Latent, Latent));
        Normalize(vector);
        TensorPrimitives.MultiplyAdd(noise, Noise / MathF.Sqrt(_dimension), vector, vector);
        TensorPrimitives.MultiplyAdd(_mean, CommonMean, vector, vector);
        Normalize(vector);
    }

    private int Cluster(double random)
    {
        var found = Array.BinarySearch(_cumulative, random * _cumulative[^1]);
        return Math.Min(found < 0 ? ~found : found, Clusters - 1);
    }

    private static void Normalize(Span<float> vector) => TensorPrimitives.Divide(vector, TensorPrimitives.Norm<float>(vector), vector);
}
