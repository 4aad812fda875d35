using ElizaEngine.Comparison.Suites;
using Xunit;

namespace ElizaEngine.Comparison.Tests;

public sealed class StorageSuiteTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("eliza-storage-").FullName;

    /// <summary>Our lower level has no call that flushes, and its row stood beside those that are durable at the end as one of them.</summary>
    [Fact]
    public async Task A_load_that_is_not_durable_at_the_end_says_so()
    {
        await using var run = new Run(
            Size.Toy, _directory, new HashSet<string> { "local", "local-process-crash", "sqlite-normal" }, TextWriter.Null,
            TestContext.Current.CancellationToken);

        await StorageSuite.LoadAsync(run);

        Assert.Equal(
            [("local", null), ("local-process-crash", StorageSuite.NotDurable), ("sqlite-normal", null)],
            run.Rows.Where(row => row is { Workload: "load" }).Select(row => (row.Engine, row.Note)).Order());
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
