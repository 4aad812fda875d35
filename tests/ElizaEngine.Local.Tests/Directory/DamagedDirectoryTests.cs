using System.Buffers.Binary;
using System.IO.Hashing;
using ElizaEngine.Storage;
using Xunit;

namespace ElizaEngine.Local.Tests;

/// <summary>What opening says of a database whose bytes are not what was written. Offsets and magics are those of FORMAT.md.</summary>
public sealed class DamagedDirectoryTests
{
    private const int FirstFrame = 4096;
    private const int Block = 4096;
    private static readonly Guid s_agent = Guid.Parse("aaaaaaaa-0000-4000-8000-000000000001");

    [Fact]
    public async Task Damage_in_the_middle_is_refused_with_file_offset_and_sequence_and_nothing_is_changed()
    {
        using var folder = new TestFolder();
        await CrashedAsync(folder);
        var log = NewestLog(folder.Data);
        await ChangeAsync(log, bytes => bytes[FirstFrame + Block + 60] ^= 1);
        var before = Snapshot(folder.Data);
        var error = await Assert.ThrowsAsync<CorruptDataException>(folder.OpenAsync);
        Assert.Equal((Path.GetFileName(log), FirstFrame + Block, (ulong)Block), (error.File, error.Offset, error.Sequence));
        AssertUnchanged(before, folder.Data);
        await Assert.ThrowsAsync<CorruptDataException>(folder.OpenAsync); // The lock was let go.
    }

    [Fact]
    public async Task Any_damage_after_a_clean_close_is_refused_the_last_write_too()
    {
        using var folder = new TestFolder();
        await using (var database = await folder.OpenAsync()) await WriteAsync(database);
        var log = NewestLog(folder.Data);
        var whole = await File.ReadAllBytesAsync(log);
        for (var frame = FirstFrame; frame < EndOf(whole); frame += Block)
        {
            var position = frame + 60;
            await ChangeAsync(log, bytes => bytes[position] ^= 1);
            var before = Snapshot(folder.Data);
            var error = await Assert.ThrowsAsync<CorruptDataException>(folder.OpenAsync);
            Assert.Equal((Path.GetFileName(log), (long)frame, (ulong)(frame - FirstFrame)), (error.File, error.Offset, error.Sequence));
            AssertUnchanged(before, folder.Data);
            await ChangeAsync(log, bytes => bytes[position] ^= 1);
        }
        await using var repaired = await folder.OpenAsync();
        Assert.Equal(5, (await repaired.ForAgent(s_agent).GetMemoriesAsync(new MemoryQuery("messages"))).Count);
    }

    [Fact]
    public async Task A_torn_tail_is_cut_kept_and_reported()
    {
        using var folder = new TestFolder();
        await CrashedAsync(folder);
        var log = NewestLog(folder.Data);
        var end = EndOf(await File.ReadAllBytesAsync(log));
        var last = FirstFrame + ((end - FirstFrame - 1) / Block * Block);
        await ChangeAsync(log, bytes => bytes.AsSpan(last + 100).Clear());
        var torn = await File.ReadAllBytesAsync(log);
        await using (var database = await folder.OpenAsync())
        {
            Assert.False(database.OpenReport.WasClean);
            var kept = Assert.Single(database.OpenReport.KeptTails);
            Assert.StartsWith(folder.Data, kept, StringComparison.Ordinal);
            var bytes = await File.ReadAllBytesAsync(kept);
            Assert.Equal(database.OpenReport.CutBytes, bytes.Length);
            Assert.Equal(torn.AsSpan(last, bytes.Length).ToArray(), bytes);
            Assert.Equal(["0", "1", "2", "3"], await TextsAsync(database));
            await database.ForAgent(s_agent).CreateMemoryAsync(new Memory { Content = Content.FromText("4 again") }, "messages");
        }
        await using var again = await folder.OpenAsync();
        Assert.Equal(["0", "1", "2", "3", "4 again"], await TextsAsync(again));
        Assert.Empty(again.OpenReport.KeptTails);
        Assert.Single(System.IO.Directory.GetFiles(Path.Combine(folder.Data, "lost+found")));
    }

    [Theory]
    [InlineData("MANIFEST-", 8)]
    [InlineData("log-", 8)]
    public async Task A_newer_format_is_refused_and_nothing_is_changed(string prefix, int versionOffset)
    {
        using var folder = new TestFolder();
        await using (var database = await folder.OpenAsync()) await WriteAsync(database);
        var file = System.IO.Directory.GetFiles(folder.Data, prefix + "*").Max(StringComparer.Ordinal)!;
        // Whatever else a newer version changes: magic, version and the checksum over them stay what and where they are.
        await ChangeAsync(file, bytes =>
        {
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(versionOffset), 9);
            if (prefix == "log-")
                BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(76), Crc32C.Compute(bytes.AsSpan(0, 76)));
            else
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(bytes.Length - 8),
                    XxHash3.HashToUInt64(bytes.AsSpan(0, bytes.Length - 8), BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(32))));
        });
        var before = Snapshot(folder.Data);
        var error = await Assert.ThrowsAsync<UnsupportedFormatException>(folder.OpenAsync);
        Assert.Contains("9.", error.Message, StringComparison.Ordinal);
        Assert.Contains(Path.GetFileName(file), error.Message, StringComparison.Ordinal);
        AssertUnchanged(before, folder.Data);
    }

    [Fact]
    public async Task A_missing_log_file_or_manifest_is_refused()
    {
        using var folder = new TestFolder();
        await using (var database = await folder.OpenAsync()) await WriteAsync(database);
        var log = NewestLog(folder.Data);
        File.Move(log, folder.In("log"));
        Assert.Equal(Path.GetFileName(log), (await Assert.ThrowsAsync<CorruptDataException>(folder.OpenAsync)).File);
        File.Move(folder.In("log"), log);
        foreach (var manifest in System.IO.Directory.GetFiles(folder.Data, "MANIFEST-*")) File.Delete(manifest);
        await Assert.ThrowsAsync<ForeignDirectoryException>(folder.OpenAsync);
    }

    [Fact]
    public async Task An_empty_or_short_manifest_is_refused_as_damage()
    {
        using var folder = new TestFolder();
        await using (var database = await folder.OpenAsync()) await WriteAsync(database);
        var manifest = System.IO.Directory.GetFiles(folder.Data, "MANIFEST-*").Max(StringComparer.Ordinal)!;
        var whole = await File.ReadAllBytesAsync(manifest);
        foreach (var length in (int[])[0, 1, 8, 50, whole.Length - 1])
        {
            await ChangeAsync(manifest, whole[..length]);
            Assert.Equal(Path.GetFileName(manifest), (await Assert.ThrowsAsync<CorruptDataException>(folder.OpenAsync)).File);
        }
    }

    /// <summary>Five writes at the power loss level, then the files as a killed process leaves them.</summary>
    private static async Task CrashedAsync(TestFolder folder)
    {
        await using var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions { Directory = folder.In("alive") });
        // The next log file is prepared in the background, and its manifest says what is durable then: before the writes, nothing.
        await database.BackgroundWork;
        Assert.Equal(2, database.GetStatistics().Files);
        await WriteAsync(database);
        TestFolder.Copy(folder.In("alive"), folder.Data);
    }

    private static async Task WriteAsync(LocalDatabase database)
    {
        var adapter = database.ForAgent(s_agent);
        await adapter.CreateAgentAsync(new Agent { Id = s_agent, Name = "Ada" });
        for (var i = 0; i < 5; i++) await adapter.CreateMemoryAsync(new Memory { Content = Content.FromText($"{i}") }, "messages");
    }

    private static async Task<List<string>> TextsAsync(LocalDatabase database)
    {
        var rows = await database.ForAgent(s_agent).GetMemoriesAsync(new MemoryQuery("messages"));
        return [.. rows.Select(row => row.Content.Text!).Order(StringComparer.Ordinal)];
    }

    /// <summary>The log file that holds frames.</summary>
    private static string NewestLog(string directory) =>
        System.IO.Directory.GetFiles(directory, "log-*.seg").Order(StringComparer.Ordinal).Last(file => File.ReadAllBytes(file).AsSpan(FirstFrame).ContainsAnyExcept((byte)0));

    private static int EndOf(byte[] log) => log.AsSpan().LastIndexOfAnyExcept((byte)0) + 1;

    private static async Task ChangeAsync(string file, Action<byte[]> change)
    {
        var bytes = await File.ReadAllBytesAsync(file);
        change(bytes);
        await ChangeAsync(file, bytes);
    }

    private static async Task ChangeAsync(string file, byte[] bytes)
    {
        await using var stream = new FileStream(file, FileMode.Create);
        await stream.WriteAsync(bytes);
    }

    private static Dictionary<string, byte[]> Snapshot(string directory) =>
        System.IO.Directory.GetFiles(directory, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith("/LOCK", StringComparison.Ordinal)).ToDictionary(file => file, File.ReadAllBytes);

    private static void AssertUnchanged(Dictionary<string, byte[]> before, string directory)
    {
        var after = Snapshot(directory);
        Assert.Equal(before.Keys.Order(StringComparer.Ordinal), after.Keys.Order(StringComparer.Ordinal));
        Assert.All(before, file => Assert.Equal(file.Value, after[file.Key]));
    }
}
