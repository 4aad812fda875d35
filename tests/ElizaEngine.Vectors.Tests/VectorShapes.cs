namespace ElizaEngine.Vectors.Tests;

/// <summary>Sets of vectors, each hard in a way of its own. All have valid norms.</summary>
internal static class VectorShapes
{
    internal static readonly string[] Names = ["random", "clustered", "duplicates", "all equal", "collinear", "tiny norms", "sorted", "sparse", "common mean"];

    internal static float[][] Make(string name, Random random, int count, int dimension) => name switch
    {
        "random" => Rows(count, _ => TestVectors.Random(random, dimension)),
        "clustered" => Clustered(random, count, dimension),
        "duplicates" => Duplicates(random, count, dimension),
        "all equal" => Rows(count, TestVectors.Random(random, dimension)),
        "collinear" => Collinear(random, count, dimension),
        "tiny norms" => Rows(count, _ => TestVectors.Scaled(TestVectors.Random(random, dimension), 1e-10)),
        "sorted" => Sorted(count, dimension),
        "sparse" => Rows(count, _ => Sparse(random, dimension)),
        "common mean" => CommonMean(random, count, dimension),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
    };

    /// <summary>Points around a twentieth as many centres.</summary>
    internal static float[][] Clustered(Random random, int count, int dimension)
    {
        var centres = Rows(Math.Max(1, count / 20), _ => TestVectors.Random(random, dimension));
        return Rows(count, _ => Near(random, centres[random.Next(centres.Length)], 0.3f));
    }

    internal static float[] Near(Random random, float[] centre, float distance) =>
        [.. centre.Select(x => x + (distance * ((random.NextSingle() * 2) - 1)))];

    private static float[][] Rows(int count, Func<int, float[]> make) => [.. Enumerable.Range(0, count).Select(make)];

    private static float[][] Rows(int count, float[] same) => Rows(count, _ => same);

    // A tenth as many different ones, some of them far more often than others.
    private static float[][] Duplicates(Random random, int count, int dimension)
    {
        var originals = Rows(Math.Max(1, count / 10), _ => TestVectors.Random(random, dimension));
        return Rows(count, _ => originals[Math.Min(random.Next(originals.Length), random.Next(originals.Length))]);
    }

    // One direction and its opposite, of many lengths: unit vectors that differ in their last bits, if at all.
    private static float[][] Collinear(Random random, int count, int dimension)
    {
        var direction = TestVectors.Random(random, dimension);
        return Rows(count, i => TestVectors.Scaled(direction, Math.Exp((random.NextDouble() * 10) - 5) * (i % 2 == 0 ? 1 : -1)));
    }

    // Along an arc, in order: what comes next is always farther than all before it.
    private static float[][] Sorted(int count, int dimension) => Rows(count, i =>
    {
        var angle = i * Math.PI / Math.Max(1, count - 1);
        var vector = new float[dimension];
        vector[0] = (float)Math.Cos(angle);
        if (dimension > 1)
            vector[^1] = (float)Math.Sin(angle);
        else if (vector[0] == 0)
            vector[0] = 1;
        return vector;
    });

    private static float[] Sparse(Random random, int dimension)
    {
        var vector = new float[dimension];
        vector[random.Next(dimension)] = 1;
        vector[random.Next(dimension)] = -0.5f;
        return vector;
    }

    private static float[][] CommonMean(Random random, int count, int dimension)
    {
        var mean = TestVectors.Random(random, dimension);
        return Rows(count, _ => Near(random, mean, 0.5f));
    }
}
