using System.Buffers.Binary;
using System.IO.Hashing;
using ElizaEngine.Storage;
using Xunit;

namespace ElizaEngine.Local.Tests;

/// <summary>
/// Files of a version that is not known here, each with the checksums that belong to it: everything that would read or write them refuses,
/// says what to do, and changes nothing. Side files are made anew instead.
/// </summary>
public sealed class FormatVersionTests
{
    private static readonly Guid s_agent = Guid.Parse("aaaaaaaa-0000-4000-8000-000000000001");

    public static TheoryData<string, int, uint, string> Versions => new()
    {
        { "manifest", 2, 0, "2.0 with features 0x0" },
        { "manifest", 1, 0x8000_0001, "1.0 with features 0x80000001" },
        { "manifest", 0, 0, "0.0 with features 0x0" },
        { "log file", 2, 0, "2.0 with features 0x0" },
        { "log file", 1, 2, "1.0 with features 0x2" },
        { "log file", 0, 0, "0.0 with features 0x0" },
    };

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task It_is_refused_by_every_call_and_nothing_is_changed(string kind, int major, uint features, string found)
    {
        using var folder = new TestFolder();
        var file = await MakeAsync(folder, kind, major, minor: 0, features);
        var before = Snapshot(folder.Data);
        Func<Task>[] calls =
        [
            folder.OpenAsync,
            () => LocalDatabase.VerifyDirectoryAsync(folder.Data),
            () => LocalDatabase.RepairAsync(folder.Data),
            () => LocalDatabase.RepairAsync(folder.Data, acceptLoss: true),
            () => LocalDatabase.RestoreAsync(folder.Data, folder.In("restored")),
        ];
        foreach (var call in calls)
        {
            var error = await Assert.ThrowsAsync<UnsupportedFormatException>(call);
            Assert.Contains($"{file} has format {found}; this version reads 1.x with no features but 0x1. Nothing was changed. ", error.Message, StringComparison.Ordinal);
            Assert.EndsWith(major == 0 ? "only the version that wrote it reads it." : "Upgrade ElizaEngine: the version that wrote it reads it, and so does every later one.", error.Message, StringComparison.Ordinal);
            Assert.Equal(before, Snapshot(folder.Data));
        }

        Assert.False(System.IO.Directory.Exists(folder.In("restored")) && System.IO.Directory.GetFiles(folder.In("restored"), "MANIFEST-*").Length > 0);
    }

    [Fact]
    public async Task A_backup_of_such_a_version_is_not_renewed()
    {
        using var folder = new TestFolder();
        await using var database = await folder.OpenAsync();
        await WriteAsync(database);
        await database.BackupAsync(folder.In("backup"));
        await ChangeManifestAsync(Newest(folder.In("backup"), "MANIFEST-*"), 2, 0, 0);
        var before = Snapshot(folder.In("backup"));
        await WriteAsync(database);
        await Assert.ThrowsAsync<UnsupportedFormatException>(() => database.BackupAsync(folder.In("backup")));
        Assert.Equal(before, Snapshot(folder.In("backup")));
        // Another place is as good as ever.
        await database.BackupAsync(folder.In("another"));
    }

    [Theory]
    [InlineData("manifest")]
    [InlineData("log file")]
    public async Task Any_minor_is_read(string kind)
    {
        using var folder = new TestFolder();
        await MakeAsync(folder, kind, major: 1, minor: 7, features: 0);
        Assert.True((await LocalDatabase.VerifyDirectoryAsync(folder.Data)).IsSound);
        await using var database = await folder.OpenAsync();
        Assert.Equal(3, await database.ForAgent(s_agent).CountMemoriesAsync(new MemoryQuery("messages")));
    }

    [Theory]
    [InlineData(2, 0, 0u)]
    [InlineData(1, 1, 0u)]
    [InlineData(1, 0, 1u)]
    public async Task An_index_file_of_another_version_is_made_anew(int major, int minor, uint features)
    {
        using var folder = new TestFolder();
        await using (var database = await OpenIndexedAsync(folder.Data)) await WriteAsync(database);
        var index = Newest(folder.Data, "*.idx");
        var bytes = await File.ReadAllBytesAsync(index, TestContext.Current.CancellationToken);
        var other = bytes.ToArray();
        Version(other, major, minor, features);
        BinaryPrimitives.WriteUInt32LittleEndian(other.AsSpan(92), Crc32C.Compute(other.AsSpan(0, 92)));
        await File.WriteAllBytesAsync(index, other, TestContext.Current.CancellationToken);
        await using (var database = await OpenIndexedAsync(folder.Data))
        {
            Assert.Equal(0, database.OpenReport.IndexFiles);
            Assert.Equal(3, await database.ForAgent(s_agent).CountMemoriesAsync(new MemoryQuery("messages")));
        }

        Assert.Equal(bytes, await File.ReadAllBytesAsync(index, TestContext.Current.CancellationToken));
    }

    /// <summary>The checksum is wrong, so nobody wrote that; repair may mend it.</summary>
    [Fact]
    public async Task A_log_file_whose_version_was_changed_on_the_disk_is_damaged()
    {
        using var folder = new TestFolder();
        await using (var database = await folder.OpenAsync()) await WriteAsync(database);
        var log = Path.Combine(folder.Data, FileNames.Log(1));
        var bytes = await File.ReadAllBytesAsync(log, TestContext.Current.CancellationToken);
        bytes[8] ^= 2;
        await File.WriteAllBytesAsync(log, bytes, TestContext.Current.CancellationToken);
        var before = Snapshot(folder.Data);
        Func<Task>[] calls = [folder.OpenAsync, () => LocalDatabase.RestoreAsync(folder.Data, folder.In("restored"))];
        foreach (var call in calls)
        {
            var error = await Assert.ThrowsAsync<CorruptDataException>(call);
            Assert.Equal((FileNames.Log(1), 76), (error.File, error.Offset));
            Assert.Equal(before, Snapshot(folder.Data));
        }

        var finding = Assert.Single((await LocalDatabase.VerifyDirectoryAsync(folder.Data)).Findings);
        Assert.Equal((FileNames.Log(1), 76), (finding.File, finding.Offset));
        Assert.Empty((await LocalDatabase.RepairAsync(folder.Data, acceptLoss: true)).Losses);
        await using var repaired = await folder.OpenAsync();
        Assert.Equal(3, await repaired.ForAgent(s_agent).CountMemoriesAsync(new MemoryQuery("messages")));
    }

    /// <summary>The story: one bit, and opening, verifying and repairing asked for a newer version that there is not.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_manifest_whose_version_was_changed_on_the_disk_is_damaged(bool isNewest)
    {
        using var folder = new TestFolder();
        await using (var database = await folder.OpenAsync()) await WriteAsync(database);
        var manifests = System.IO.Directory.GetFiles(folder.Data, "MANIFEST-*").Order(StringComparer.Ordinal).ToArray();
        Assert.Equal(2, manifests.Length);
        var manifest = manifests[isNewest ? 1 : 0];
        var bytes = await File.ReadAllBytesAsync(manifest, TestContext.Current.CancellationToken);
        bytes[8] ^= 2;
        await File.WriteAllBytesAsync(manifest, bytes, TestContext.Current.CancellationToken);
        if (isNewest)
            Assert.Equal(Path.GetFileName(manifest), (await Assert.ThrowsAsync<CorruptDataException>(folder.OpenAsync)).File);

        Assert.Equal(!isNewest, (await LocalDatabase.VerifyDirectoryAsync(folder.Data)).IsSound);
        Assert.Empty((await LocalDatabase.RepairAsync(folder.Data, acceptLoss: true)).Losses);
        await using var repaired = await folder.OpenAsync();
        Assert.Equal(3, await repaired.ForAgent(s_agent).CountMemoriesAsync(new MemoryQuery("messages")));
    }

    [Fact]
    public async Task Names_that_the_format_does_not_know_are_left_alone()
    {
        using var folder = new TestFolder();
        await using (var database = await folder.OpenAsync()) await WriteAsync(database);
        var strange = Path.Combine(folder.Data, "graph-of-a-later-version");
        await File.WriteAllTextAsync(strange, "?", TestContext.Current.CancellationToken);
        Assert.True((await LocalDatabase.VerifyDirectoryAsync(folder.Data)).IsSound);
        await using (var database = await folder.OpenAsync())
        {
            await database.CompactAsync();
            await database.BackupAsync(folder.In("backup"));
        }

        Assert.True(File.Exists(strange));
        Assert.False(File.Exists(Path.Combine(folder.In("backup"), Path.GetFileName(strange))));
    }

    /// <summary>A database, one file of which is of another version, sealed as that version would.</summary>
    private static async Task<string> MakeAsync(TestFolder folder, string kind, int major, int minor, uint features)
    {
        await using (var database = await folder.OpenAsync()) await WriteAsync(database);
        if (kind == "manifest")
        {
            var manifest = Newest(folder.Data, "MANIFEST-*");
            await ChangeManifestAsync(manifest, major, minor, features);
            return Path.GetFileName(manifest);
        }

        var log = Path.Combine(folder.Data, FileNames.Log(1));
        var bytes = await File.ReadAllBytesAsync(log, TestContext.Current.CancellationToken);
        Version(bytes, major, minor, features);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(76), Crc32C.Compute(bytes.AsSpan(0, 76)));
        await File.WriteAllBytesAsync(log, bytes, TestContext.Current.CancellationToken);
        return Path.GetFileName(log);
    }

    private static async Task ChangeManifestAsync(string manifest, int major, int minor, uint features)
    {
        var bytes = await File.ReadAllBytesAsync(manifest, TestContext.Current.CancellationToken);
        Version(bytes, major, minor, features);
        var generation = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(32));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(bytes.Length - 8), XxHash3.HashToUInt64(bytes.AsSpan(0, bytes.Length - 8), generation));
        await File.WriteAllBytesAsync(manifest, bytes, TestContext.Current.CancellationToken);
    }

    private static void Version(Span<byte> file, int major, int minor, uint features)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(file[8..], (ushort)major);
        BinaryPrimitives.WriteUInt16LittleEndian(file[10..], (ushort)minor);
        BinaryPrimitives.WriteUInt32LittleEndian(file[12..], features);
    }

    private static async Task WriteAsync(LocalDatabase database)
    {
        var adapter = database.ForAgent(s_agent);
        await adapter.CreateAgentsAsync([new Agent { Id = s_agent, Name = "agent" }]);
        for (var i = 0; i < 3; i++) await adapter.CreateMemoryAsync(new Memory { Content = Content.FromText($"memory {i}") }, "messages");
    }

    private static Task<LocalDatabase> OpenIndexedAsync(string directory) =>
        LocalDatabase.OpenAsync(new LocalDatabaseOptions { Directory = directory }, PosixFileSystem.Instance, static log => log with { IndexMinBytes = 0 });

    private static string Newest(string directory, string pattern) => System.IO.Directory.GetFiles(directory, pattern).Max(StringComparer.Ordinal)!;

    private static Dictionary<string, string> Snapshot(string directory) => System.IO.Directory.GetFiles(directory)
        .Where(static file => Path.GetFileName(file) != FileNames.Lock)
        .ToDictionary(static file => Path.GetFileName(file), static file => Convert.ToHexString(File.ReadAllBytes(file)));
}
