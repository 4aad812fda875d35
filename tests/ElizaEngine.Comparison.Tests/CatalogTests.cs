using ElizaEngine.Comparison.Calls;
using ElizaEngine.Comparison.Engines;
using ElizaEngine.Comparison.Suites;
using Xunit;

namespace ElizaEngine.Comparison.Tests;

public sealed class CatalogTests
{
    [Fact]
    public void The_suites_are_those_that_the_command_line_promises() =>
        Assert.Equal(["storage", "vectors", "filters", "turn", "open", "postgres"], SuiteCatalog.All.Select(suite => suite.Name));

    [Fact]
    public void Every_target_is_named_once()
    {
        var names = SuiteCatalog.All.SelectMany(suite => suite.Targets).Select(target => (target.Name, target.Unit)).ToArray();

        Assert.Equal(names.Length, names.Distinct().Count());
    }

    [Fact]
    public void Every_target_says_nothing_of_what_was_not_measured() =>
        Assert.All(SuiteCatalog.All.SelectMany(suite => suite.Targets), target => Assert.Null(target.Check([]).Measured));

    // What the project promises of its speed, and the lines at which it does: nothing of it may fall out of the table.
    [Theory]
    [InlineData("durable create without embedding, 1 caller", "x R", 0.8, 0.95)]
    [InlineData("durable create, 16 callers", "x R", 6, 6)]
    [InlineData("durable create, 64 callers", "x R", 12, 30)]
    [InlineData("durable create, 64 callers", "x RocksDB sync", 4, 10)]
    [InlineData("durable create, 64 callers", "x SQLite WAL FULL", 25, 70)]
    [InlineData("99 % of durable creates, 64 callers", "x raw median", 6, 3)]
    [InlineData("99 % of durable commits while it is compacted, 16 callers", "x without", 2, 2)]
    [InlineData("bulk load of 200k rows, durable at the end", "x SQLite", 3, 8)]
    [InlineData("get by id, hot, decoded", "x SQLite", 6, 15)]
    [InlineData("get by id while one commits, 2 threads", "x 1 thread", 1.8, 1.8)]
    [InlineData("latest 32 of a room without vectors", "x SQLite", 5, 20)]
    [InlineData("latest 32 of a room with vectors", "x SQLite", 3, 8)]
    [InlineData("search in a room of 1k of 10k x 384, exact", "x elizaOS on PGlite", 100, 300)]
    [InlineData("search in a room of 1k of 10k x 384, exact", "x pgvector exact", 50, 150)]
    [InlineData("memory per row beyond codes and cache, 1M rows", "bytes", 200, 120)]
    [InlineData("bytes on disk after compaction", "x payload", 1.5, 1.15)]
    [InlineData("vector search, 100k x 384, recall@10 0.95, 1 thread", "x hnswlib", 2.5, 4.5)]
    [InlineData("vector search, 100k x 384, recall@10 0.99, 1 thread", "x hnswlib", 2.5, 4.5)]
    [InlineData("vector search, 100k x 1536, recall@10 0.95, 1 thread", "x hnswlib", 2.5, 4.5)]
    [InlineData("vector search, 100k x 1536, recall@10 0.99, 1 thread", "x hnswlib", 2.5, 4.5)]
    [InlineData("vector search, 100k words x 100, recall@10 0.95, 1 thread", "x hnswlib", 1.8, 3)]
    [InlineData("graph build, 100k x 384, 2 threads", "x hnswlib", 1.5, 3)]
    [InlineData("code scan, 1 thread", "x memory bandwidth", 0.85, 0.95)]
    [InlineData("memory per vector beyond the float32 data on disk, 100k x 384", "x hnswlib's index", 0.5, 0.35)]
    [InlineData("dedupe search of createMemory within room, world and entity, 100k x 384", "us", 100, 100)]
    [InlineData("recall of a write right after its acknowledgement", "", 1, 1)]
    [InlineData("filtered vector search, 100k x 384, worst filter: recall@10", "", 0.99, 0.99)]
    [InlineData("filtered vector search, 100k x 384, worst filter: time", "x exact scan", 1.1, 1)]
    [InlineData("filtered vector search, 100k x 384, worst filter that more than 20k rows pass: speed", "x exact scan", 1 / 1.1, 5)]
    [InlineData("agent turn, PowerLoss, dm", "x elizaOS on PGlite", 50, 150)]
    [InlineData("agent turn, PowerLoss, group", "x elizaOS on PGlite", 50, 150)]
    [InlineData("agent turn, ProcessCrash, dm", "x elizaOS on PGlite", 100, 500)]
    [InlineData("agent turn, ProcessCrash, group", "x elizaOS on PGlite", 100, 500)]
    [InlineData("agent turn, Postgres, dm", "x elizaOS on PostgreSQL", 2, 5)]
    [InlineData("agent turn, Postgres, group", "x elizaOS on PostgreSQL", 2, 5)]
    [InlineData("open until the graph answers, 100k x 384, closed before, compiled as it runs", "x PGlite", 50, 300)]
    [InlineData("open until the graph answers, 100k x 384, killed before, compiled as it runs", "x PGlite", 20, 100)]
    [InlineData("open until the graph answers, 100k x 384, closed before, compiled ahead of time", "x PGlite", 50, 300)]
    [InlineData("open until the graph answers, 100k x 384, killed before, compiled ahead of time", "x PGlite", 20, 100)]
    [InlineData("open alone, 100k x 384 without graph, closed before, compiled as it runs", "ms", 30, 30)]
    [InlineData("open alone, 100k x 384 without graph, killed before, compiled as it runs", "ms", 100, 100)]
    [InlineData("open alone, 100k x 384 without graph, closed before, compiled ahead of time", "ms", 30, 30)]
    [InlineData("open alone, 100k x 384 without graph, killed before, compiled ahead of time", "ms", 100, 100)]
    [InlineData("open alone, 1M memories without embeddings", "ms", 1000, 1000)]
    [InlineData("resident memory, 10k x 384", "x PGlite", 0.3, 0.15)]
    public void Every_promise_is_a_target(string name, string unit, double must, double aim)
    {
        var target = Assert.Single(SuiteCatalog.All.SelectMany(suite => suite.Targets), one => one.Name == name && one.Unit == unit);

        Assert.Equal((must, aim), (target.Must, target.Aim));
        // The better side of a line is the one that the aim lies on.
        if (must != aim) Assert.Equal(aim < must, target.IsCeiling);
    }

    [Fact]
    public void A_target_that_names_a_size_is_filled_by_no_other() => Assert.All(
        from target in SuiteCatalog.All.SelectMany(suite => suite.Targets)
        from size in new[] { (Name: "100k", Rows: 100_000L), (Name: "1M", Rows: 1_000_000L) }
        where target.Name.Contains(size.Name, StringComparison.Ordinal)
        select (target, size.Rows),
        named => Assert.Equal(named.Rows, named.target.Stored));

    [Fact]
    public void Every_engine_has_a_role() => Assert.All(
        EngineCatalog.All, engine => Assert.True(engine is IStoreEngine or IVectorEngine or ITurnEngine or IOpenEngine or ICallEngine, engine.Name));

    [Fact]
    public void Every_engine_is_in_the_readme()
    {
        var readme = File.ReadAllText(Path.Combine(Repository.Root, "benchmarks", "ElizaEngine.Comparison", "README.md"));

        Assert.All(EngineCatalog.All, engine => Assert.Contains($"`{engine.Name}`", readme, StringComparison.Ordinal));
        Assert.All(SuiteCatalog.All, suite => Assert.Contains($"`{suite.Name}`", readme, StringComparison.Ordinal));
    }
}
