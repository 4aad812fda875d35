using ElizaEngine.Comparison.Report;
using Xunit;

namespace ElizaEngine.Comparison.Tests;

public sealed class DestinationTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("eliza-destination-").FullName;

    [Fact]
    public void Directories_that_are_missing_are_made()
    {
        Assert.Null(Destination.WhyNot(JsonAt("new", "r.json"), OutAt("other", "out")));

        Assert.True(Directory.Exists(Path.Combine(_directory, "new")));
        Assert.True(Directory.Exists(Path.Combine(_directory, "other", "out")));
    }

    [Fact]
    public void Nothing_asked_for_is_nothing_wrong() => Assert.Null(Destination.WhyNot(null, null));

    [Fact]
    public void What_is_there_stays_and_nothing_empty_is_left()
    {
        File.WriteAllText(Path.Combine(_directory, "r.json"), "{}");

        Assert.Null(Destination.WhyNot(JsonAt("r.json"), OutAt()));

        Assert.Equal("{}", File.ReadAllText(Path.Combine(_directory, "r.json")));
        Assert.Single(Directory.EnumerateFileSystemEntries(_directory));
    }

    [Fact]
    public void A_folder_where_a_file_is_meant_and_a_file_where_a_folder_is_meant_are_named()
    {
        File.WriteAllText(Path.Combine(_directory, "file"), "");
        Directory.CreateDirectory(Path.Combine(_directory, "folder", RunReport.TextName));

        Assert.Contains(Path.Combine(_directory, "folder"), Destination.WhyNot(JsonAt("folder"), null), StringComparison.Ordinal);
        Assert.Contains(Path.Combine(_directory, "file"), Destination.WhyNot(JsonAt("file", "r.json"), null), StringComparison.Ordinal);
        Assert.Contains(Path.Combine(_directory, "file"), Destination.WhyNot(null, OutAt("file")), StringComparison.Ordinal);
        Assert.Contains(RunReport.TextName, Destination.WhyNot(null, OutAt("folder")), StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private FileInfo JsonAt(params string[] path) => new(Path.Combine([_directory, .. path]));

    private DirectoryInfo OutAt(params string[] path) => new(Path.Combine([_directory, .. path]));
}
