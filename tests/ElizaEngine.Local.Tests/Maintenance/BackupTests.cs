using System.Collections.Concurrent;
using Xunit;

namespace ElizaEngine.Local.Tests.Maintenance;

public sealed class BackupTests
{
    private static readonly Guid s_agent = Guid.Parse("aaaaaaaa-0000-4000-8000-000000000001");

    [Fact]
    public async Task A_backup_under_writers_holds_everything_that_was_acknowledged_before_it_began()
    {
        using var folder = new TestFolder();
        await using var database = await OpenAsync(folder.Data);
        using var stop = new CancellationTokenSource();
        var acknowledged = new ConcurrentDictionary<Guid, int>();
        var submitted = new ConcurrentDictionary<Guid, int>();
        var writers = Enumerable.Range(0, 4).Select(writer => Task.Run(() => WriteAsync(writer))).ToList();
        for (var round = 0; round < 6; round++)
        {
            while (acknowledged.Count < (round + 1) * 150) await Task.Yield();
            var before = acknowledged.Keys.ToHashSet();
            var report = await database.BackupAsync(folder.In("backup"));
            Assert.True(report.Records >= before.Count);
            var verified = await LocalDatabase.VerifyDirectoryAsync(folder.In("backup"));
            Assert.Empty(verified.Findings);
            // A copy is opened: opened for writing, the backup itself could not be renewed.
            await LocalDatabase.RestoreAsync(folder.In("backup"), folder.In($"restored {round}"));
            await using var restored = await LocalDatabase.OpenAsync(new LocalDatabaseOptions { Directory = folder.In($"restored {round}") });
            var rows = await restored.ForAgent(s_agent).GetMemoriesAsync(new MemoryQuery("messages"));
            var found = rows.Select(row => row.Id).ToHashSet();
            Assert.Subset(found, before);
            Assert.All(rows, row => Assert.Equal($"text {submitted[row.Id]}", row.Content.Text));
            // A memory and its vector are one commit.
            Assert.All(rows, row => Assert.NotNull(row.Embedding));
        }

        await stop.CancelAsync();
        await Task.WhenAll(writers);

        async Task WriteAsync(int writer)
        {
            var adapter = database.ForAgent(s_agent);
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                var memory = new Memory { Id = Guid.NewGuid(), Content = Content.FromText($"text {i}"), Embedding = new float[] { writer + 1, i, 1 } };
                submitted[memory.Id] = i;
                await adapter.CreateMemoryAsync(memory, "messages");
                acknowledged[memory.Id] = i;
            }
        }
    }

    [Fact]
    public async Task Backup_compaction_and_close_at_once_end_and_leave_a_database_and_perhaps_a_backup()
    {
        using var folder = new TestFolder();
        for (var round = 0; round < 12; round++)
        {
            var database = await OpenAsync(folder.Data);
            await AddAsync(database, 100 * round, 100 * (round + 1));
            var (compacting, copying) = (database.CompactAsync(), database.BackupAsync(folder.In("backup")));
            for (var i = 0; i < round * 20; i++) await Task.Yield();
            await database.CloseAsync().WaitAsync(TimeSpan.FromSeconds(60));
            foreach (var call in (Task[])[compacting, copying])
            {
                if (await Record.ExceptionAsync(() => call.WaitAsync(TimeSpan.FromSeconds(60))) is { } error) Assert.IsType<DatabaseClosedException>(error);
            }

            var verified = await LocalDatabase.VerifyDirectoryAsync(folder.Data);
            Assert.Empty(verified.Findings);
            Assert.Equal(100 * (round + 1), await CountAsync(folder.Data));
            if (copying.IsCompletedSuccessfully) Assert.Empty((await LocalDatabase.VerifyDirectoryAsync(folder.In("backup"))).Findings);
        }
    }

    [Fact]
    public async Task Renewing_keeps_what_is_there_and_another_disk_has_copies()
    {
        using var folder = new TestFolder();
        await using var database = await OpenAsync(folder.Data);
        await AddAsync(database, 0, 300);
        var linked = await database.BackupAsync(folder.In("linked"));
        var copied = await database.BackupAsync(folder.In("copied"), new BackupOptions { CopyAll = true });
        Assert.True(linked.LinkedFiles > 0);
        Assert.Equal((0, copied.Files), (copied.LinkedFiles, copied.CopiedFiles));
        await AddAsync(database, 300, 600);
        var again = await database.BackupAsync(folder.In("copied"), new BackupOptions { CopyAll = true });
        Assert.True(again.KeptFiles >= copied.Files - 1);
        Assert.True(again.Files > copied.Files);
        Assert.True(again.Sequence > copied.Sequence);
        Assert.Equal(600, await CountAsync(folder.In("copied")));
        Assert.Equal(300, await CountAsync(folder.In("linked")));
    }

    [Fact]
    public async Task A_database_in_memory_can_be_backed_up_and_goes_on_from_there_on_a_disk()
    {
        using var folder = new TestFolder();
        await using var database = await OpenAsync(null);
        await AddAsync(database, 0, 50);
        Assert.Equal(0, (await database.BackupAsync(folder.In("backup"))).LinkedFiles);
        Assert.Equal(50, await CountAsync(folder.In("backup")));
    }

    [Fact]
    public async Task Progress_is_told_and_a_cancelled_backup_leaves_no_database()
    {
        using var folder = new TestFolder();
        await using var database = await OpenAsync(folder.Data);
        await AddAsync(database, 0, 100);
        var told = new List<MaintenanceProgress>();
        await database.BackupAsync(folder.In("backup"), new BackupOptions { Progress = new Told(told.Add) });
        Assert.Equal([MaintenanceStage.Copy, MaintenanceStage.Read], told.Select(step => step.Stage).Distinct());
        Assert.All(told, step => Assert.InRange(step.Done, 1, step.Total));
        using var cancel = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => database.BackupAsync(
            folder.In("other"), new BackupOptions { Progress = new Told(_ => cancel.Cancel()) }, cancel.Token));
        var error = await Assert.ThrowsAsync<ForeignDirectoryException>(() => OpenAsync(folder.In("other")));
        Assert.Contains("not completed", error.Message, StringComparison.Ordinal);
        await database.BackupAsync(folder.In("other"));
        Assert.Equal(100, await CountAsync(folder.In("other")));
    }

    [Fact]
    public async Task Every_refusal_has_a_type_of_its_own()
    {
        using var folder = new TestFolder();
        await using var database = await OpenAsync(folder.Data);
        await AddAsync(database, 0, 3);
        await Assert.ThrowsAsync<ArgumentNullException>(() => database.BackupAsync(null!));
        await Assert.ThrowsAsync<InvalidInputException>(() => database.BackupAsync(" "));
        await Assert.ThrowsAsync<InvalidInputException>(() => database.BackupAsync(folder.Data));
        await Assert.ThrowsAsync<InvalidInputException>(() => database.BackupAsync(Path.Combine(folder.Data, "backup")));
        await Assert.ThrowsAsync<InvalidInputException>(() => database.BackupAsync(Path.GetDirectoryName(folder.Data)!));
        System.IO.Directory.CreateDirectory(folder.In("pictures"));
        await File.WriteAllTextAsync(folder.In("pictures/holiday.jpg"), "x");
        Assert.Equal("holiday.jpg", (await Assert.ThrowsAsync<ForeignDirectoryException>(() => database.BackupAsync(folder.In("pictures")))).Evidence);
        await File.WriteAllTextAsync(folder.In("file"), "x");
        await Assert.ThrowsAsync<DirectoryAccessException>(() => database.BackupAsync(folder.In("file")));
        await using (var other = await OpenAsync(folder.In("other")))
        {
            await AddAsync(other, 0, 1);
            await Assert.ThrowsAsync<BackupRefusedException>(() => database.BackupAsync(folder.In("other")));
            await other.BackupAsync(folder.In("backup of other"));
            Assert.Contains("another database", (await Assert.ThrowsAsync<BackupRefusedException>(() => database.BackupAsync(folder.In("backup of other")))).Message, StringComparison.Ordinal);
            await Assert.ThrowsAsync<BackupRefusedException>(() => LocalDatabase.RestoreAsync(folder.In("other"), folder.In("new")));
        }
        await database.BackupAsync(folder.In("backup"));
        await using (await OpenAsync(folder.In("backup")))
            await Assert.ThrowsAsync<BackupRefusedException>(() => database.BackupAsync(folder.In("backup")));
        await Assert.ThrowsAsync<BackupRefusedException>(() => LocalDatabase.RestoreAsync(folder.In("backup"), folder.In("pictures")));
        await Assert.ThrowsAsync<BackupRefusedException>(() => LocalDatabase.RestoreAsync(folder.In("nowhere"), folder.In("new")));
        await Assert.ThrowsAsync<ForeignDirectoryException>(() => LocalDatabase.RestoreAsync(folder.In("pictures"), folder.In("new")));
        await Assert.ThrowsAsync<InvalidInputException>(() => LocalDatabase.RestoreAsync("", folder.In("new")));
        Assert.False(System.IO.Directory.Exists(folder.In("new")));
        await database.CloseAsync();
        await Assert.ThrowsAsync<DatabaseClosedException>(() => database.BackupAsync(folder.In("late")));
    }

    [Fact]
    public async Task Closing_waits_for_a_backup_under_way()
    {
        using var folder = new TestFolder();
        var database = await OpenAsync(folder.Data);
        await AddAsync(database, 0, 100);
        Task? closing = null;
        var backup = database.BackupAsync(folder.In("backup"), new BackupOptions { Progress = new Told(_ => closing ??= database.CloseAsync()) });
        Assert.Equal(100, (await backup).Records - 1);
        await closing!;
        Assert.Equal(100, await CountAsync(folder.In("backup")));
    }

    internal static async Task<LocalDatabase> OpenAsync(string? directory)
    {
        var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions { Directory = directory, MaxLogFileBytes = 128 << 10 });
        if (database.OpenReport.IsNew) await database.ForAgent(s_agent).CreateAgentAsync(new Agent { Id = s_agent, Name = "Ada" });
        return database;
    }

    internal static async Task AddAsync(LocalDatabase database, int from, int to)
    {
        var adapter = database.ForAgent(s_agent);
        for (var i = from; i < to; i++) await adapter.CreateMemoryAsync(new Memory { Content = Content.FromText($"{i}") }, "messages");
    }

    private static async Task<int> CountAsync(string directory)
    {
        await using var database = await OpenAsync(directory);
        return await database.ForAgent(s_agent).CountMemoriesAsync(new MemoryQuery("messages"));
    }

    internal sealed class Told(Action<MaintenanceProgress> tell) : IProgress<MaintenanceProgress>
    {
        public void Report(MaintenanceProgress value) => tell(value);
    }
}
