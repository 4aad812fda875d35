using ElizaEngine.Conformance;
using ElizaEngine.Storage.Simulation;
using Xunit;

namespace ElizaEngine.Local.Tests.Maintenance;

public sealed class UpkeepTests
{
    private static readonly Guid s_agent = Guid.Parse("aaaaaaaa-0000-4000-8000-000000000001");
    private static readonly Guid s_room = Guid.Parse("bbbbbbbb-0000-4000-8000-000000000001");

    [Fact]
    public async Task Memories_and_cached_values_go_when_their_time_is_over_and_not_before()
    {
        var time = new ManualTime();
        await using var database = await OpenAsync(new LocalDatabaseOptions
        {
            TimeProvider = time,
            UpkeepInterval = Timeout.InfiniteTimeSpan,
            MemoryLifetimes = new Dictionary<string, TimeSpan> { ["messages"] = TimeSpan.FromHours(1) },
        });
        var adapter = database.ForAgent(s_agent);
        await adapter.CreateAgentsAsync([new Agent { Id = s_agent, Name = "agent" }]);
        for (var i = 0; i < 600; i++) await adapter.CreateMemoryAsync(new Memory { Content = Content.FromText($"old {i}"), Embedding = new float[] { i, 1 } }, "messages");
        await adapter.CreateMemoryAsync(new Memory { Content = Content.FromText("a fact") }, "facts");
        await adapter.SetCacheAsync([new CacheEntry("short", Json.From("value")) { TimeToLive = TimeSpan.FromMinutes(30) }, new CacheEntry("long", Json.From("value"))]);
        time.Advance(TimeSpan.FromMinutes(59));
        await adapter.CreateMemoryAsync(new Memory { Content = Content.FromText("young") }, "messages");
        await database.UpkeepAsync(CancellationToken.None);
        Assert.Equal(602, database.GetStatistics().Memories);
        Assert.Equal(1, database.GetStatistics().CacheEntries);
        time.Advance(TimeSpan.FromMinutes(1));
        await database.UpkeepAsync(CancellationToken.None);
        var left = Assert.Single(await adapter.GetMemoriesAsync(new MemoryQuery("messages")));
        Assert.Equal("young", left.Content.Text);
        Assert.Equal(1, await adapter.CountMemoriesAsync(new MemoryQuery("facts")));
        Assert.Equal(0, database.GetStatistics().Embeddings);
        Assert.Empty((await database.VerifyAsync()).Findings);
    }

    [Fact]
    public async Task Lifetimes_are_those_that_were_there_when_the_database_was_opened()
    {
        var time = new ManualTime();
        var lifetimes = new Dictionary<string, TimeSpan> { ["messages"] = TimeSpan.FromHours(1) };
        await using var database = await OpenAsync(new LocalDatabaseOptions { TimeProvider = time, UpkeepInterval = Timeout.InfiniteTimeSpan, MemoryLifetimes = lifetimes });
        var adapter = database.ForAgent(s_agent);
        await adapter.CreateAgentsAsync([new Agent { Id = s_agent, Name = "agent" }]);
        await adapter.CreateMemoryAsync(new Memory { Content = Content.FromText("a message") }, "messages");
        await adapter.CreateMemoryAsync(new Memory { Content = Content.FromText("a fact") }, "facts");
        lifetimes.Clear();
        lifetimes["facts"] = TimeSpan.FromMinutes(1);
        time.Advance(TimeSpan.FromHours(2));
        await database.UpkeepAsync(CancellationToken.None);
        Assert.Equal(0, await adapter.CountMemoriesAsync(new MemoryQuery("messages")));
        Assert.Equal(1, await adapter.CountMemoriesAsync(new MemoryQuery("facts")));
    }

    [Fact]
    public async Task Log_entries_beyond_the_retention_go_by_themselves()
    {
        await using var database = await OpenAsync(new LocalDatabaseOptions { UpkeepInterval = TimeSpan.FromMilliseconds(1), LogRetention = new LogRetention { MaxCount = 3 } });
        var adapter = database.ForAgent(s_agent);
        await adapter.CreateAgentsAsync([new Agent { Id = s_agent, Name = "agent" }]);
        await adapter.CreateEntitiesAsync([new Entity { Id = s_room }]);
        await adapter.CreateRoomsAsync([new Room { Id = s_room, Source = "test", Type = "GROUP" }]);
        for (var i = 0; i < 10; i++)
            await adapter.CreateLogsAsync([new LogEntry { EntityId = s_room, RoomId = s_room, Type = $"kind {i}" }]);
        await UntilAsync(() => database.GetStatistics().Logs <= 3);
        Assert.Equal(3, await adapter.CountLogsAsync(new LogQuery()));
    }

    /// <summary>Other commits wait for none of the upkeep's for long: it deletes a few hundred rows in each.</summary>
    [Fact]
    public async Task Log_entries_of_every_agent_go_a_few_at_a_time_the_oldest_first()
    {
        var time = new ManualTime();
        await using var database = await OpenAsync(new LocalDatabaseOptions
        {
            TimeProvider = time,
            UpkeepInterval = Timeout.InfiniteTimeSpan,
            LogRetention = new LogRetention { MaxCount = 100, MaxAge = TimeSpan.FromHours(1), MaxBytes = 1_000 },
        });
        var begun = time.GetUtcNow();
        // Of bodies of 2 bytes the count decides, of those of 102 the bytes, and of the old ones the age.
        (int Entries, int Body, TimeSpan Age, int Left)[] agents = [(1_000, 2, TimeSpan.Zero, 100), (500, 102, TimeSpan.Zero, 9), (50, 2, TimeSpan.FromHours(2), 0), (50, 2, TimeSpan.Zero, 50)];
        for (var a = 0; a < agents.Length; a++)
        {
            var adapter = database.ForAgent(IdOf(a));
            await adapter.CreateAgentsAsync([new Agent { Id = IdOf(a), Name = "agent" }]);
            await adapter.CreateEntitiesAsync([new Entity { Id = IdOf(a) }]);
            await adapter.CreateRoomsAsync([new Room { Id = IdOf(a), Source = "test", Type = "GROUP" }]);
            await adapter.CreateLogsAsync([.. Enumerable.Range(0, agents[a].Entries).Select(i => new LogEntry
            {
                EntityId = IdOf(a),
                RoomId = IdOf(a),
                Type = $"{i}",
                Body = new LogBody(agents[a].Body == 2 ? Json.EmptyObject : Json.Parse($$"""{"a":"{{new string('x', agents[a].Body - 8)}}"}""")),
                CreatedAt = begun - agents[a].Age + TimeSpan.FromMilliseconds(i),
            })]);
        }

        var commits = database.GetStatistics().Commits;
        await database.UpkeepAsync(CancellationToken.None);
        var gone = agents.Sum(static agent => agent.Entries - agent.Left);
        Assert.InRange(database.GetStatistics().Commits - commits, gone / 300, gone);
        for (var a = 0; a < agents.Length; a++)
        {
            var left = await database.ForAgent(IdOf(a)).GetLogsAsync(new LogQuery { RoomId = IdOf(a), Count = 2_000 });
            Assert.Equal(Enumerable.Range(agents[a].Entries - agents[a].Left, agents[a].Left).Reverse().Select(static i => $"{i}"), left.Select(static entry => entry.Type));
        }
        Assert.Empty((await database.VerifyAsync()).Findings);

        static Guid IdOf(int number) => new(number + 1, 0, 0, [0x80, 0, 0, 0, 0, 0, 0, 2]);
    }

    /// <summary>The story: documents were counted, and not the fragments that go with them, of which there may be any number.</summary>
    [Fact]
    public async Task Expired_documents_go_with_their_fragments_a_few_rows_at_a_time()
    {
        var time = new ManualTime();
        await using var database = await OpenWithDocumentsAsync(time);
        // Many without a fragment, some with some, and between them one with more than a commit deletes.
        int[] documents = [.. Enumerable.Repeat(0, 300), 150, 600, .. Enumerable.Repeat(150, 5), 255, 256, 0, 3];
        for (var i = 0; i < documents.Length; i++) await AddDocumentAsync(database, i, documents[i]);
        time.Advance(TimeSpan.FromHours(1));
        await AddDocumentAsync(database, documents.Length, fragments: 2);
        // It names a document, but it is another agent's.
        var other = database.ForAgent(s_room);
        await other.CreateAgentsAsync([new Agent { Id = s_room, Name = "other" }]);
        await other.CreateMemoriesAsync([FragmentOf(301, 0)], "fragments");

        var commits = database.GetStatistics().Commits;
        await database.UpkeepAsync(CancellationToken.None);
        var gone = documents.Length + documents.Sum();
        Assert.InRange(database.GetStatistics().Commits - commits, gone / 300, documents.Length);
        var left = await database.ForAgent(s_agent).GetMemoriesAsync(new MemoryQuery("documents"));
        Assert.Equal(DocumentOf(documents.Length), Assert.Single(left).Id);
        Assert.Equal(3, await database.ForAgent(s_agent).CountMemoriesAsync(new MemoryQuery("fragments")));
        Assert.Equal(4, database.GetStatistics().Memories);
        Assert.Empty((await database.VerifyAsync()).Findings);
    }

    [Fact]
    public async Task A_document_that_is_a_fragment_of_another_goes_with_all_fragments_of_its_own()
    {
        var time = new ManualTime();
        await using var database = await OpenWithDocumentsAsync(time);
        await AddDocumentAsync(database, 0, fragments: 0);
        var inner = new Memory
        {
            Id = DocumentOf(1),
            Content = Content.FromText("inner"),
            Metadata = new MemoryMetadata { Type = MemoryTypes.Document, DocumentId = DocumentOf(0), Timestamp = DateTimeOffset.UnixEpoch },
            Unique = true,
        };
        await database.ForAgent(s_agent).CreateMemoriesAsync([inner], "documents");
        await database.ForAgent(s_agent).CreateMemoriesAsync([.. Enumerable.Range(0, 4).Select(i => FragmentOf(1, i))], "fragments");
        time.Advance(TimeSpan.FromHours(1));
        var anyone = new LocalDatabaseAdapter(database, Guid.Empty);
        for (var rounds = 0; await anyone.DeleteExpiredMemoriesAsync("documents", TimeSpan.FromHours(1), rowsMax: 4, CancellationToken.None); rounds++)
            Assert.InRange(rounds, 0, 5);
        Assert.Equal(0, database.GetStatistics().Memories);
    }

    [Fact]
    public async Task A_document_with_more_fragments_than_a_commit_deletes_goes_last_and_the_next_round_ends_what_was_begun()
    {
        var time = new ManualTime();
        await using var database = await OpenWithDocumentsAsync(time);
        await AddDocumentAsync(database, 0, fragments: 10);
        await AddDocumentAsync(database, 1, fragments: 3);
        time.Advance(TimeSpan.FromHours(1));
        var anyone = new LocalDatabaseAdapter(database, Guid.Empty);
        foreach (var rows in (int[])[4, 4, 3, 4])
        {
            var before = database.GetStatistics().Memories;
            // As if it ended here: what is left is a document with fewer fragments.
            await anyone.DeleteExpiredMemoriesAsync("documents", TimeSpan.FromHours(1), rowsMax: 4, CancellationToken.None);
            Assert.Equal(rows, before - database.GetStatistics().Memories);
            var documents = await database.ForAgent(s_agent).CountMemoriesAsync(new MemoryQuery("documents"));
            Assert.Equal(database.GetStatistics().Memories switch { > 4 => 2, > 0 => 1, _ => 0 }, documents);
        }
        Assert.Equal(0, database.GetStatistics().Memories);
        Assert.Empty((await database.VerifyAsync()).Findings);
    }

    [Fact]
    public async Task Half_dead_files_are_compacted_and_live_ones_are_left_alone()
    {
        using var folder = new TestFolder();
        await using var database = await OpenAsync(new LocalDatabaseOptions
        {
            Directory = folder.Data,
            Durability = Durability.ProcessCrash,
            UpkeepInterval = Timeout.InfiniteTimeSpan,
            CompactionBytesPerSecond = 0,
            MaxLogFileBytes = 1 << 20,
        });
        var adapter = database.ForAgent(s_agent);
        await adapter.CreateAgentsAsync([new Agent { Id = s_agent, Name = "agent" }]);
        var ids = await CreateLargeAsync(adapter, 200);
        await database.BackgroundWork; // The file ahead counts.
        var before = database.GetStatistics().FileBytes;
        await database.UpkeepAsync(CancellationToken.None);
        Assert.Equal(before, database.GetStatistics().FileBytes);
        foreach (var id in ids) await adapter.UpdateMemoriesAsync([new MemoryUpdate(id) { Content = Content.FromText("short") }]);
        await database.UpkeepAsync(CancellationToken.None);
        Assert.True(database.GetStatistics().FileBytes < before / 10);
        Assert.Equal(200, (await adapter.GetMemoriesAsync(new MemoryQuery("facts"))).Count(static row => row.Content.Text == "short"));
        Assert.Empty((await database.VerifyAsync()).Findings);
    }

    [Fact]
    public async Task A_compaction_for_which_there_was_no_room_is_tried_again_though_nothing_was_written_since()
    {
        using var memory = new Storage.MemoryFileSystem();
        var files = new FaultyFileSystem(memory)
        {
            Fault = static (call, path) => call == "create" && path.EndsWith(".seg.tmp", StringComparison.Ordinal) ? FaultyFileSystem.DiskFull(call, path) : null,
        };
        await using var database = await LocalDatabase.OpenAsync(
            new LocalDatabaseOptions { UpkeepInterval = Timeout.InfiniteTimeSpan, CompactionBytesPerSecond = 0, MaxLogFileBytes = 1 << 20 }, files, static log => log);
        var adapter = database.ForAgent(s_agent);
        await adapter.CreateAgentsAsync([new Agent { Id = s_agent, Name = "agent" }]);
        await adapter.DeleteMemoriesAsync(await CreateLargeAsync(adapter, 200));
        await database.BackgroundWork;
        var before = database.GetStatistics().FileBytes;
        await Assert.ThrowsAsync<DiskFullException>(() => database.UpkeepAsync(CancellationToken.None));
        files.Fault = static (_, _) => null;
        await database.UpkeepAsync(CancellationToken.None);
        Assert.True(database.GetStatistics().FileBytes < before / 10);
    }

    // The story: a look in the middle of the last commit, which had been written and was not to be seen yet, counted as a look at it.
    [Fact]
    public async Task What_becomes_dead_while_the_upkeep_looks_is_seen_when_it_looks_again()
    {
        using var memory = new Storage.MemoryFileSystem();
        using var isFlushing = new SemaphoreSlim(0);
        using var mayFlush = new ManualResetEventSlim(initialState: true);
        var files = new FaultyFileSystem(memory)
        {
            Fault = (call, _) =>
            {
                if (call == "flush" && !mayFlush.IsSet)
                {
                    isFlushing.Release();
                    mayFlush.Wait();
                }
                return null;
            },
        };
        var options = new LocalDatabaseOptions
        {
            Directory = "/data",
            UpkeepInterval = Timeout.InfiniteTimeSpan,
            CompactionBytesPerSecond = 0,
            MaxLogFileBytes = 1 << 20,
        };
        await using var database = await LocalDatabase.OpenAsync(options, files, static log => log);
        var adapter = database.ForAgent(s_agent);
        await adapter.CreateAgentsAsync([new Agent { Id = s_agent, Name = "agent" }]);
        var doomed = await CreateLargeAsync(adapter, 200);
        await database.BackgroundWork;
        mayFlush.Reset();
        // A lone caller may write on its own thread.
        var deletion = Task.Run(() => adapter.DeleteMemoriesAsync(doomed));
        try
        {
            Assert.True(await isFlushing.WaitAsync(TimeSpan.FromMinutes(5)), "nothing was flushed");
            await database.UpkeepAsync(CancellationToken.None);
        }
        finally
        {
            mayFlush.Set();
        }
        Assert.Equal(doomed.Length, await deletion);

        var before = database.GetStatistics().FileBytes;
        await database.UpkeepAsync(CancellationToken.None);
        Assert.InRange(database.GetStatistics().FileBytes, 0, before / 2);
    }

    [Fact]
    public async Task Damage_ends_the_compactions_and_nothing_else()
    {
        using var folder = new TestFolder();
        var time = new ManualTime();
        await using var database = await OpenAsync(new LocalDatabaseOptions
        {
            Directory = folder.Data,
            Durability = Durability.ProcessCrash,
            TimeProvider = time,
            UpkeepInterval = TimeSpan.FromMilliseconds(1),
            CompactionBytesPerSecond = 0,
            MaxLogFileBytes = 1 << 20,
            MemoryLifetimes = new Dictionary<string, TimeSpan> { ["messages"] = TimeSpan.FromHours(1) },
        });
        var adapter = database.ForAgent(s_agent);
        await adapter.CreateAgentsAsync([new Agent { Id = s_agent, Name = "agent" }]);
        await adapter.CreateMemoryAsync(new Memory { Content = Content.FromText("the code is 12345") }, "facts");
        await adapter.CreateMemoryAsync(new Memory { Content = Content.FromText("a message") }, "messages");
        var doomed = await CreateLargeAsync(adapter, 200);
        TestFolder.Overwrite(folder.Data, "12345"u8, "92345"u8);
        await adapter.DeleteMemoriesAsync(doomed);
        await UntilAsync(() => database.Damage is not null);
        time.Advance(TimeSpan.FromHours(1));
        await UntilAsync(() => database.GetStatistics().Memories == 1);
    }

    [Fact]
    public async Task Options_out_of_range_are_refused_by_name()
    {
        (LocalDatabaseOptions Options, string Name)[] wrong =
        [
            (new LocalDatabaseOptions { CompactionShare = 1.5 }, "compactionShare"),
            (new LocalDatabaseOptions { CompactionShare = double.NaN }, "compactionShare"),
            (new LocalDatabaseOptions { CompactionBytesPerSecond = -1 }, "compactionBytesPerSecond"),
            (new LocalDatabaseOptions { LogRetention = new LogRetention { MaxCount = -1 } }, "logRetention.maxCount"),
            (new LocalDatabaseOptions { LogRetention = new LogRetention { MaxAge = TimeSpan.FromDays(-1) } }, "logRetention.maxAge"),
            (new LocalDatabaseOptions { LogRetention = new LogRetention { MaxBytes = -1 } }, "logRetention.maxBytes"),
            (new LocalDatabaseOptions { MemoryLifetimes = new Dictionary<string, TimeSpan> { ["messages"] = TimeSpan.Zero } }, "memoryLifetimes[messages]"),
            (new LocalDatabaseOptions { MemoryLifetimes = new Dictionary<string, TimeSpan> { [""] = TimeSpan.FromDays(1) } }, "tableName"),
            (new LocalDatabaseOptions { MemoryLifetimes = new Dictionary<string, TimeSpan> { [new string('x', 300)] = TimeSpan.FromDays(1) } }, "tableName"),
            (new LocalDatabaseOptions { UpkeepInterval = TimeSpan.Zero }, "upkeepInterval"),
            (new LocalDatabaseOptions { UpkeepInterval = TimeSpan.FromDays(50) }, "upkeepInterval"),
        ];
        foreach (var (options, name) in wrong)
            Assert.Contains(name, (await Assert.ThrowsAsync<InvalidInputException>(() => LocalDatabase.OpenAsync(options))).Message, StringComparison.Ordinal);
    }

    private static async Task<LocalDatabase> OpenWithDocumentsAsync(TimeProvider time)
    {
        var database = await OpenAsync(new LocalDatabaseOptions
        {
            TimeProvider = time,
            UpkeepInterval = Timeout.InfiniteTimeSpan,
            MemoryLifetimes = new Dictionary<string, TimeSpan> { ["documents"] = TimeSpan.FromHours(1) },
        });
        await database.ForAgent(s_agent).CreateAgentsAsync([new Agent { Id = s_agent, Name = "agent" }]);
        return database;
    }

    private static async Task AddDocumentAsync(LocalDatabase database, int number, int fragments)
    {
        var adapter = database.ForAgent(s_agent);
        // Documents of elizaOS name themselves.
        var document = new Memory
        {
            Id = DocumentOf(number),
            Content = Content.FromText($"{number}"),
            Metadata = new MemoryMetadata { Type = MemoryTypes.Document, DocumentId = DocumentOf(number), Timestamp = DateTimeOffset.UnixEpoch },
            Unique = true,
        };
        await adapter.CreateMemoriesAsync([document], "documents");
        await adapter.CreateMemoriesAsync([.. Enumerable.Range(0, fragments).Select(i => FragmentOf(number, i))], "fragments");
    }

    private static Memory FragmentOf(int document, int position) => new()
    {
        Content = Content.FromText($"{document}, {position}"),
        Metadata = new MemoryMetadata { Type = MemoryTypes.Fragment, DocumentId = DocumentOf(document), Position = position },
        Unique = true,
    };

    private static Guid DocumentOf(int number) => new(number + 1, 0, 0, [0x80, 0, 0, 0, 0, 0, 0, 3]);

    private static async Task<Guid[]> CreateLargeAsync(IDatabaseAdapter adapter, int count)
    {
        var text = new string('x', 60_000);
        var ids = Enumerable.Range(1, count).Select(static i => new Guid(i, 0, 0, [0x80, 0, 0, 0, 0, 0, 0, 1])).ToArray();
        foreach (var id in ids) await adapter.CreateMemoryAsync(new Memory { Id = id, Content = Content.FromText(text) }, "facts");
        return ids;
    }

    private static async Task UntilAsync(Func<bool> isSo)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!isSo())
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private static Task<LocalDatabase> OpenAsync(LocalDatabaseOptions options) => LocalDatabase.OpenAsync(options);
}
