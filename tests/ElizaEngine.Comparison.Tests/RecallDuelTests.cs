using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Engines;
using ElizaEngine.Comparison.Report;
using ElizaEngine.Comparison.Suites;
using Xunit;

namespace ElizaEngine.Comparison.Tests;

public sealed class RecallDuelTests
{
    private const int Queries = 100;
    private const int K = 10;

    private static readonly VectorSet s_set = new("set", 1, new float[Queries * K], [.. Enumerable.Range(0, Queries).Select(query => (float)query)]);
    private static readonly int[][] s_truth = [.. Enumerable.Range(0, Queries).Select(query => Enumerable.Range(query * K, K).ToArray())];

    [Fact]
    public async Task Each_engine_searches_as_hastily_as_it_can_and_finds_so_much()
    {
        var folder = Directory.CreateTempSubdirectory("eliza-duel-").FullName;
        try
        {
            await using var run = new Run(Size.Toy, folder, null, TextWriter.Null, CancellationToken.None);
            // It finds the effort's share of a hundred; the other a little more than it is asked for.
            var told = new Engine("hnswlib", [10, 80, 98], [], static search => search.Effort);
            var asked = new Engine("local", [0], [0.8, 0.98], static search => (int)(search.Recall!.Value * 100) + 1);
            var hasty = new Engine("hasty", [10, 80], [], static search => search.Effort);
            var without = new Row("suite", "search set", "at recall 0.90", "");
            (Engine Engine, IVectorIndex Index)[] all = [.. new[] { told, asked, hasty }.Select(engine => (engine, (IVectorIndex)engine))];
            run.Rows.Add(all.SelectMany(one => one.Engine.Sweep(without)));

            var rows = await RecallDuel.RunAsync(run, without, [.. all.Select(one => ((IVectorEngine)one.Engine, one.Index))], s_set, s_truth, 0.9);

            Assert.Equal(["hnswlib", "local"], rows.Select(row => row.Engine));
            Assert.All(rows, row => Assert.InRange(row.Recall!.Value, 0.9, 0.93));
            Assert.StartsWith("effort 9", rows[0].Note, StringComparison.Ordinal);
            Assert.EndsWith("; 1.00 x hnswlib", rows[0].Note, StringComparison.Ordinal);
            Assert.StartsWith("asked for 0.89;", rows[1].Note, StringComparison.Ordinal);
            Assert.All(rows, row => Assert.Null(row.X));
            Assert.Single(rows[0].SliceRates!);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Of each query, which is its own number, it finds the ten, or none: of so many in a hundred.</summary>
    private sealed class Engine(string name, int[] efforts, double[] recalls, Func<VectorSearch, int> found) : IVectorEngine, IVectorIndex
    {
        private int _found;

        public string Name => name;

        public string Title => name;

        public IReadOnlyList<int> Efforts => efforts;

        public IReadOnlyList<double> Recalls => recalls;

        public bool IsInProcess => true;

        public bool BuildsOnThreads => false;

        public IEnumerable<Row> Sweep(Row row) => recalls.Length > 0
            ? recalls.Select(recall => row with { Setting = "", Engine = name, X = recall, Recall = found(new VectorSearch(0) { Recall = recall }) / 100d })
            : efforts.Select(effort => row with { Setting = "", Engine = name, X = effort, Recall = found(new VectorSearch(effort)) / 100d });

        public Task<string?> WhyNotAsync(Run run) => Task.FromResult<string?>(null);

        public Task<string> NewPlaceAsync(Run run) => throw new NotSupportedException();

        public Task<BuildTime> BuildAsync(string place, VectorBuild build) => throw new NotSupportedException();

        public Task<IVectorIndex> OpenAsync(string place, VectorShape shape) => throw new NotSupportedException();

        public Task<long> DiskBytesAsync() => throw new NotSupportedException();

        public ValueTask PrepareAsync(VectorSearch search)
        {
            _found = found(search);
            return default;
        }

        public ValueTask<int> SearchAsync(ReadOnlyMemory<float> query, Memory<int> rows)
        {
            var place = (int)query.Span[0];
            // Scattered, so that it is as many of the first ones, too, if there is no time for all.
            if (place * 37 % Queries >= _found) return ValueTask.FromResult(0);
            s_truth[place].CopyTo(rows);
            return ValueTask.FromResult(K);
        }

        public ValueTask DisposeAsync() => default;
    }
}
