using System.Globalization;
using System.Text;
using ElizaEngine.Local.Tests.Codecs;
using ElizaEngine.Storage;
using Xunit;

namespace ElizaEngine.Local.Tests.Maintenance;

/// <summary>Large log bodies are compressed when they are compacted, and nobody who reads them can tell.</summary>
public sealed class CompressedLogsTests
{
    private const int Entries = 60;

    private static readonly Guid s_agent = Guid.Parse("aaaaaaaa-0000-4000-8000-000000000001");

    [Fact]
    public async Task Compaction_makes_the_log_smaller_and_every_entry_reads_as_before()
    {
        using var folder = new TestFolder();
        string expected;
        await using (var database = await OpenAsync(folder.Data))
        {
            await FillAsync(database);
            expected = await ReadAsync(database);
            var report = await database.CompactAsync();
            Assert.True(report.BytesAfter < report.BytesBefore / 2, $"{report}");
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"      {Entries} log bodies of 8 to 38 KB: {report.BytesBefore} bytes of log files before compaction, {report.BytesAfter} after"));
            // Rows know the old places; the cache still has the entries.
            Assert.Equal(expected, await ReadAsync(database));
            Assert.Empty((await database.VerifyAsync()).Findings);
            await database.CompactAsync();
            Assert.Equal(expected, await ReadAsync(database));
        }

        Assert.Empty((await LocalDatabase.VerifyDirectoryAsync(folder.Data)).Findings);
        Assert.DoesNotContain("remembers the garden", await BytesAsync(folder.Data), StringComparison.Ordinal);
        // With index files, and without.
        await using (var database = await OpenAsync(folder.Data))
        {
            Assert.True(database.OpenReport.IndexFiles > 0);
            Assert.Equal(expected, await ReadAsync(database));
        }

        foreach (var index in System.IO.Directory.GetFiles(folder.Data, "*.idx")) File.Delete(index);
        await using (var database = await OpenAsync(folder.Data)) Assert.Equal(expected, await ReadAsync(database));
    }

    [Fact]
    public async Task Backup_restore_retention_and_deletes_know_them()
    {
        using var folder = new TestFolder();
        await using var database = await OpenAsync(folder.Data);
        await FillAsync(database);
        await database.CompactAsync();
        var adapter = database.ForAgent(s_agent);
        await database.BackupAsync(folder.In("backup"));
        await LocalDatabase.RestoreAsync(folder.In("backup"), folder.In("restored"));
        await using (var restored = await OpenAsync(folder.In("restored"))) Assert.Equal(await ReadAsync(database), await ReadAsync(restored));

        // Bytes are those of the JSON, not of what lies on the disk.
        var newest = (await adapter.GetLogsAsync(new LogQuery { Count = 2 })).Sum(static entry => (long)entry.Body.Json.Utf8.Length);
        Assert.Equal(Entries - 2, await adapter.TrimLogsAsync(new LogRetention { MaxBytes = newest }));
        await database.CompactAsync();
        Assert.Equal(2, await adapter.CountLogsAsync(new LogQuery()));
        await adapter.DeleteLogsAsync([.. (await adapter.GetLogsAsync(new LogQuery())).Select(static entry => entry.Id)]);
        await database.CompactAsync();
        Assert.Equal(0, await adapter.CountLogsAsync(new LogQuery()));
        Assert.Empty((await database.VerifyAsync()).Findings);
    }

    [Fact]
    public async Task A_damaged_one_is_reported_by_its_read_named_by_repair_and_lost_alone()
    {
        using var folder = new TestFolder();
        await using (var database = await OpenAsync(folder.Data))
        {
            await FillAsync(database);
            await database.CompactAsync();
        }

        var id = IdOf(Entries / 2);
        var damaged = await DamageAsync(folder.Data, id);
        await using (var database = await OpenAsync(folder.Data))
        {
            var error = await Assert.ThrowsAsync<CorruptDataException>(() => ReadAsync(database));
            Assert.Equal(damaged, error.File);
        }

        Assert.NotEmpty((await LocalDatabase.VerifyDirectoryAsync(folder.Data)).Findings);
        var plan = await LocalDatabase.RepairAsync(folder.Data);
        var lost = Assert.Single(plan.Losses);
        Assert.Equal(("log entry", id.ToString("D")), (lost.What, lost.Key));
        await LocalDatabase.RepairAsync(folder.Data, acceptLoss: true);
        await using var repaired = await OpenAsync(folder.Data);
        var entries = await repaired.ForAgent(s_agent).GetLogsAsync(new LogQuery { Count = 1000 });
        Assert.Equal(Entries - 1, entries.Count);
        Assert.DoesNotContain(entries, entry => entry.Id == id);
    }

    private static Task<LocalDatabase> OpenAsync(string directory) => LocalDatabase.OpenAsync(
        new LocalDatabaseOptions
        {
            Directory = directory,
            MaxLogFileBytes = 4 << 20,
            Durability = Durability.ProcessCrash,
            UpkeepInterval = Timeout.InfiniteTimeSpan,
            // Nearly every read decodes.
            RecordCacheBytes = 1,
        },
        PosixFileSystem.Instance,
        static log => log with { IndexMinBytes = 0 });

    private static Guid IdOf(int number) => new(number, 7, 0, [0x80, 0, 0, 0, 0, 0, 0, 1]);

    private static async Task FillAsync(LocalDatabase database)
    {
        var adapter = database.ForAgent(s_agent);
        await adapter.CreateAgentsAsync([new Agent { Id = s_agent, Name = "agent" }]);
        await adapter.CreateEntitiesAsync([new Entity { Id = IdOf(-1) }]);
        await adapter.CreateRoomsAsync([new Room { Id = IdOf(-2), Source = "test", Type = "GROUP" }]);
        for (var i = 0; i < Entries; i++)
        {
            await adapter.CreateLogsAsync(
            [
                new LogEntry
                {
                    Id = IdOf(i),
                    EntityId = IdOf(-1),
                    RoomId = IdOf(-2),
                    Type = "useModel:TEXT_LARGE",
                    CreatedAt = DateTimeOffset.UnixEpoch.AddSeconds(i),
                    Body = Samples.Prompt(8_000 + (i * 500)),
                },
            ]);
        }
    }

    private static async Task<string> ReadAsync(LocalDatabase database)
    {
        var text = new StringBuilder();
        foreach (var entry in await database.ForAgent(s_agent).GetLogsAsync(new LogQuery { Count = 1000 })) text.AppendLine($"{entry.Id} {entry.Type} {entry.CreatedAt:O} {entry.Body}");
        return text.ToString();
    }

    private static async Task<string> BytesAsync(string directory)
    {
        var text = new StringBuilder();
        foreach (var file in System.IO.Directory.GetFiles(directory)) text.Append(Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken)));
        return text.ToString();
    }

    // Changes a byte in the middle of a compressed body.
    private static async Task<string> DamageAsync(string directory, Guid id)
    {
        var key = id.ToByteArray(bigEndian: true);
        foreach (var path in System.IO.Directory.GetFiles(directory, "*.seg"))
        {
            var bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
            var place = bytes.AsSpan().IndexOf(key);
            if (place < 0) continue;
            bytes[place + 500] ^= 1;
            await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);
            return Path.GetFileName(path);
        }

        Assert.Fail("the entry is in no file");
        return "";
    }
}
