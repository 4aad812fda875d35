using System.Text;
using Xunit;

namespace ElizaEngine.Local.Tests.Maintenance;

public sealed class CompactTests
{
    private static readonly Guid s_agent = Guid.Parse("aaaaaaaa-0000-4000-8000-000000000001");

    [Fact]
    public async Task Old_versions_and_deleted_rows_leave_the_disk_and_everything_else_stays()
    {
        using var folder = new TestFolder();
        await using (var database = await OpenAsync(folder.Data))
        {
            await AddAsync(database, 0, 400);
            await ChangeAsync(database);
            var expected = await ReadAsync(database);
            Assert.True(await IsAnywhereAsync(database, folder.Data, "secret 7 "));
            Assert.True(await IsAnywhereAsync(database, folder.Data, "secret 10 "));
            var report = await database.CompactAsync();
            Assert.True(report.BytesAfter < report.BytesBefore / 2, $"{report}");
            Assert.True(report.RecordsAfter < report.RecordsBefore);
            Assert.Equal(expected, await ReadAsync(database));
            Assert.False(await IsAnywhereAsync(database, folder.Data, "secret 7 "));
            Assert.False(await IsAnywhereAsync(database, folder.Data, "secret 10 "));
            Assert.Empty((await database.VerifyAsync()).Findings);
            // The file ahead, of 64 KiB at most, may have been prepared since.
            Assert.InRange(report.BytesAfter, DiskBytes(folder.Data) - (64 << 10), DiskBytes(folder.Data));
            Assert.Equal(DiskBytes(folder.Data), database.GetStatistics().FileBytes);

            // Compacted once more, with what came since.
            await AddAsync(database, 400, 500);
            await ChangeAsync(database);
            expected = await ReadAsync(database);
            await database.CompactAsync();
            Assert.Equal(expected, await ReadAsync(database));
            Assert.Empty((await database.VerifyAsync()).Findings);
        }

        Assert.Empty((await LocalDatabase.VerifyDirectoryAsync(folder.Data)).Findings);
        await using var again = await OpenAsync(folder.Data);
        await using var reference = await OpenAsync(null);
        await AddAsync(reference, 0, 400);
        await ChangeAsync(reference);
        await AddAsync(reference, 400, 500);
        await ChangeAsync(reference);
        Assert.Equal(await ReadAsync(reference), await ReadAsync(again));
    }

    [Fact]
    public async Task Copies_that_were_copied_themselves_are_forgotten_and_every_row_is_still_found()
    {
        using var folder = new TestFolder();
        await using var database = await OpenAsync(folder.Data);
        await AddAsync(database, 0, 200);
        var expected = await ReadAsync(database);
        await database.CompactAsync();
        var copies = database.Log.EndedFiles().Where(static file => file.IsCopy).Select(static file => file.Number).ToArray();
        Assert.NotEmpty(copies);
        for (var i = 0; i < 2; i++)
        {
            Assert.All(copies, number => Assert.NotNull(database.Log.SaltOf(number)));
            await database.CompactAsync();
            Assert.Equal(expected, await ReadAsync(database));
        }

        // In the background, when nobody reads them any more.
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (copies.Any(number => database.Log.SaltOf(number) is not null))
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }

        Assert.Equal(expected, await ReadAsync(database));
        Assert.Empty((await database.VerifyAsync()).Findings);
    }

    [Fact]
    public async Task A_compaction_that_is_under_way_when_the_database_is_closed_ends_before_the_directory_is_free()
    {
        using var folder = new TestFolder();
        for (var round = 0; round < 10; round++)
        {
            var database = await OpenAsync(folder.Data);
            if (round == 0) await AddAsync(database, 0, 400);
            await ChangeAsync(database);
            var expected = await ReadAsync(database);
            var compacting = database.CompactAsync();
            if (round % 2 == 0) await Task.Yield();
            await database.CloseAsync();
            await using (var again = await OpenAsync(folder.Data))
            {
                Assert.Equal(expected, await ReadAsync(again));
                Assert.Empty((await again.VerifyAsync()).Findings);
            }

            if (await Record.ExceptionAsync(() => compacting) is { } error) Assert.IsType<DatabaseClosedException>(error);
        }
    }

    [Fact]
    public async Task A_vector_keeps_its_memory_whose_content_was_written_later()
    {
        using var folder = new TestFolder();
        var adapterRows = "";
        await using (var database = await OpenAsync(folder.Data))
        {
            await AddAsync(database, 0, 20);
            var adapter = database.ForAgent(s_agent);
            await adapter.UpdateMemoriesAsync([new MemoryUpdate(IdOf(3)) { Content = Content.FromText("inside the range") }]);
            await database.CompactAsync();
            await adapter.UpdateMemoriesAsync([new MemoryUpdate(IdOf(5)) { Content = Content.FromText("behind the range") }]);
            adapterRows = await ReadAsync(database);
            await database.CompactAsync();
            Assert.Equal(adapterRows, await ReadAsync(database));
        }

        await using var again = await OpenAsync(folder.Data);
        Assert.Equal(adapterRows, await ReadAsync(again));
    }

    [Fact]
    public async Task Readers_of_before_go_on_reading_what_they_saw()
    {
        using var folder = new TestFolder();
        await using var database = await OpenAsync(folder.Data);
        await AddAsync(database, 0, 400);
        var adapter = database.ForAgent(s_agent);
        await using var stream = adapter.StreamMemoriesAsync(new MemoryQuery("messages")).GetAsyncEnumerator();
        Assert.True(await stream.MoveNextAsync());
        var texts = new List<string?> { stream.Current.Content.Text };
        var before = await ReadAsync(database);
        var inside = new TaskCompletionSource();
        var goOn = new TaskCompletionSource();
        var transaction = adapter.TransactionAsync(async (session, token) =>
        {
            inside.SetResult();
            await goOn.Task;
            return await ReadAsync(session);
        });
        await inside.Task;
        await ChangeAsync(database);
        await database.CompactAsync();
        await ChangeAsync(database);
        await database.CompactAsync();
        Assert.False(await IsAnywhereAsync(database, folder.Data, "secret 7 "));
        goOn.SetResult();
        Assert.Equal(before, await transaction);
        while (await stream.MoveNextAsync()) texts.Add(stream.Current.Content.Text);
        Assert.Equal(400, texts.Count);
        Assert.All(texts, text => Assert.StartsWith("secret ", text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_transaction_that_began_before_is_no_loser()
    {
        using var folder = new TestFolder();
        await using var database = await OpenAsync(folder.Data);
        await AddAsync(database, 0, 50);
        await database.ForAgent(s_agent).TransactionAsync(async (session, token) =>
        {
            await session.UpdateMemoriesAsync([new MemoryUpdate(IdOf(1)) { Content = Content.FromText("from the transaction") }], token);
            await session.UpdateMemoriesAsync([new MemoryUpdate(IdOf(2)) { Embedding = new float[] { 9, 9, 9 } }], token);
            await database.CompactAsync(cancellationToken: token);
            return true;
        });
        var row = (await database.ForAgent(s_agent).GetMemoriesByIdsAsync([IdOf(1)]))[0];
        Assert.Equal("from the transaction", row.Content.Text);
        Assert.Empty((await database.VerifyAsync()).Findings);
    }

    [Fact]
    public async Task Writers_and_readers_go_on()
    {
        using var folder = new TestFolder();
        await using var database = await OpenAsync(folder.Data);
        await AddAsync(database, 0, 300);
        using var stop = new CancellationTokenSource();
        var adapter = database.ForAgent(s_agent);
        var writers = Enumerable.Range(0, 3).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                var id = IdOf(i % 100 * 3 + writer);
                await adapter.UpdateMemoriesAsync([new MemoryUpdate(id) { Content = Content.FromText($"writer {writer} turn {i}") }]);
                var found = (await adapter.GetMemoriesByIdsAsync([id]))[0];
                Assert.Equal($"writer {writer} turn {i}", found.Content.Text);
                Assert.Equal(3, found.Embedding!.Value.Length);
            }
        })).ToList();
        for (var round = 0; round < 8; round++)
        {
            await database.CompactAsync();
            Assert.Empty((await database.VerifyAsync()).Findings);
        }

        await stop.CancelAsync();
        await Task.WhenAll(writers);
        var expected = await ReadAsync(database);
        await database.CloseAsync();
        await using var again = await OpenAsync(folder.Data);
        Assert.Equal(expected, await ReadAsync(again));
    }

    [Fact]
    public async Task A_backup_is_renewed_after_a_compaction_and_holds_nothing_of_what_went()
    {
        using var folder = new TestFolder();
        await using var database = await OpenAsync(folder.Data);
        await AddAsync(database, 0, 300);
        await database.BackupAsync(folder.In("backup"));
        await ChangeAsync(database);
        await database.CompactAsync();
        var expected = await ReadAsync(database);
        await database.BackupAsync(folder.In("backup"));
        Assert.Empty((await LocalDatabase.VerifyDirectoryAsync(folder.In("backup"))).Findings);
        Assert.False(await IsAnywhereAsync(database, folder.In("backup"), "secret 7 "));
        await AddAsync(database, 300, 320);
        await ChangeAsync(database);
        await database.CompactAsync();
        await database.CompactAsync();
        expected = await ReadAsync(database);
        await database.BackupAsync(folder.In("backup"));
        await LocalDatabase.RestoreAsync(folder.In("backup"), folder.In("restored"));
        await using var restored = await OpenAsync(folder.In("restored"));
        Assert.Equal(expected, await ReadAsync(restored));
        // The restored one goes its own way: the backup has nothing of that, and what it has is no beginning of it.
        await database.CompactAsync();
        await AddAsync(database, 320, 330);
        await database.BackupAsync(folder.In("backup"));
        await restored.CompactAsync();
        await Assert.ThrowsAsync<BackupRefusedException>(() => restored.BackupAsync(folder.In("backup")));
    }

    [Fact]
    public async Task A_database_in_memory_and_an_empty_one_are_compacted_too()
    {
        await using var database = await OpenAsync(null);
        await database.CompactAsync();
        await AddAsync(database, 0, 200);
        await ChangeAsync(database);
        var expected = await ReadAsync(database);
        await database.BackgroundWork; // The file ahead counts.
        var report = await database.CompactAsync();
        Assert.Null(report.Directory);
        Assert.True(report.BytesAfter < report.BytesBefore);
        Assert.Equal(expected, await ReadAsync(database));
        await database.ForAgent(s_agent).DeleteAgentsAsync([s_agent]);
        await database.CompactAsync();
        Assert.Equal(0, (await database.CompactAsync()).RecordsAfter);
        await AddAsync(database, 0, 10);
        await database.CloseAsync();
        await Assert.ThrowsAsync<DatabaseClosedException>(() => database.CompactAsync());
    }

    [Fact]
    public async Task An_option_out_of_range_is_refused_and_a_cancelled_call_changes_nothing()
    {
        using var folder = new TestFolder();
        await using var database = await OpenAsync(folder.Data);
        await AddAsync(database, 0, 100);
        var error = await Assert.ThrowsAsync<InvalidInputException>(() => database.CompactAsync(new CompactOptions { BytesPerSecond = -1 }));
        Assert.Contains("-1", error.Message, StringComparison.Ordinal);
        using var stop = new CancellationTokenSource();
        var progress = new Canceller(stop);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => database.CompactAsync(new CompactOptions { Progress = progress }, stop.Token));
        Assert.True(progress.Reports > 0);
        Assert.Empty((await database.VerifyAsync()).Findings);
        Assert.Equal(100, await database.ForAgent(s_agent).CountMemoriesAsync(new MemoryQuery("messages")));
        await database.BackgroundWork;
        Assert.DoesNotContain(System.IO.Directory.GetFiles(folder.Data), static file => file.EndsWith(".tmp", StringComparison.Ordinal));
    }

    private static Task<LocalDatabase> OpenAsync(string? directory) =>
        LocalDatabase.OpenAsync(new LocalDatabaseOptions { Directory = directory, MaxLogFileBytes = 64 << 10 });

    private static Guid IdOf(int number) => new(number, 0, 0, [0x80, 0, 0, 0, 0, 0, 0, 1]);

    private static async Task AddAsync(LocalDatabase database, int from, int to)
    {
        var adapter = database.ForAgent(s_agent);
        await adapter.CreateAgentsAsync([new Agent { Id = s_agent, Name = "agent" }]);
        await adapter.CreateEntitiesAsync([new Entity { Id = IdOf(-1) }]);
        await adapter.CreateRoomsAsync([new Room { Id = IdOf(-2), Source = "test", Type = "GROUP" }]);
        for (var i = from; i < to; i++)
        {
            await adapter.CreateMemoryAsync(
                new Memory { Id = IdOf(i), Content = Content.FromText($"secret {i} of this memory"), Embedding = new float[] { i + 1, 1, 2 } }, "messages");
            if (i % 4 == 0)
            {
                await adapter.CreateLogsAsync([new LogEntry { Id = IdOf(100_000 + i), EntityId = IdOf(-1), RoomId = IdOf(-2), Type = "test", Body = new LogBody { ["n"] = Json.From($"entry {i}") } }]);
                await adapter.SetCacheAsync($"key {i}", Json.Parse($"{i}"));
            }
        }
    }

    // Most contents change, some vectors, some rows go.
    private static async Task ChangeAsync(LocalDatabase database)
    {
        var adapter = database.ForAgent(s_agent);
        var rows = await adapter.GetMemoriesAsync(new MemoryQuery("messages"));
        foreach (var row in rows.OrderBy(static row => row.Id))
        {
            var number = BitConverter.ToInt32(row.Id.ToByteArray());
            if (number % 5 == 0) await adapter.DeleteMemoriesAsync([row.Id]);
            else await adapter.UpdateMemoriesAsync([new MemoryUpdate(row.Id) { Content = Content.FromText($"public {number}") }]);
            if (number % 7 == 1 && number % 5 != 0) await adapter.UpdateMemoriesAsync([new MemoryUpdate(row.Id) { Embedding = new float[] { number + 1, 5, 5 } }]);
            if (number % 8 == 0) await adapter.DeleteLogsAsync([IdOf(100_000 + number)]);
        }
    }

    private static Task<string> ReadAsync(LocalDatabase database) => ReadAsync(database.ForAgent(s_agent));

    private static async Task<string> ReadAsync(IDatabaseSession session)
    {
        var text = new StringBuilder();
        foreach (var row in (await session.GetMemoriesAsync(new MemoryQuery("messages"))).OrderBy(static row => row.Id))
            text.AppendLine($"{row.Id} {row.Content.Text} {string.Join(' ', row.Embedding?.ToArray() ?? [])}");
        foreach (var entry in (await session.GetLogsAsync(new LogQuery { Count = 1000 })).OrderBy(static entry => entry.Id))
            text.AppendLine($"{entry.Id} {entry.Body}");
        foreach (var room in await session.GetRoomsByIdsAsync([IdOf(-2)])) text.AppendLine($"{room.Id} {room.Source}");
        return text.ToString();
    }

    private static async Task<bool> IsAnywhereAsync(LocalDatabase database, string directory, string text)
    {
        // Files come and go meanwhile.
        await database.BackgroundWork;
        return System.IO.Directory.GetFiles(directory).Any(file => !file.EndsWith("LOCK", StringComparison.Ordinal) && File.ReadAllBytes(file).AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0);
    }

    private static long DiskBytes(string directory) =>
        System.IO.Directory.GetFiles(directory, "*.seg").Sum(static file => new FileInfo(file).Length);

    private sealed class Canceller(CancellationTokenSource stop) : IProgress<MaintenanceProgress>
    {
        public int Reports { get; private set; }

        public void Report(MaintenanceProgress value)
        {
            Reports++;
            stop.Cancel();
        }
    }
}
