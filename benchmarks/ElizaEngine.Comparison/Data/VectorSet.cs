using System.Runtime.InteropServices;
using ElizaEngine.Comparison.Engines;

namespace ElizaEngine.Comparison.Data;

/// <summary>Vectors to be searched, and queries that are none of them. All of unit length, one behind the other.</summary>
internal sealed record VectorSet(string Name, int Dimension, float[] Rows, float[] Queries)
{
    public const int MaxQueries = 1000;

    /// <summary>Vectors that a full run searches.</summary>
    public const int FullCount = 100_000;

    /// <summary>Vectors of a toy run that has our local backend walk a graph: more than those for which it would rather compare all codes.</summary>
    public const int ToyWithGraph = 5_000;

    /// <summary>Clustered, 384 components.</summary>
    public const string Small = "s384";

    /// <summary>Clustered, 1536 components.</summary>
    public const string Large = "s1536";

    /// <summary>Real vectors of English words, 100 components.</summary>
    public const string Words = "words100";

    public int Count => Rows.Length / Dimension;

    public int QueryCount => Queries.Length / Dimension;

    public ReadOnlySpan<float> Row(int row) => Rows.AsSpan(row * Dimension, Dimension);

    public ReadOnlyMemory<float> Query(int query) => Queries.AsMemory(query * Dimension, Dimension);

    /// <summary>The first rows and queries of a set, the same every time.</summary>
    public static async Task<VectorSet> LoadAsync(string name, int rows, int queries, CancellationToken cancellationToken)
    {
        if (name == Words) return await LoadWordsAsync(rows, queries, cancellationToken);
        var (dimension, seed) = name switch
        {
            Small => (384, 42UL),
            Large => (1536, 43UL),
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "There is no such set of vectors."),
        };
        var vectors = new ClusteredVectors(dimension, seed);
        return new VectorSet(name, dimension, vectors.Rows(rows), vectors.Queries(queries));
    }

    private static async Task<VectorSet> LoadWordsAsync(int rows, int queries, CancellationToken cancellationToken)
    {
        const int Dimension = 100;
        var installed = await Installed.FindAsync("word-vectors", cancellationToken);
        var folder = installed.Folder ?? throw new InvalidOperationException(installed.WhyNot);
        return new VectorSet(Words, Dimension, Read("rows.f32", rows), Read("queries.f32", queries));

        float[] Read(string file, int count)
        {
            var vectors = new float[count * Dimension];
            using var stream = File.OpenRead(Path.Combine(folder, file));
            stream.ReadExactly(MemoryMarshal.AsBytes(vectors.AsSpan()));
            return vectors;
        }
    }
}
