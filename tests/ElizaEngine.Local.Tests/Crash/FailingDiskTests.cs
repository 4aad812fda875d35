using ElizaEngine.Local.CrashWriter;
using Xunit;

namespace ElizaEngine.Local.Tests;

/// <summary>Real processes on a disk whose calls fail: a library is preloaded in front of the C library.</summary>
[Collection(nameof(ChildProcess))]
public sealed class FailingDiskTests
{
    private const int GoodWrites = 8;

    [Fact]
    public async Task A_failed_flush_leaves_the_write_in_doubt_refuses_later_ones_and_lets_reads_go_on()
    {
        using var folder = new TestFolder();
        var shim = await ChildProcess.CompileShimAsync("failing_fdatasync.c", folder);
        var trigger = folder.In("trigger");
        List<string> lines;
        using (var child = ChildProcess.Start(ChildProcess.Program, ["fail-flush", folder.Data, trigger], ("LD_PRELOAD", shim), ("FAIL_FDATASYNC_TRIGGER", trigger)))
            lines = await child.LinesAsync();

        Assert.Equal(
            [
                .. Enumerable.Range(0, GoodWrites).Select(i => $"write {i}: done"),
                $"write {GoodWrites}: CommitOutcomeUnknownException",
                $"write {GoodWrites + 1}: WritesRefusedException",
                "batch: WritesRefusedException",
                "transaction: WritesRefusedException",
                $"rows {GoodWrites}, search right",
                "read: done",
            ],
            lines);
        Assert.False(File.Exists(trigger));

        await using var database = await folder.OpenAsync();
        Assert.False(database.OpenReport.WasClean);
        var found = await TextsAsync(database);
        Assert.InRange(found.Count, GoodWrites, GoodWrites + 1); // Nobody can know about the one whose flush failed.
        Assert.Equal(Enumerable.Range(0, found.Count).Select(i => $"memory {i}"), found);
    }

    [Fact]
    public async Task A_full_disk_refuses_what_does_not_fit_until_there_is_room_again()
    {
        using var folder = new TestFolder();
        var shim = await ChildProcess.CompileShimAsync("full_disk.c", folder);
        var trigger = folder.In("trigger");
        List<string> lines;
        using (var child = ChildProcess.Start(ChildProcess.Program, ["fill", folder.Data, trigger], ("LD_PRELOAD", shim), ("FULL_DISK_TRIGGER", trigger)))
            lines = await child.LinesAsync();

        var written = lines.FindIndex(line => !line.EndsWith(": done", StringComparison.Ordinal));
        Assert.InRange(written, 10, 1000);
        Assert.Equal(
            [
                $"write {written}: DiskFullException",
                "batch: DiskFullException",
                $"rows {written}, search right",
                "read: done",
                "again: done",
            ],
            lines[written..]);

        await using var database = await folder.OpenAsync();
        Assert.True(database.OpenReport.WasClean);
        Assert.Equal(Enumerable.Range(0, written + 1).Select(i => $"memory {i}"), await TextsAsync(database));
    }

    [Fact]
    public async Task A_directory_on_a_full_disk_is_not_opened_and_is_opened_when_there_is_room()
    {
        using var folder = new TestFolder();
        var shim = await ChildProcess.CompileShimAsync("full_disk.c", folder);
        var trigger = folder.In("trigger");
        await File.WriteAllTextAsync(trigger, "");
        using (var child = ChildProcess.Start(ChildProcess.Program, ["open", folder.Data], ("LD_PRELOAD", shim), ("FULL_DISK_TRIGGER", trigger)))
            Assert.StartsWith("DiskFullException: ", await child.LineAsync(), StringComparison.Ordinal);
        await using var database = await folder.OpenAsync();
        Assert.True(database.OpenReport.IsNew);
    }

    private static async Task<List<string>> TextsAsync(LocalDatabase database)
    {
        var rows = await database.ForAgent(Script.AgentId).GetMemoriesAsync(new MemoryQuery("messages") { RoomId = Script.RoomOf(0) });
        return [.. rows.Select(row => row.Content.Text!).OrderBy(text => int.Parse(text["memory ".Length..]))];
    }
}
