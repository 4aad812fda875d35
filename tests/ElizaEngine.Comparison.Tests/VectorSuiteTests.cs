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
        Assert.Equal(theirHastiest > 0.95 ? "1.00 x hnswlib; a lower bound" : "1.00 x hnswlib", reference);
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
