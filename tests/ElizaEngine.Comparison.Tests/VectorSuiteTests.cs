using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Engines;
using ElizaEngine.Comparison.Report;
using ElizaEngine.Comparison.Suites;
using Xunit;

namespace ElizaEngine.Comparison.Tests;

public sealed class VectorSuiteTests
{
    /// <summary>Below its hastiest search nobody knows how fast hnswlib is: beside that, our ratio is too good.</summary>
    [Theory]
    [InlineData(0.90, 0.90)]
    [InlineData(0.90, 0.97)]
    [InlineData(0.97, 0.90)]
    [InlineData(0.97, 0.97)]
    public void A_ratio_says_whose_speed_is_a_bound(double theirHastiest, double ourHastiest)
    {
        Rows rows = [];
        rows.Add([Point("hnswlib", 1, theirHastiest, 1_000), Point("hnswlib", 2, 0.995, 500), Point("local", 1, ourHastiest, 4_000), Point("local", 2, 0.995, 2_000)]);

        var note = VectorSuite.AtRecalls(rows, "local", "set").First().Note!;
        var reference = VectorSuite.AtRecalls(rows, "hnswlib", "set").First().Note!;

        Assert.Equal(theirHastiest > 0.95, note.Contains("; hnswlib's is a lower bound", StringComparison.Ordinal));
        Assert.Equal(ourHastiest > 0.95, note.Contains("; a lower bound", StringComparison.Ordinal));
        Assert.Equal(theirHastiest > 0.95 ? "read off its curve; 1.00 x hnswlib; a lower bound" : "read off its curve; 1.00 x hnswlib", reference);
    }

    /// <summary>A regression of our recall turned the row into "not run" and the target into "not measured".</summary>
    [Theory]
    [InlineData(0.97, 0.995, false, 0d, false)]
    [InlineData(0.97, 0.995, true, null, null)]
    [InlineData(0.97, 0.98, false, null, null)]
    [InlineData(0.995, 0.995, false, 4d, true)]
    [InlineData(null, 0.995, false, null, null)]
    public void A_recall_that_ours_does_not_reach_misses_its_target(
        double? ourBest, double theirBest, bool leftOut, double? measured, bool? met)
    {
        Rows rows = [];
        const string Set = VectorSet.Small;
        rows.Add([Point("hnswlib", 1, 0.90, 1_000, Set), Point("hnswlib", 2, theirBest, 500, Set)]);
        if (ourBest is { } best) rows.Add([Point("local", 1, 0.90, 4_000, Set), Point("local", 2, best, 2_000, Set)]);
        if (leftOut) rows.Add([SuiteTime.LeftOut(new Row("vectors", $"search {Set}", "from step 3", "local"))]);
        foreach (var engine in (string[])["hnswlib", "local"])
            rows.Add([.. VectorSuite.AtRecalls(rows, engine, Set).Select(row => row with { Stored = VectorSet.FullCount })]);

        var result = VectorTargets.All.Single(target => target.Name == "vector search, 100k x 384, recall@10 0.99, 1 thread").Check(rows);

        Assert.Equal(met, result.Met);
        if (measured is null) Assert.Null(result.Measured);
        else Assert.Equal(measured.Value, result.Measured!.Value, 0.01);
    }

    /// <summary>Ours takes as many threads as there are processors, and the reference as many as it is told.</summary>
    [Fact]
    public async Task Who_builds_on_three_threads_sees_three_processors()
    {
        var folder = Directory.CreateTempSubdirectory("eliza-build-").FullName;
        try
        {
            var time = await VectorChildren.BuildAsync(new LocalVectors(), folder, VectorSet.Small, 300, 3, withVectors: true, TestContext.Current.CancellationToken);

            Assert.True(time.IndexSeconds > 0);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The process that measures may be killed: it made its small index in the system's folder, and there it stayed.</summary>
    [Fact]
    public async Task The_small_index_lies_in_the_folder_that_is_given()
    {
        var folder = Directory.CreateTempSubdirectory("eliza-measure-");
        try
        {
            var (place, small) = (folder.CreateSubdirectory("place"), folder.CreateSubdirectory("small"));
            var set = await VectorSet.LoadAsync(VectorSet.Small, 300, 0, TestContext.Current.CancellationToken);
            await new LocalVectors().BuildAsync(place.FullName, new VectorBuild(set, new int[set.Count], 1));

            var memory = (VectorMemory)await new MeasureVectors().RunAsync(
                ["local", place.FullName, VectorSet.Small, "300", small.FullName]);

            Assert.True(memory.DiskBytes > 0);
            Assert.NotEmpty(small.EnumerateFiles("*", SearchOption.AllDirectories));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static Row Point(string engine, double x, double recall, double perSecond, string set = "set") =>
        new("vectors", $"search {set}", $"effort {x}", engine) { X = x, Recall = recall, PerSecond = perSecond };
}
