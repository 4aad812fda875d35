using System.Globalization;
using Xunit;

namespace ElizaEngine.Local.Tests;

/// <summary>
/// The n-th real call of a process fails, for every n, while it writes rows and index files, compacts and closes: a library is preloaded in
/// front of the C library. What was acknowledged is there afterwards, and nothing else.
/// </summary>
[Trait("Stage", "SIGKILL")]
public sealed class FailingCallsTests
{
    [Theory]
    [InlineData("pwrite", "EIO")]
    [InlineData("pwrite", "ENOSPC")]
    [InlineData("pwrite", "short")]
    [InlineData("sync_file_range", "EIO")]
    [InlineData("sync_file_range", "ENOSPC")]
    [InlineData("fdatasync", "EIO")]
    [InlineData("fsync", "EIO")]
    public async Task Whichever_call_fails_nothing_acknowledged_is_lost(string call, string how)
    {
        using var folder = new TestFolder();
        var shim = await ChildProcess.CompileShimAsync("failing_call.c", folder);
        var trigger = folder.In("trigger");
        List<string> lines;
        string errors;
        using (var child = ChildProcess.Start(
            ChildProcess.Program,
            ["fail-calls", folder.Data, trigger],
            ("LD_PRELOAD", shim),
            ("FAIL_CALL", call),
            ("FAIL_HOW", how),
            ("FAIL_TRIGGER", trigger),
            ("FAIL_DIRECTORY", folder.Data)))
        {
            lines = await child.LinesAsync();
            errors = child.Errors;
        }

        var all = lines.Select(line => line.Split('\t')).ToList();
        Assert.True(all.Count > 0 && all[^1] is [_, "untouched", "nothing", "right"], $"it ended with {lines.LastOrDefault()} and {errors}");
        Assert.Equal(Enumerable.Range(1, all.Count).Select(number => number.ToString(CultureInfo.InvariantCulture)), all.Select(line => line[0]));
        Assert.All(all, line => Assert.DoesNotContain("WRONG", line[2], StringComparison.Ordinal));
        Assert.All(all, line => Assert.Equal("right", line[3]));
        // The failures were where they were meant to be.
        var files = all.SkipLast(1).GroupBy(line => KindOf(line[1])).ToDictionary(kind => kind.Key, kind => kind.Count());
        Console.WriteLine($"      {call} {how}: {all.Count - 1} calls failed, on {string.Join(", ", files.OrderBy(kind => kind.Key, StringComparer.Ordinal).Select(kind => $"{kind.Value} of {kind.Key}"))}");
        // Index files are made anew when they are not whole: nobody waits for their bytes.
        string[] wanted = call switch { "fsync" => ["directory"], "sync_file_range" => ["log"], "fdatasync" => ["log", "manifest"], _ => ["index", "log", "manifest"] };
        Assert.All(wanted, kind => Assert.True(files.ContainsKey(kind), $"no {kind} met a failure"));
        Assert.True(how == "short" || call is "fsync" or "sync_file_range" || all.Any(line => line[2].Contains("compact ", StringComparison.Ordinal)), "no compaction met a failure");
    }

    private static string KindOf(string file) => file switch
    {
        "." => "directory",
        _ when file.Contains("idx", StringComparison.OrdinalIgnoreCase) || file.Contains("index", StringComparison.OrdinalIgnoreCase) => "index",
        _ when file.StartsWith("MANIFEST", StringComparison.OrdinalIgnoreCase) => "manifest",
        _ => "log",
    };
}
