namespace ElizaEngine.Postgres.Tests.Vectors;

/// <summary>
/// Vectors as models of language make them: in clusters, and of far fewer degrees of freedom than components. Each is a point of a
/// space of 24 dimensions, near the centre of its cluster, seen through a random matrix, with a little noise.
/// </summary>
internal sealed class ClusteredVectors
{
    private const int HiddenDimensions = 24;

    private readonly Random _random;
    private readonly float[][] _view;
    private readonly double[][] _centres;

    public ClusteredVectors(int dimension, int clusters, int seed)
    {
        _random = new Random(seed);
        _view = [.. Enumerable.Range(0, dimension).Select(_ => Array.ConvertAll(Normals(HiddenDimensions), value => (float)value))];
        _centres = [.. Enumerable.Range(0, clusters).Select(_ => Normals(HiddenDimensions))];
    }

    public int Clusters => _centres.Length;

    public (int Cluster, float[] Vector) Next()
    {
        var cluster = _random.Next(Clusters);
        var point = Array.ConvertAll(_centres[cluster], centre => (float)(centre + (0.6 * Normal())));
        var vector = new float[_view.Length];
        for (var i = 0; i < vector.Length; i++)
        {
            var sum = (float)(0.3 * Normal());
            for (var j = 0; j < HiddenDimensions; j++) sum += _view[i][j] * point[j];
            vector[i] = sum;
        }
        return (cluster, vector);
    }

    public double Fraction() => _random.NextDouble();

    private double[] Normals(int count) => [.. Enumerable.Range(0, count).Select(_ => Normal())];

    private double Normal() => Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());
}
