using BenchmarkDotNet.Attributes;
using ElizaEngine.Vectors;

namespace ElizaEngine.Benchmarks.Vectors;

/// <summary>
/// One exact search: 1,000 rows of 384 floats, scattered in a table of more, the best 10. Of 10,000 rows the thousand is
/// always the same one, a room that is searched often and lies in the cache; of 300,000 rows (460 MB) each search takes
/// another thousand, so the rows come from memory.
/// </summary>
[MemoryDiagnoser]
public class ExactSearchBenchmark
{
    private const int Dimension = 384;
    private const int Candidates = 1000;

    private readonly TopMatches _matches = new();
    private float[] _query = [];
    private float _inverseNormOfQuery;
    private float[] _table = [];
    private float[] _inverseNorms = [];
    private int[] _scattered = [];
    private int _start;

    [Params(10_000, 300_000)]
    public int Rows { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(7);
        _table = GC.AllocateUninitializedArray<float>(Rows * Dimension, pinned: true);
        RandomVectors.Fill(random, _table);
        _inverseNorms = [.. Enumerable.Range(0, Rows).Select(row => Norm.InverseOf(Vector(row)))];
        _scattered = [.. Enumerable.Range(0, Rows)];
        random.Shuffle(_scattered);
        _query = RandomVectors.Next(random, Dimension);
        _inverseNormOfQuery = Norm.InverseOf(_query);
    }

    [Benchmark(Baseline = true)]
    public int Search()
    {
        var candidates = NextCandidates();
        var searcher = new ExactSearcher(_query, _inverseNormOfQuery, 10, null, _matches);
        foreach (var row in candidates)
            searcher.Add(Vector(row), _inverseNorms[row]);
        return searcher.Results()[0].Ordinal;
    }

    [Benchmark]
    public int Search_with_prefetch()
    {
        var candidates = NextCandidates();
        var searcher = new ExactSearcher(_query, _inverseNormOfQuery, 10, null, _matches);
        for (var i = 0; i < candidates.Length; i++)
        {
            if (i + ExactSearcher.PrefetchDistance < candidates.Length)
                ExactSearcher.Prefetch(Vector(candidates[i + ExactSearcher.PrefetchDistance]));
            searcher.Add(Vector(candidates[i]), _inverseNorms[candidates[i]]);
        }

        return searcher.Results()[0].Ordinal;
    }

    [Benchmark]
    public int Search_for_all()
    {
        var candidates = NextCandidates();
        var searcher = new ExactSearcher(_query, _inverseNormOfQuery, int.MaxValue, null, _matches);
        foreach (var row in candidates)
            searcher.Add(Vector(row), _inverseNorms[row]);
        return searcher.Results()[0].Ordinal;
    }

    private ReadOnlySpan<float> Vector(int row) => _table.AsSpan(row * Dimension, Dimension);

    private ReadOnlySpan<int> NextCandidates()
    {
        if (Rows > 10_000)
            _start = (_start + Candidates) % Rows;
        return _scattered.AsSpan(_start, Candidates);
    }
}
