using Xunit;

namespace ElizaEngine.Tidy;

/// <summary>The rules see the whole tree, with git and without.</summary>
public class SourceTreeTests
{
    [Fact]
    public void The_tree_is_read()
    {
        Assert.Contains("ElizaEngine.sln", SourceTree.This.Paths);
        SourceFile self = SourceTree.This.Files.Single(file => file.Path == "tests/ElizaEngine.Tidy.Tests/SourceTreeTests.cs");
        Assert.Contains("a word that stands here", self.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(SourceTree.This.Paths, path => path.StartsWith(".artifacts/", StringComparison.Ordinal));
    }

    [Fact]
    public void The_disk_alone_gives_every_tracked_file()
    {
        List<string> onDisk = SourceTree.PathsOnDisk(SourceTree.This.Root);

        Assert.Empty(SourceTree.This.Paths.Except(onDisk));
        Assert.DoesNotContain(onDisk, path => path.Contains("/obj/", StringComparison.Ordinal) || path == ".git");
    }
}
