using Xunit;

namespace ElizaEngine.Conformance;

/// <summary>The log: what is kept of it, what is left of it, and the runs put together from it.</summary>
public abstract class LogConformance : ConformanceTest
{
    private static readonly DateTimeOffset Past = new(2020, 5, 6, 7, 8, 9, 123, TimeSpan.Zero);

    private Guid _entity;
    private Guid _room;

    private async Task SetUpAsync()
    {
        _entity = await NewEntityAsync();
        _room = await NewRoomAsync();
    }

    private LogEntry Make(int id, int seconds = 0, string type = "action") =>
        new() { Id = Id(id), EntityId = _entity, RoomId = _room, Type = type, CreatedAt = Past.AddSeconds(seconds) };

    private async Task<IEnumerable<Guid>> IdsAsync(LogQuery? query = null) => (await Adapter.GetLogsAsync(query ?? new LogQuery { Count = 1000 })).Select(entry => entry.Id);

    private static async Task<List<LogEntry>> ListAsync(IAsyncEnumerable<LogEntry> entries)
    {
        var list = new List<LogEntry>();
        await foreach (var entry in entries) list.Add(entry);
        return list;
    }

    [Fact]
    public async Task An_entry_is_read_back_as_it_was_given()
    {
        await SetUpAsync();
        var body = new LogBody(Json.Parse("""{"deep":[{"a":{"b":[[],{},null,1.5,"é😀\n"]}}],"":0}""")) with { RunId = "r", Status = "started", MessageId = Id(1) };
        var entry = Make(1, 0, "useModel:TEXT_SMALL") with { Body = body };

        await Adapter.LogAsync(entry);

        Assert.Equal(entry, Assert.Single(await Adapter.GetLogsAsync(new LogQuery())));
        Assert.Equal(entry, Assert.Single(await Other.GetLogsAsync(new LogQuery())));
    }

    [Fact]
    public async Task What_is_not_given_gets_its_default()
    {
        await SetUpAsync();
        await Adapter.LogAsync(new LogEntry { Id = Id(1), EntityId = _entity, RoomId = _room, Type = "" });

        var expected = new LogEntry { Id = Id(1), EntityId = _entity, RoomId = _room, Type = "", Body = new LogBody(), CreatedAt = Time.GetUtcNow() };
        Assert.Equal(expected, Assert.Single(await Adapter.GetLogsAsync(new LogQuery())));
    }

    [Theory]
    [InlineData(30_000)]
    [InlineData(300_000)]
    public async Task Large_bodies_come_back_whole(int length)
    {
        const int Seed = 20260103;
        await SetUpAsync();
        var random = new Random(Seed);
        var noise = new string([.. Enumerable.Range(0, length).Select(_ => (char)random.Next(' ', 0x2FF))]);
        var body = new LogBody { ["prompt"] = Json.From(noise), ["same"] = Json.From(new string('x', length)) };
        await Adapter.CreateLogsAsync([Make(1) with { Body = body }, Make(2)]);

        var found = await Adapter.GetLogsAsync(new LogQuery());

        Assert.True(body == found[1].Body, $"The body differs, seed {Seed}.");
        Assert.Equal(new LogBody(), found[0].Body);
    }

    [Fact]
    public async Task An_id_that_exists_stays_as_it_is()
    {
        await SetUpAsync();

        var results = await Adapter.CreateLogsAsync([Make(2, 0, "a"), Make(1, 0, "b"), Make(2, 0, "c")]);
        await Other.LogAsync(Make(1, 0, "d"));

        Assert.Equal([new(Id(2), CreateOutcome.Created), new(Id(1), CreateOutcome.Created), new(Id(2), CreateOutcome.Existed)], results);
        Assert.Equal(["a", "b"], (await Adapter.GetLogsAsync(new LogQuery())).Select(entry => entry.Type));
        Assert.Empty(await Adapter.CreateLogsAsync([]));
    }

    [Fact]
    public async Task Entries_come_newest_first_then_by_id_descending()
    {
        await SetUpAsync();
        Guid[] sameTime = [Id(1), Id(0x01000000), Id(0x7F000000), Id(unchecked((int)0x80000000)), Id(-1)];
        await Adapter.CreateLogsAsync([.. sameTime.Select(id => Make(0, 5) with { Id = id }), Make(8, 9), Make(9, 4)]);

        Guid[] expected = [Id(8), .. sameTime.Reverse(), Id(9)];
        Assert.Equal(expected, await IdsAsync());
        Assert.Equal(expected, (await ListAsync(Adapter.StreamLogsAsync(new LogQuery()))).Select(entry => entry.Id));
    }

    [Fact]
    public async Task A_list_has_ten_entries_unless_a_count_is_given_and_a_stream_has_all()
    {
        await SetUpAsync();
        await Adapter.CreateLogsAsync([.. Enumerable.Range(1, 25).Select(i => Make(i, i))]);
        static IEnumerable<Guid> Range(int from, int count) => Enumerable.Range(0, count).Select(i => Id(from - i));

        Assert.Equal(Range(25, 10), await IdsAsync(new LogQuery()));
        Assert.Equal(Range(25, 3), await IdsAsync(new LogQuery { Count = 3 }));
        Assert.Equal(Range(25, 25), await IdsAsync(new LogQuery { Count = 26 }));
        Assert.Empty(await IdsAsync(new LogQuery { Count = 0 }));
        Assert.Equal(Range(20, 10), await IdsAsync(new LogQuery { Offset = 5 }));
        Assert.Equal(Range(2, 2), await IdsAsync(new LogQuery { Offset = 23, Count = 5 }));
        Assert.Empty(await IdsAsync(new LogQuery { Offset = 25 }));
        Assert.Equal(Range(25, 25), (await ListAsync(Adapter.StreamLogsAsync(new LogQuery()))).Select(entry => entry.Id));
        Assert.Equal(Range(22, 4), (await ListAsync(Adapter.StreamLogsAsync(new LogQuery { Count = 4, Offset = 3 }))).Select(entry => entry.Id));
        Assert.Empty(await ListAsync(Adapter.StreamLogsAsync(new LogQuery { Count = 0 })));
        Assert.Equal(25, await Adapter.CountLogsAsync(new LogQuery()));
        Assert.Equal(25, await Adapter.CountLogsAsync(new LogQuery { Count = 3, Offset = 20 }));
    }

    [Fact]
    public async Task Every_filter_given_must_pass_and_all_agents_see_the_same()
    {
        await SetUpAsync();
        var (entity, room) = (await NewEntityAsync(Other), await NewRoomAsync(Other));
        await Adapter.CreateLogsAsync([Make(1, 1), Make(2, 2, "Action"), Make(3, 3) with { EntityId = entity }, Make(4, 4) with { RoomId = room }]);
        await Other.CreateLogsAsync([Make(5, 5) with { EntityId = entity, RoomId = room }]);

        foreach (var (query, ids) in new (LogQuery, int[])[]
        {
            (new LogQuery(), [5, 4, 3, 2, 1]),
            (new LogQuery { EntityId = entity }, [5, 3]),
            (new LogQuery { EntityId = _entity }, [4, 2, 1]),
            (new LogQuery { RoomId = room }, [5, 4]),
            (new LogQuery { Type = "action" }, [5, 4, 3, 1]),
            (new LogQuery { Type = "Action" }, [2]),
            (new LogQuery { Type = "act" }, []),
            (new LogQuery { Type = "act%" }, []),
            (new LogQuery { Type = "" }, []),
            (new LogQuery { EntityId = entity, RoomId = room, Type = "action" }, [5]),
            (new LogQuery { EntityId = entity, RoomId = _room, Type = "Action" }, []),
            (new LogQuery { EntityId = Id(99) }, []),
            (new LogQuery { RoomId = Id(99) }, []),
        })
        {
            var expected = string.Join(',', ids.Select(Id));
            Assert.Equal((query, expected), (query, string.Join(',', await IdsAsync(query))));
            Assert.Equal((query, expected), (query, string.Join(',', (await ListAsync(Other.StreamLogsAsync(query))).Select(entry => entry.Id))));
            Assert.Equal((query, ids.Length), (query, await Other.CountLogsAsync(query)));
        }
    }

    [Fact]
    public async Task An_entry_of_a_missing_entity_or_room_is_refused_with_the_whole_batch()
    {
        await SetUpAsync();

        var entity = await Assert.ThrowsAsync<ReferenceNotFoundException>(() => Adapter.CreateLogsAsync([Make(1), Make(2) with { EntityId = Id(99) }]));
        var room = await Assert.ThrowsAsync<ReferenceNotFoundException>(() => Adapter.CreateLogsAsync([Make(1), Make(2) with { RoomId = Id(98) }]));

        Assert.Equal(("entities", Id(99)), (entity.Table, entity.Id));
        Assert.Equal(("rooms", Id(98)), (room.Table, room.Id));
        Assert.Equal(0, await Adapter.CountLogsAsync(new LogQuery()));
    }

    [Fact]
    public async Task What_a_later_entry_of_the_same_id_names_is_not_looked_at()
    {
        await SetUpAsync();

        var room = await Assert.ThrowsAsync<ReferenceNotFoundException>(
            () => Adapter.CreateLogsAsync([Make(1), Make(1) with { RoomId = Id(98) }, Make(2) with { RoomId = Id(99) }]));

        Assert.Equal(Id(99), room.Id);
    }

    [Fact]
    public async Task Deleting_tells_how_many_entries_there_were()
    {
        await SetUpAsync();
        await Adapter.CreateLogsAsync([Make(1), Make(2), Make(3)]);

        Assert.Equal(2, await Other.DeleteLogsAsync([Id(1), Id(99), Id(3), Id(1)]));
        Assert.False(await Adapter.DeleteLogAsync(Id(1)));
        Assert.Equal(0, await Adapter.DeleteLogsAsync([]));
        Assert.Equal([Id(2)], await IdsAsync());
    }

    [Fact]
    public async Task A_batch_with_one_bad_entry_stores_nothing()
    {
        await SetUpAsync();

        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.CreateLogsAsync([Make(1), Make(2, 0, null!)]));
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.CreateLogsAsync([Make(1), Make(2) with { Body = null! }]));
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.CreateLogsAsync([Make(1), null!]));

        Assert.Equal(0, await Adapter.CountLogsAsync(new LogQuery()));
    }

    [Fact]
    public async Task A_cancelled_call_changes_nothing()
    {
        await SetUpAsync();
        await Adapter.LogAsync(Make(1));
        var cancelled = new CancellationToken(true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.LogAsync(Make(2), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.DeleteLogAsync(Id(1), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.TrimLogsAsync(new LogRetention { MaxCount = 0 }, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ListAsync(Adapter.StreamLogsAsync(new LogQuery(), cancelled)));

        Assert.Equal([Id(1)], await IdsAsync());
    }

    [Fact]
    public async Task Trimming_by_age_removes_what_is_older()
    {
        await SetUpAsync();
        var now = Time.GetUtcNow();
        await Adapter.CreateLogsAsync(
        [
            Make(1) with { CreatedAt = now.AddHours(-1) }, Make(2) with { CreatedAt = now.AddHours(-1).AddMilliseconds(-1) },
            Make(3) with { CreatedAt = now }, Make(4) with { CreatedAt = now.AddHours(1) }, Make(5) with { CreatedAt = DateTimeOffset.UnixEpoch },
        ]);

        Assert.Equal(2, await Adapter.TrimLogsAsync(new LogRetention { MaxAge = TimeSpan.FromHours(1) }));
        Assert.Equal([Id(4), Id(3), Id(1)], await IdsAsync());

        Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, await Adapter.TrimLogsAsync(new LogRetention { MaxAge = TimeSpan.FromHours(1) }));
        Assert.Equal(0, await Adapter.TrimLogsAsync(new LogRetention { MaxAge = TimeSpan.MaxValue }));
        Assert.Equal([Id(4), Id(3)], await IdsAsync());
    }

    [Fact]
    public async Task Trimming_by_count_keeps_the_newest()
    {
        await SetUpAsync();
        await Adapter.CreateLogsAsync([Make(1, 5), Make(5, 1), Make(3, 1), Make(4, 9), Make(2, 1)]);

        Assert.Equal(0, await Adapter.TrimLogsAsync(new LogRetention { MaxCount = 5 }));
        Assert.Equal(2, await Adapter.TrimLogsAsync(new LogRetention { MaxCount = 3 }));
        Assert.Equal([Id(4), Id(1), Id(5)], await IdsAsync());
        Assert.Equal(3, await Adapter.TrimLogsAsync(new LogRetention { MaxCount = 0 }));
        Assert.Empty(await IdsAsync());
    }

    [Fact]
    public async Task Trimming_by_bytes_keeps_the_newest_that_fit_together()
    {
        await SetUpAsync();
        // A backend counts its own spelling of the JSON, or the caller's: the limits leave room for either.
        LogEntry Sized(int id, int seconds, int bytes) => Make(id, seconds) with { Body = new LogBody { ["text"] = Json.From(new string('é', bytes / 2)) } };
        await Adapter.CreateLogsAsync([Sized(1, 1, 10), Sized(2, 2, 50_000), Sized(3, 3, 1000), Sized(4, 4, 1000)]);

        Assert.Equal(0, await Adapter.TrimLogsAsync(new LogRetention { MaxBytes = 60_000 }));
        Assert.Equal(2, await Adapter.TrimLogsAsync(new LogRetention { MaxBytes = 5_000 }));
        Assert.Equal([Id(4), Id(3)], await IdsAsync());
        Assert.Equal(1, await Adapter.TrimLogsAsync(new LogRetention { MaxBytes = 1_900 }));
        Assert.Equal(1, await Adapter.TrimLogsAsync(new LogRetention { MaxBytes = 0 }));
        Assert.Empty(await IdsAsync());
    }

    [Fact]
    public async Task The_strictest_limit_decides_and_no_limit_removes_nothing()
    {
        await SetUpAsync();
        var now = Time.GetUtcNow();
        await Adapter.CreateLogsAsync([.. Enumerable.Range(1, 6).Select(i => Make(i) with { CreatedAt = now.AddMinutes(-i) })]);

        Assert.Equal(0, await Adapter.TrimLogsAsync(new LogRetention()));
        Assert.Equal(2, await Adapter.TrimLogsAsync(new LogRetention { MaxCount = 5, MaxAge = TimeSpan.FromMinutes(4), MaxBytes = 1_000_000 }));
        Assert.Equal(2, await Adapter.TrimLogsAsync(new LogRetention { MaxCount = 2, MaxAge = TimeSpan.FromMinutes(4), MaxBytes = 1_000_000 }));
        Assert.Equal([Id(1), Id(2)], await IdsAsync());
    }

    [Fact]
    public async Task Trimming_concerns_the_rooms_of_this_agent_only()
    {
        await SetUpAsync();
        var others = await NewRoomAsync(Other);
        await Adapter.CreateLogsAsync([Make(1, 1), Make(2, 2) with { RoomId = others }, Make(3, 3)]);
        await Other.CreateLogsAsync([Make(4, 4)]);

        Assert.Equal(1, await Other.TrimLogsAsync(new LogRetention { MaxCount = 0 }));
        Assert.Equal([Id(4), Id(3), Id(1)], await IdsAsync());
        Assert.Equal(2, await Adapter.TrimLogsAsync(new LogRetention { MaxCount = 1 }));
        Assert.Equal([Id(4)], await IdsAsync());
    }

    [Fact]
    public async Task Negative_limits_are_refused()
    {
        await SetUpAsync();
        await Adapter.LogAsync(Make(1));

        Assert.Equal("maxCount", await RefusedAsync(new LogRetention { MaxCount = -1 }));
        Assert.Equal("maxBytes", await RefusedAsync(new LogRetention { MaxBytes = -1 }));
        Assert.Equal("maxAge", await RefusedAsync(new LogRetention { MaxAge = TimeSpan.FromTicks(-1) }));
        Assert.Equal([Id(1)], await IdsAsync());

        async Task<string> RefusedAsync(LogRetention retention) =>
            (await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.TrimLogsAsync(retention))).Parameter;
    }

    [Fact]
    public async Task Logs_and_their_retention_are_there_after_reopening()
    {
        if (!Backend.Persists) return;
        await SetUpAsync();
        var entry = Make(4, 4) with { Body = new LogBody { RunId = "r", ["text"] = Json.From(new string('x', 40_000)) } };
        await Adapter.CreateLogsAsync([Make(1, 1), Make(2, 2), Make(3, 3), entry]);
        await Adapter.DeleteLogAsync(Id(3));
        await Adapter.TrimLogsAsync(new LogRetention { MaxCount = 2 });

        await ReopenAsync();

        Assert.Equal([entry, Make(2, 2)], await Adapter.GetLogsAsync(new LogQuery()));
    }

    private LogEntry Event(int id, string run, string status, int seconds) =>
        Make(id, seconds, "run_event") with { Body = new LogBody { RunId = run, Status = status, EntityId = _entity, RoomId = _room } };

    private LogEntry Part(int id, string run, int seconds, string type, string json = "{}") =>
        Make(id, seconds, type) with { Body = new LogBody(Json.Parse(json)) with { RunId = run } };

    private async Task<string> RunsAsync(AgentRunQuery query) =>
        string.Join(',', (await Adapter.GetAgentRunSummariesAsync(query)).Runs.Select(run => run.RunId));

    [Fact]
    public async Task A_run_is_put_together_from_all_its_entries()
    {
        await SetUpAsync();
        var started = Event(1, "run", "started", 10);
        await Adapter.CreateLogsAsync(
        [
            Event(9, "run", "completed", 17),
            started with { Body = started.Body with { MessageId = Id(50), Metadata = Json.Parse("""{"a":[1]}""") } },
            Part(2, "run", 11, "action", """{"promptCount":2,"result":{"success":true}}"""),
            Part(3, "run", 12, "action", """{"promptCount":1,"result":{"success":false}}"""),
            Part(4, "run", 12, "useModel:TEXT_LARGE"),
            Part(5, "run", 13, "useModel:TEXT_SMALL"),
            Part(6, "run", 14, "useModel:TEXT_EMBEDDING"),
            Part(7, "run", 15, "evaluator"),
            Part(8, "run", 16, "embedding_event", """{"status":"failed"}"""),
            Part(10, "run", 16, "embedding_event", """{"status":"completed"}"""),
            Part(11, "run", 16, "something else", """{"result":{"success":false},"status":"failed"}"""),
            Part(12, "another", 12, "action"),
            Make(13, 13),
        ]);

        var page = await Adapter.GetAgentRunSummariesAsync(new AgentRunQuery());

        Assert.Equal((1, false), (page.Total, page.HasMore));
        var expected = new AgentRunSummary
        {
            RunId = "run",
            Status = RunStatus.Completed,
            StartedAt = Past.AddSeconds(10),
            EndedAt = Past.AddSeconds(17),
            Duration = TimeSpan.FromSeconds(7),
            MessageId = Id(50),
            RoomId = _room,
            EntityId = _entity,
            Metadata = Json.Parse("""{"a":[1]}"""),
            Actions = 2,
            ModelCalls = 3,
            Errors = 2,
            Evaluators = 1,
        };
        Assert.Equal(expected, Assert.Single(page.Runs));
    }

    [Theory]
    [InlineData("started", RunStatus.Started)]
    [InlineData("completed", RunStatus.Completed)]
    [InlineData("timeout", RunStatus.Timeout)]
    [InlineData("error", RunStatus.Error)]
    public async Task The_latest_event_decides_the_state_of_a_run(string status, RunStatus expected)
    {
        await SetUpAsync();
        await Adapter.CreateLogsAsync([Event(2, "run", status, 7), Event(1, "run", "started", 5)]);

        var run = Assert.Single((await Adapter.GetAgentRunSummariesAsync(new AgentRunQuery())).Runs);

        Assert.Equal((expected, Past.AddSeconds(5)), (run.Status, run.StartedAt));
        if (expected == RunStatus.Started) Assert.True(run is { EndedAt: null, Duration: null });
        else Assert.Equal((Past.AddSeconds(7), TimeSpan.FromSeconds(2)), (run.EndedAt, run.Duration));
    }

    [Fact]
    public async Task Runs_come_latest_start_first_then_by_run_id_descending()
    {
        await SetUpAsync();
        await Adapter.CreateLogsAsync(
        [
            Event(1, "b", "started", 5), Event(2, "c", "started", 4), Event(3, "a", "started", 5), Event(4, "B", "started", 5),
            Event(5, "c", "completed", 100), Event(6, "é", "started", 5), Event(7, "b0", "started", 5),
        ]);

        Assert.Equal("é,b0,b,a,B,c", await RunsAsync(new AgentRunQuery()));
    }

    [Fact]
    public async Task Runs_pass_every_filter_given()
    {
        await SetUpAsync();
        var (entity, room) = (await NewEntityAsync(), await NewRoomAsync());
        LogEntry Elsewhere(LogEntry entry) => entry with { EntityId = entity, RoomId = room, Body = entry.Body with { EntityId = entity, RoomId = room } };
        await Adapter.CreateLogsAsync(
        [
            Event(1, "a", "started", 10), Event(2, "a", "completed", 20),
            Elsewhere(Event(3, "b", "started", 30)),
            Event(4, "c", "started", 50), Event(5, "c", "error", 60),
        ]);

        foreach (var (query, runs) in new (AgentRunQuery, string)[]
        {
            (new AgentRunQuery(), "c,b,a"),
            (new AgentRunQuery { RoomId = _room }, "c,a"),
            (new AgentRunQuery { RoomId = room }, "b"),
            (new AgentRunQuery { EntityId = entity }, "b"),
            (new AgentRunQuery { Status = RunStatus.Completed }, "a"),
            (new AgentRunQuery { Status = RunStatus.Started }, "b"),
            (new AgentRunQuery { Status = RunStatus.Timeout }, ""),
            (new AgentRunQuery { From = Past.AddSeconds(20) }, "c,b,a"),
            (new AgentRunQuery { From = Past.AddSeconds(21) }, "c,b"),
            (new AgentRunQuery { To = Past.AddSeconds(30) }, "b,a"),
            (new AgentRunQuery { To = Past.AddSeconds(29) }, "a"),
            (new AgentRunQuery { From = Past.AddSeconds(61) }, ""),
            (new AgentRunQuery { To = Past.AddSeconds(9) }, ""),
            (new AgentRunQuery { RoomId = _room, Status = RunStatus.Error, From = Past.AddSeconds(55) }, "c"),
            (new AgentRunQuery { RoomId = Id(99) }, ""),
        })
        {
            Assert.Equal((query, runs), (query, await RunsAsync(query)));
        }
    }

    [Fact]
    public async Task One_event_of_a_run_passes_all_filters()
    {
        await SetUpAsync();
        var (entity, room) = (await NewEntityAsync(), await NewRoomAsync());
        await Adapter.CreateLogsAsync(
        [
            Event(1, "a", "started", 10) with { RoomId = room }, Event(2, "a", "completed", 20) with { EntityId = entity },
            Event(3, "b", "started", 12), Event(4, "b", "completed", 14) with { EntityId = entity, RoomId = room },
        ]);

        foreach (var (query, runs) in new (AgentRunQuery, string)[]
        {
            (new AgentRunQuery { RoomId = room, EntityId = entity }, "b"),
            (new AgentRunQuery { RoomId = room, EntityId = _entity }, "a"),
            (new AgentRunQuery { RoomId = _room, EntityId = entity }, "a"),
            (new AgentRunQuery { From = Past.AddSeconds(11), To = Past.AddSeconds(19) }, "b"),
            (new AgentRunQuery { From = Past.AddSeconds(13), To = Past.AddSeconds(13) }, ""),
            (new AgentRunQuery { From = Past.AddSeconds(20), To = Past.AddSeconds(20) }, "a"),
            (new AgentRunQuery { RoomId = room, From = Past.AddSeconds(15) }, ""),
            (new AgentRunQuery { EntityId = entity, To = Past.AddSeconds(13) }, ""),
        })
        {
            Assert.Equal((query, runs), (query, await RunsAsync(query)));
        }
        var run = Assert.Single((await Adapter.GetAgentRunSummariesAsync(new AgentRunQuery { RoomId = room, EntityId = entity })).Runs);
        Assert.Equal((Past.AddSeconds(12), TimeSpan.FromSeconds(2)), (run.StartedAt, run.Duration));
    }

    [Fact]
    public async Task A_filter_by_time_leaves_a_run_whole()
    {
        await SetUpAsync();
        await Adapter.CreateLogsAsync([Event(1, "a", "started", 10), Part(2, "a", 11, "action"), Event(3, "a", "completed", 20)]);

        var run = Assert.Single((await Adapter.GetAgentRunSummariesAsync(new AgentRunQuery { From = Past.AddSeconds(15) })).Runs);

        Assert.Equal((Past.AddSeconds(10), TimeSpan.FromSeconds(10), 1), (run.StartedAt, run.Duration, run.Actions));
    }

    [Fact]
    public async Task A_page_has_twenty_runs_unless_a_count_is_given_and_a_hundred_at_most()
    {
        await SetUpAsync();
        await Adapter.CreateLogsAsync([.. Enumerable.Range(1, 130).Select(i => Event(i, $"run {i}", i % 2 == 0 ? "started" : "error", i))]);

        foreach (var (query, count, total, hasMore) in new (AgentRunQuery, int, int, bool)[]
        {
            (new AgentRunQuery(), 20, 130, true),
            (new AgentRunQuery { Count = 1 }, 1, 130, true),
            (new AgentRunQuery { Count = 100 }, 100, 130, true),
            (new AgentRunQuery { Count = 1000 }, 100, 130, true),
            (new AgentRunQuery { Count = 0 }, 0, 130, true),
            (new AgentRunQuery { Count = 100, Status = RunStatus.Error }, 65, 65, false),
            (new AgentRunQuery { Count = 65, Status = RunStatus.Error }, 65, 65, false),
            (new AgentRunQuery { Count = 64, Status = RunStatus.Error }, 64, 65, true),
            (new AgentRunQuery { Count = 0, Status = RunStatus.Timeout }, 0, 0, false),
        })
        {
            var page = await Adapter.GetAgentRunSummariesAsync(query);
            Assert.Equal((query, count, total, hasMore), (query, page.Runs.Count, page.Total, page.HasMore));
        }
        Assert.Equal("run 130,run 129", await RunsAsync(new AgentRunQuery { Count = 2 }));
        await Assert.ThrowsAsync<InvalidInputException>(() => RunsAsync(new AgentRunQuery { Count = -1 }));
    }

    [Fact]
    public async Task A_run_of_more_entries_than_elizaOS_reads_is_counted_whole()
    {
        await SetUpAsync();
        await Adapter.CreateLogsAsync(
        [
            Event(1, "old", "started", 0), Event(2, "old", "completed", 1),
            Event(3, "long", "started", 2),
            .. Enumerable.Range(10, 500).Select(i => Part(i, "long", 3, i % 2 == 0 ? "action" : "useModel:TEXT_SMALL")),
            Event(4, "long", "completed", 4),
        ]);

        var page = await Adapter.GetAgentRunSummariesAsync(new AgentRunQuery());

        Assert.Equal((2, 2, false), (page.Runs.Count, page.Total, page.HasMore));
        Assert.Equal(("long", 250, 250), (page.Runs[0].RunId, page.Runs[0].Actions, page.Runs[0].ModelCalls));
        Assert.Equal(TimeSpan.FromSeconds(2), page.Runs[0].Duration);
        Assert.Equal(("old", RunStatus.Completed), (page.Runs[1].RunId, page.Runs[1].Status));
    }

    [Fact]
    public async Task Runs_are_those_of_this_agents_rooms()
    {
        await SetUpAsync();
        var others = await NewRoomAsync(Other);
        await Adapter.CreateLogsAsync([Event(1, "mine", "started", 1), Event(2, "others", "started", 2) with { RoomId = others }]);

        Assert.Equal("mine", await RunsAsync(new AgentRunQuery()));
        Assert.Equal("others", Assert.Single((await Other.GetAgentRunSummariesAsync(new AgentRunQuery())).Runs).RunId);
    }

    [Fact]
    public async Task Entries_without_a_run_and_runs_without_an_event_are_no_runs()
    {
        await SetUpAsync();
        await Adapter.CreateLogsAsync(
        [
            Part(1, "only parts", 1, "action"), Make(2, 2, "run_event"),
            Make(3, 3, "run_event") with { Body = new LogBody(Json.Parse("""{"runId":7,"status":"started"}""")) },
        ]);

        var page = await Adapter.GetAgentRunSummariesAsync(new AgentRunQuery());

        Assert.Equal((0, 0, false), (page.Runs.Count, page.Total, page.HasMore));
    }
}
