using Xunit;

namespace ElizaEngine.Conformance;

/// <summary>
/// Transactions: what they see, what others see of them, who wins, and that nothing is half done. Where two write the same,
/// the body first reads, then lets the other commit, then writes: so no backend need wait for anybody.
/// </summary>
public abstract class TransactionConformance : ConformanceTest
{
    private const string Messages = "messages";

    // What others see.

    [Fact]
    public async Task Nobody_sees_what_is_not_committed_and_everybody_what_is()
    {
        await RememberAsync(1, "old");
        await RememberAsync(2, "old");
        var room = new Room { Source = "test", Type = ChannelTypes.Dm };

        async Task AssertSeenAsync(bool committed)
        {
            foreach (var adapter in new[] { Adapter, Other })
            {
                Assert.Equal(committed ? "new" : "old", await TextAsync(adapter, 1));
                Assert.Equal(committed ? null : "old", await TextAsync(adapter, 2));
                Assert.Equal(committed ? "new" : null, await TextAsync(adapter, 3));
                AssertIds(await adapter.GetMemoriesAsync(new MemoryQuery(Messages)), committed ? [Id(3), Id(1)] : [Id(2), Id(1)]);
                Assert.Equal(2, await adapter.CountMemoriesAsync(new MemoryQuery(Messages)));
            }
            AssertIds(await Adapter.SearchMemoriesAsync(new MemorySearch(Messages, Vector(1, 2, 3))), committed ? [Id(3)] : []);
            Assert.Equal(committed, await Adapter.GetRoomAsync(room.Id) is not null);
            Assert.Equal(committed ? Json.From(1) : null, await Adapter.GetCacheAsync("key"));
            Assert.Equal(committed ? 3 : null, await Adapter.GetEmbeddingDimensionAsync());
        }

        await Adapter.TransactionAsync(async (session, token) =>
        {
            await session.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Content = Content.FromText("new") }, token);
            await session.DeleteMemoryAsync(Id(2), token);
            await session.CreateRoomAsync(room, token);
            await session.CreateMemoryAsync(Said(3, "new") with { RoomId = room.Id, Embedding = Vector(1, 2, 3) }, Messages, cancellationToken: token);
            await session.SetCacheAsync("key", Json.From(1), cancellationToken: token);
            await AssertSeenAsync(committed: false);
        });

        await AssertSeenAsync(committed: true);
    }

    [Fact]
    public async Task A_transaction_returns_what_its_body_returns_and_knows_its_agent()
    {
        Assert.Equal(42, await Adapter.TransactionAsync((_, _) => Task.FromResult(42)));
        Assert.Equal(OtherAgentId, await Other.TransactionAsync((session, _) => Task.FromResult(session.AgentId)));
    }

    // What it sees itself.

    [Fact]
    public async Task A_transaction_reads_its_own_memories_by_id_query_count_stream_room_and_world()
    {
        var room = await NewRoomAsync(worldId: Id(50));
        await Adapter.CreateMemoriesAsync([Said(1, "old") with { RoomId = room }, Said(2, "old") with { RoomId = room }], Messages);

        await Adapter.TransactionAsync(async (session, token) =>
        {
            var created = await session.CreateMemoriesAsync([Said(3, "new") with { RoomId = room }, Said(1, "again")], Messages, token);
            Assert.Equal([CreateOutcome.Created, CreateOutcome.Existed], created.Select(result => result.Outcome).ToArray());
            Assert.True(await session.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Content = Content.FromText("new") }, token));
            Assert.True(await session.DeleteMemoryAsync(Id(2), token));
            Assert.False(await session.DeleteMemoryAsync(Id(2), token));
            Assert.False(await session.UpdateMemoryAsync(new MemoryUpdate(Id(2)) { Content = Content.FromText("new") }, token));
            Assert.True(await session.UpdateMemoryAsync(new MemoryUpdate(Id(3)) { Metadata = new MemoryMetadata { Source = "new" } }, token));

            Assert.Equal("new", await TextAsync(session, 1));
            Assert.Null(await TextAsync(session, 2));
            Assert.Equal("new", (await session.GetMemoryByIdAsync(Id(3), cancellationToken: token))!.Metadata!.Source);
            Guid[] expected = [Id(3), Id(1)];
            AssertIds(await session.GetMemoriesByIdsAsync([Id(1), Id(2), Id(3)], cancellationToken: token), expected);
            AssertIds(await session.GetMemoriesAsync(new MemoryQuery(Messages), token), expected);
            AssertIds(await session.GetMemoriesAsync(new MemoryQuery(Messages) { RoomId = room, Count = 1 }, token), Id(3));
            AssertIds(await session.GetMemoriesAsync(new MemoryQuery(Messages) { RoomId = room, Offset = 1 }, token), Id(1));
            AssertIds(await session.StreamMemoriesAsync(new MemoryQuery(Messages), token).ToListAsync(token), expected);
            AssertIds(await session.GetMemoriesByRoomIdsAsync([room], Messages, cancellationToken: token), expected);
            AssertIds(await session.GetMemoriesByWorldIdAsync(Id(50), cancellationToken: token), expected);
            Assert.Equal(2, await session.CountMemoriesAsync(new MemoryQuery(Messages) { RoomId = room }, token));

            Assert.Equal(0, await session.DeleteAllMemoriesAsync(room, "facts", token));
            Assert.Equal(2, await session.DeleteAllMemoriesAsync(room, Messages, token));
            Assert.Equal(0, await session.CountMemoriesAsync(new MemoryQuery(Messages), token));
            await session.CreateMemoryAsync(Said(2, "anew"), Messages, cancellationToken: token);
            Assert.Equal("anew", await TextAsync(session, 2));
        });

        Assert.Equal("anew", Assert.Single(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages))).Content.Text);
    }

    [Fact]
    public async Task A_transaction_searches_among_its_own_vectors_as_they_are_now()
    {
        await Adapter.CreateMemoriesAsync(
            [.. Enumerable.Range(1, 4).Select(i => Said(i, "here") with { Embedding = AtCosine(1 - (0.1 * i)), Unique = true })], Messages);
        var search = new MemorySearch(Messages, Vector(1, 0, 0));

        await Adapter.TransactionAsync(async (session, token) =>
        {
            await session.CreateMemoryAsync(Said(5, "here") with { Embedding = AtCosine(0.75) }, Messages, cancellationToken: token);
            await session.DeleteMemoryAsync(Id(1), token);
            await session.UpdateMemoryAsync(new MemoryUpdate(Id(2)) { Embedding = AtCosine(-0.5) }, token);
            await session.UpdateMemoryAsync(new MemoryUpdate(Id(3)) { Embedding = Vector(0, 0, 0) }, token);
            await session.UpdateMemoryAsync(new MemoryUpdate(Id(4)) { Content = Content.FromText("new") }, token);

            var found = await session.SearchMemoriesAsync(search, token);
            AssertIds(found, Id(5), Id(4), Id(2));
            Assert.Equal("new", found[1].Content.Text);
            Assert.Equal(-0.5f, found[2].Similarity!.Value, 1e-6f);
            AssertIds(await session.SearchMemoriesAsync(search with { Count = 1 }, token), Id(5));
            AssertIds(await session.SearchMemoriesAsync(search with { Threshold = 0.7f }, token), Id(5));
            AssertIds(await session.SearchMemoriesAsync(search with { Mode = SearchMode.Exact, Count = 2 }, token), Id(5), Id(4));
            var cached = await session.GetCachedEmbeddingsAsync(new CachedEmbeddingQuery(Messages, "here", "text", 0, 10), token);
            Assert.Equal([AtCosine(0.75), AtCosine(-0.5)], cached.Select(one => one.Embedding.ToArray()).ToArray());
        });

        AssertIds(await Adapter.SearchMemoriesAsync(search), Id(5), Id(4), Id(2));
    }

    [Fact]
    public async Task A_transaction_reads_its_own_rows_of_every_other_store()
    {
        Guid world = Id(60), room = Id(61), entity = Id(62), friend = Id(63);
        await Adapter.TransactionAsync(async (session, token) =>
        {
            await session.CreateWorldAsync(new World { Id = world, Name = "world" }, token);
            await session.CreateRoomAsync(new Room { Id = room, Source = "test", Type = ChannelTypes.Dm, WorldId = world }, token);
            await session.CreateEntitiesAsync([new Entity { Id = entity, Names = ["one"] }, new Entity { Id = friend, Names = ["two"] }], token);
            await session.AddParticipantsAsync([entity, friend], room, token);
            await session.SetParticipantUserStateAsync(room, entity, ParticipantUserState.Muted, token);
            await session.CreateComponentAsync(new Component { Id = Id(64), EntityId = entity, RoomId = room, Type = "profile" }, token);
            await session.CreateRelationshipAsync(new Relationship { Id = Id(65), SourceEntityId = entity, TargetEntityId = friend }, token);
            await session.CreateTaskAsync(new AgentTask { Id = Id(66), Name = "task", WorldId = world }, token);
            await session.LogAsync(new LogEntry { Id = Id(67), EntityId = entity, RoomId = room, Type = "action" }, token);
            await session.SetCacheAsync("key", Json.From(1), cancellationToken: token);
            await session.SetCacheAsync("key", Json.From(2), cancellationToken: token);
            await session.UpdateAgentAsync(new AgentUpdate(AgentId) { Name = "Eve" }, token);

            Assert.Equal("world", (await session.GetWorldAsync(world, token))!.Name);
            Assert.Equal(world, Assert.Single(await session.GetAllWorldsAsync(token)).Id);
            Assert.Equal(room, (await session.GetRoomAsync(room, token))!.Id);
            Assert.Equal(room, Assert.Single(await session.GetRoomsByWorldAsync(world, token)).Id);
            Assert.Equal([entity, friend], await session.GetParticipantsForRoomAsync(room, token));
            Assert.Equal(room, Assert.Single(await session.GetParticipantsForEntityAsync(entity, token)).RoomId);
            Assert.Equal([room], await session.GetRoomsForParticipantAsync(friend, token));
            Assert.True(await session.IsRoomParticipantAsync(room, entity, token));
            Assert.Equal(ParticipantUserState.Muted, await session.GetParticipantUserStateAsync(room, entity, token));
            var inRoom = await session.GetEntitiesForRoomAsync(room, includeComponents: true, token);
            Assert.Equal([entity, friend], inRoom.Select(one => one.Id));
            Assert.Equal(Id(64), Assert.Single(inRoom[0].Components!).Id);
            Assert.Equal(entity, Assert.Single(await session.GetEntitiesByNamesAsync(["one"], cancellationToken: token)).Id);
            Assert.Equal(Id(64), (await session.GetComponentAsync(entity, "profile", cancellationToken: token))!.Id);
            Assert.Equal(Id(65), (await session.GetRelationshipAsync(entity, friend, token))!.Id);
            Assert.False(await session.CreateRelationshipAsync(new Relationship { SourceEntityId = entity, TargetEntityId = friend }, token));
            Assert.Equal(Id(66), Assert.Single(await session.GetTasksByNameAsync("task", token)).Id);
            Assert.Equal(Id(67), Assert.Single(await session.GetLogsAsync(new LogQuery { RoomId = room }, token)).Id);
            Assert.Equal(Json.From(2), await session.GetCacheAsync("key", token));
            Assert.Equal("Eve", (await session.GetAgentAsync(AgentId, token))!.Name);
            Assert.Equal(2, await session.CountAgentsAsync(token));
        });
        Assert.Equal([entity, friend], await Adapter.GetParticipantsForRoomAsync(room));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_deletion_inside_takes_the_rows_that_hang_on_it_old_and_own(bool entityInsteadOfRoom)
    {
        Guid room = await NewRoomAsync(), entity = await NewEntityAsync();
        await Adapter.AddParticipantAsync(entity, room);
        await Adapter.CreateMemoryAsync(Said(1, "old") with { RoomId = room, EntityId = entity, Embedding = Vector(1, 0, 0) }, Messages);

        await Adapter.TransactionAsync(async (session, token) =>
        {
            await session.CreateMemoryAsync(Said(2, "new") with { RoomId = room, EntityId = entity, Embedding = Vector(1, 0, 0) }, Messages, cancellationToken: token);
            await session.CreateMemoryAsync(Said(3, "kept") with { Embedding = Vector(0, 1, 0) }, Messages, cancellationToken: token);
            if (entityInsteadOfRoom) Assert.True(await session.DeleteEntityAsync(entity, token));
            else Assert.True(await session.DeleteRoomAsync(room, token));

            AssertIds(await session.GetMemoriesAsync(new MemoryQuery(Messages), token), Id(3));
            AssertIds(await session.GetMemoriesAsync(new MemoryQuery(Messages) { RoomId = room }, token));
            AssertIds(await session.SearchMemoriesAsync(new MemorySearch(Messages, Vector(1, 0, 0)), token), Id(3));
            Assert.Empty(await session.GetParticipantsForRoomAsync(room, token));
            AssertIds(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages), token), Id(1));
        });

        AssertIds(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages)), Id(3));
        AssertIds(await Adapter.SearchMemoriesAsync(new MemorySearch(Messages, Vector(1, 0, 0))), Id(3));
        Assert.Empty(await Adapter.GetParticipantsForRoomAsync(room));
    }

    [Fact]
    public async Task A_document_deleted_inside_takes_its_fragments_old_and_own()
    {
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), Metadata = new MemoryMetadata { Type = MemoryTypes.Document, Timestamp = At(0) } }, "documents");
        var fragment = new MemoryMetadata { Type = MemoryTypes.Fragment, DocumentId = Id(1), Position = 0 };
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(2), Metadata = fragment }, "knowledge");

        await Adapter.TransactionAsync(async (session, token) =>
        {
            await session.CreateMemoryAsync(new Memory { Id = Id(3), Metadata = fragment }, "knowledge", cancellationToken: token);
            Assert.Equal(3, await session.DeleteMemoriesAsync([Id(1)], token));
            Assert.Empty(await session.GetMemoriesAsync(new MemoryQuery("knowledge"), token));
        });

        Assert.Empty(await Adapter.GetMemoriesByIdsAsync([Id(1), Id(2), Id(3)]));
    }

    // Snapshot.

    [Fact]
    public async Task A_transaction_sees_one_point_in_time()
    {
        await RememberAsync(1, "old");
        await RememberAsync(2, "old");
        await Adapter.SetCacheAsync("key", Json.From(1));

        await Adapter.TransactionAsync(async (session, token) =>
        {
            Assert.Equal(2, await session.CountMemoriesAsync(new MemoryQuery(Messages), token));

            await Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Content = Content.FromText("new"), Embedding = Vector(1, 2, 3) }, token);
            await Adapter.DeleteMemoryAsync(Id(2), token);
            await RememberAsync(3, "new");
            await Adapter.SetCacheAsync("key", Json.From(2), cancellationToken: token);

            Assert.Equal("old", await TextAsync(session, 1));
            Assert.Equal("old", await TextAsync(session, 2));
            Assert.Null(await TextAsync(session, 3));
            AssertIds(await session.GetMemoriesAsync(new MemoryQuery(Messages), token), Id(2), Id(1));
            AssertIds(await session.StreamMemoriesAsync(new MemoryQuery(Messages), token).ToListAsync(token), Id(2), Id(1));
            Assert.Empty(await session.SearchMemoriesAsync(new MemorySearch(Messages, Vector(1, 2, 3)), token));
            Assert.Equal(Json.From(1), await session.GetCacheAsync("key", token));
        });

        AssertIds(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages)), Id(3), Id(1));
    }

    [Fact]
    public async Task The_point_in_time_is_the_one_at_which_the_body_began()
    {
        await Adapter.TransactionAsync(async (session, token) =>
        {
            await RememberAsync(1, "new");
            Assert.Null(await TextAsync(session, 1));
        });
        Assert.Equal("new", await TextAsync(Adapter, 1));
    }

    [Fact]
    public async Task A_transaction_that_only_reads_never_conflicts()
    {
        await RememberAsync(1, "old");

        var texts = await Adapter.TransactionAsync(async (session, token) =>
        {
            var before = await TextAsync(session, 1);
            await Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Content = Content.FromText("new") }, token);
            return (before, await TextAsync(session, 1));
        });

        Assert.Equal(("old", "old"), texts);
        Assert.Equal("new", await TextAsync(Adapter, 1));
    }

    [Fact]
    public async Task Inside_a_transaction_near_duplicates_of_its_own_rows_are_seen()
    {
        await Adapter.TransactionAsync(async (session, token) =>
        {
            var first = await session.CreateMemoriesAsync([new Memory { Id = Id(1), Embedding = Vector(1, 0, 0) }], Messages, token);
            var second = await session.CreateMemoriesAsync([new Memory { Id = Id(2), Embedding = AtCosine(0.96) }, new Memory { Id = Id(3), Embedding = AtCosine(0.5) }], Messages, token);
            Assert.Equal([true, false, true], first.Concat(second).Select(result => result.Unique).ToArray());
            await session.DeleteMemoriesAsync([Id(1), Id(2)], token);
            Assert.True(Assert.Single(await session.CreateMemoriesAsync([new Memory { Id = Id(4), Embedding = Vector(1, 0, 0) }], Messages, token)).Unique);
        });

        var stored = await Adapter.GetMemoriesAsync(new MemoryQuery(Messages) { UniqueOnly = true });
        AssertIds(stored, Id(4), Id(3));
    }

    // All or nothing.

    [Fact]
    public async Task An_exception_leaves_nothing_behind_and_comes_out_as_it_is()
    {
        var room = await NewRoomAsync();
        await Adapter.CreateMemoryAsync(Said(1, "old") with { RoomId = room, Embedding = Vector(1, 0, 0) }, Messages);
        await RememberAsync(2, "old");
        await Adapter.SetCacheAsync("key", Json.From(1));
        var before = await Adapter.GetMemoriesAsync(new MemoryQuery(Messages));
        var failure = new InvalidTimeZoneException("the body's own");
        var runs = 0;

        var thrown = await Assert.ThrowsAsync<InvalidTimeZoneException>(() => Adapter.TransactionAsync(
            async (session, token) =>
            {
                runs++;
                await session.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Content = Content.FromText("new"), Embedding = Vector(0, 1, 0) }, token);
                await session.DeleteMemoryAsync(Id(2), token);
                await session.CreateMemoryAsync(Said(3, "new") with { Embedding = Vector(0, 1, 0) }, Messages, cancellationToken: token);
                await session.CreateEntityAsync(new Entity { Id = Id(70) }, token);
                await session.AddParticipantAsync(Id(70), room, token);
                await session.SetCacheAsync("key", Json.From(2), cancellationToken: token);
                await session.EnsureEmbeddingDimensionAsync(9, token);
                await session.DeleteRoomAsync(room, token);
                throw failure;
            },
            attempts: 5));

        Assert.Same(failure, thrown);
        Assert.Equal(1, runs);
        Assert.Equal(before, await Adapter.GetMemoriesAsync(new MemoryQuery(Messages)));
        Assert.Null(await Adapter.GetMemoryByIdAsync(Id(3)));
        Assert.Null(await Adapter.GetEntityByIdAsync(Id(70)));
        Assert.NotNull(await Adapter.GetRoomAsync(room));
        Assert.Empty(await Adapter.GetParticipantsForRoomAsync(room));
        Assert.Equal(Json.From(1), await Adapter.GetCacheAsync("key"));
        Assert.Equal(3, await Adapter.GetEmbeddingDimensionAsync());
        AssertIds(await Adapter.SearchMemoriesAsync(new MemorySearch(Messages, Vector(0, 1, 0)) { Threshold = 0.5f }));
        if (Backend.Persists)
        {
            await CrashAndReopenAsync();
            Assert.Equal(before, await Adapter.GetMemoriesAsync(new MemoryQuery(Messages)));
            Assert.NotNull(await Adapter.GetRoomAsync(room));
        }
    }

    [Fact]
    public async Task A_call_that_is_refused_inside_fails_the_transaction_when_the_body_lets_it_out()
    {
        var error = await Assert.ThrowsAsync<ReferenceNotFoundException>(() => Adapter.TransactionAsync(async (session, token) =>
        {
            await session.CreateMemoryAsync(Said(1, "new"), Messages, cancellationToken: token);
            await session.CreateMemoryAsync(Said(2, "new") with { RoomId = Id(99) }, Messages, cancellationToken: token);
        }));

        Assert.Equal(Id(99), error.Id);
        Assert.Equal(0, await Adapter.CountMemoriesAsync(new MemoryQuery(Messages)));
    }

    [Fact]
    public async Task A_dimension_set_inside_holds_inside_and_after_the_commit_only()
    {
        async Task SetAsync(IDatabaseSession session, CancellationToken token)
        {
            Assert.Null(await session.GetEmbeddingDimensionAsync(token));
            await session.CreateMemoryAsync(Said(1, "new") with { Embedding = Vector(1, 2, 3) }, Messages, cancellationToken: token);
            Assert.Equal(3, await session.GetEmbeddingDimensionAsync(token));
        }

        await Assert.ThrowsAsync<InvalidTimeZoneException>(() => Adapter.TransactionAsync(async (session, token) =>
        {
            await SetAsync(session, token);
            throw new InvalidTimeZoneException();
        }));
        Assert.Null(await Adapter.GetEmbeddingDimensionAsync());
        Assert.Empty(await Adapter.SearchMemoriesAsync(new MemorySearch(Messages, Vector(1, 2))));

        await Adapter.TransactionAsync(SetAsync);
        Assert.Equal(3, await Adapter.GetEmbeddingDimensionAsync());
    }

    [Fact]
    public async Task A_transaction_that_loses_the_race_for_the_first_dimension_stores_nothing()
    {
        var error = await Record.ExceptionAsync(() => Adapter.TransactionAsync(async (session, token) =>
        {
            Assert.Null(await session.GetEmbeddingDimensionAsync(token));
            await Adapter.CreateMemoryAsync(Said(1, "first") with { Embedding = Vector(1, 2, 3) }, Messages, cancellationToken: token);
            await session.CreateMemoryAsync(Said(2, "second") with { Embedding = Vector(1, 2) }, Messages, cancellationToken: token);
        }));

        Assert.True(error is TransactionConflictException or DimensionMismatchException, $"{error}");
        Assert.Equal(3, await Adapter.GetEmbeddingDimensionAsync());
        AssertIds(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages)), Id(1));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_committed_transaction_over_several_stores_is_there_whole_after_reopening(bool crash)
    {
        if (!Backend.Persists) return;
        Guid room = Id(80), entity = Id(81);
        await RememberAsync(1, "old");
        await Adapter.TransactionAsync(async (session, token) =>
        {
            await session.CreateRoomAsync(new Room { Id = room, Source = "test", Type = ChannelTypes.Dm }, token);
            await session.CreateEntityAsync(new Entity { Id = entity, Names = ["one"] }, token);
            await session.AddParticipantAsync(entity, room, token);
            await session.CreateMemoryAsync(Said(2, "new") with { RoomId = room, EntityId = entity, Embedding = Vector(1, 2, 3) }, Messages, cancellationToken: token);
            await session.DeleteMemoryAsync(Id(1), token);
            await session.SetCacheAsync("key", Json.From(1), cancellationToken: token);
            await session.LogAsync(new LogEntry { Id = Id(82), EntityId = entity, RoomId = room, Type = "action" }, token);
            await session.CreateTaskAsync(new AgentTask { Id = Id(83), Name = "task", WorldId = Id(84) }, token);
        });

        if (crash) await CrashAndReopenAsync();
        else await ReopenAsync();

        Assert.NotNull(await Adapter.GetRoomAsync(room));
        Assert.Equal([entity], await Adapter.GetParticipantsForRoomAsync(room));
        AssertIds(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages)), Id(2));
        AssertIds(await Adapter.SearchMemoriesAsync(new MemorySearch(Messages, Vector(1, 2, 3))), Id(2));
        Assert.Equal(Json.From(1), await Adapter.GetCacheAsync("key"));
        Assert.Equal(Id(82), Assert.Single(await Adapter.GetLogsAsync(new LogQuery())).Id);
        Assert.NotNull(await Adapter.GetTaskAsync(Id(83)));
    }

    [Fact]
    [Trait("Speed", "Slow")]
    public async Task A_transaction_of_five_thousand_writes_commits_whole_or_not_at_all()
    {
        var room = await NewRoomAsync();
        async Task WriteAsync(IDatabaseSession session, CancellationToken token)
        {
            for (var batch = 0; batch < 40; batch++)
            {
                await session.CreateMemoriesAsync(
                    [.. Enumerable.Range(batch * 100, 100).Select(i => Said(i, $"row {i}") with { RoomId = room, Unique = true, Embedding = Vector(1, i, 0) })], Messages, token);
            }
            for (var i = 0; i < 1_000; i++) Assert.True(await session.UpdateMemoryAsync(new MemoryUpdate(Id(i)) { Content = Content.FromText($"new {i}") }, token));
            Assert.Equal(4_000, await session.CountMemoriesAsync(new MemoryQuery(Messages) { RoomId = room }, token));
        }

        await Assert.ThrowsAsync<InvalidTimeZoneException>(() => Adapter.TransactionAsync(async (session, token) =>
        {
            await WriteAsync(session, token);
            throw new InvalidTimeZoneException();
        }));
        Assert.Equal(0, await Adapter.CountMemoriesAsync(new MemoryQuery(Messages)));

        await Adapter.TransactionAsync(WriteAsync);
        if (Backend.Persists) await CrashAndReopenAsync();
        var stored = await Adapter.GetMemoriesAsync(new MemoryQuery(Messages) { RoomId = room });
        Assert.Equal(Enumerable.Range(0, 4_000).Reverse().Select(i => (Id(i), i < 1_000 ? $"new {i}" : $"row {i}")), stored.Select(row => (row.Id, row.Content.Text!)));
    }

    // Conflicts.

    [Fact]
    public async Task Of_two_that_change_one_row_the_first_to_commit_wins_and_nothing_of_the_other_is_stored()
    {
        await RememberAsync(1, "old");

        await AssertConflictAsync(async (session, token) =>
        {
            Assert.Equal("old", await TextAsync(session, 1));
            await session.CreateMemoryAsync(Said(2, "loser"), Messages, cancellationToken: token);
            await Adapter.TransactionAsync(
                async (winner, _) => Assert.True(await winner.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Content = Content.FromText("winner") }, token)), 1, token);
            await session.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Content = Content.FromText("loser") }, token);
        });

        Assert.Equal("winner", await TextAsync(Adapter, 1));
        AssertIds(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages)), Id(1));
    }

    [Fact]
    public async Task A_plain_write_wins_over_a_transaction_that_commits_later()
    {
        await RememberAsync(1, "old");

        await AssertConflictAsync(async (session, token) =>
        {
            Assert.Equal("old", await TextAsync(session, 1));
            await Other.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Content = Content.FromText("winner") }, token);
            await session.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Content = Content.FromText("loser") }, token);
        });

        Assert.Equal("winner", await TextAsync(Adapter, 1));
    }

    /// <summary>A random history found this: a write of the cache sweeps values away whose life is over.</summary>
    [Fact]
    public async Task A_cached_value_whose_life_was_over_is_nobodys_row()
    {
        await Adapter.SetCacheAsync("set again", Json.From(1), TimeSpan.FromSeconds(1));
        await Adapter.SetCacheAsync("deleted", Json.From(1), TimeSpan.FromSeconds(1));
        await Adapter.SetCacheAsync("set and deleted", Json.From(1), TimeSpan.FromSeconds(1));
        Time.Advance(TimeSpan.FromSeconds(2));

        await Adapter.TransactionAsync(async (session, token) =>
        {
            Assert.Empty(await session.GetCacheAsync(["set again", "deleted"], token));
            // More than a sweep in rounds needs.
            for (var i = 0; i < 10; i++) await Adapter.SetCacheAsync([new CacheEntry($"other {i}", Json.From(i))], token);
            // Each twice, as what it wrote itself is not over.
            foreach (var value in (int[])[1, 2]) await session.SetCacheAsync([new CacheEntry("set again", Json.From(value))], token);
            await session.SetCacheAsync([new CacheEntry("set and deleted", Json.From(2))], token);
            Assert.Equal(1, await session.DeleteCacheAsync(["set and deleted"], token));
            Assert.Equal(0, await session.DeleteCacheAsync(["deleted"], token));
        });
        Assert.Equal(Json.From(2), await Adapter.GetCacheAsync("set again"));
        Assert.Null(await Adapter.GetCacheAsync("set and deleted"));

        // Who sets it anew has made it a row again.
        await Adapter.SetCacheAsync("set again", Json.From(3), TimeSpan.FromSeconds(1));
        Time.Advance(TimeSpan.FromSeconds(2));
        await AssertConflictAsync(async (session, token) =>
        {
            Assert.Empty(await session.GetCacheAsync(["set again"], token));
            await Adapter.SetCacheAsync([new CacheEntry("set again", Json.From(4))], token);
            await session.SetCacheAsync([new CacheEntry("set again", Json.From(5))], token);
        });
        Assert.Equal(Json.From(4), await Adapter.GetCacheAsync("set again"));
    }

    [Fact(Timeout = 300_000)]
    public async Task A_transaction_holds_no_lock_while_its_body_runs_so_a_plain_write_wins_even_over_an_earlier_one_inside()
    {
        await RememberAsync(1, "old");

        await AssertConflictAsync(async (session, token) =>
        {
            await session.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Content = Content.FromText("loser") }, token);
            Assert.True(await Other.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Content = Content.FromText("winner") }, token));
            Assert.Equal("winner", await TextAsync(Other, 1));
            Assert.Equal("loser", await TextAsync(session, 1));
        });

        Assert.Equal("winner", await TextAsync(Adapter, 1));
    }

    [Fact]
    public async Task Transactions_that_change_different_rows_both_commit()
    {
        await RememberAsync(1, "old");
        await RememberAsync(2, "old");

        await Adapter.TransactionAsync(async (session, token) =>
        {
            Assert.Equal("old", await TextAsync(session, 1));
            await Adapter.TransactionAsync(
                async (other, _) => Assert.True(await other.UpdateMemoryAsync(new MemoryUpdate(Id(2)) { Content = Content.FromText("second") }, token)), 1, token);
            Assert.True(await session.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Content = Content.FromText("first") }, token));
        });

        Assert.Equal("first", await TextAsync(Adapter, 1));
        Assert.Equal("second", await TextAsync(Adapter, 2));
    }

    [Fact]
    public async Task Of_two_that_create_one_id_the_first_to_commit_wins()
    {
        await AssertConflictAsync(async (session, token) =>
        {
            Assert.Null(await TextAsync(session, 1));
            await RememberAsync(1, "winner");
            await session.CreateMemoryAsync(Said(1, "loser"), Messages, cancellationToken: token);
            await session.CreateMemoryAsync(Said(2, "loser"), Messages, cancellationToken: token);
        });

        Assert.Equal("winner", await TextAsync(Adapter, 1));
        AssertIds(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages)), Id(1));
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Deleting_a_row_is_a_change_of_it(bool firstDeletes, bool secondDeletes)
    {
        await RememberAsync(1, "old");
        static async Task ChangeAsync(IDatabaseSession session, bool delete, string text, CancellationToken token)
        {
            if (delete) Assert.True(await session.DeleteMemoryAsync(Id(1), token));
            else Assert.True(await session.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Content = Content.FromText(text) }, token));
        }

        await AssertConflictAsync(async (session, token) =>
        {
            Assert.Equal("old", await TextAsync(session, 1));
            await ChangeAsync(Adapter, firstDeletes, "winner", token);
            await ChangeAsync(session, secondDeletes, "loser", token);
        });

        Assert.Equal(firstDeletes ? null : "winner", await TextAsync(Adapter, 1));
    }

    [Theory]
    [InlineData("memory in a room")]
    [InlineData("memory of an entity")]
    [InlineData("participant")]
    [InlineData("component")]
    [InlineData("relationship")]
    [InlineData("log")]
    public async Task A_reference_to_a_row_deleted_meanwhile_fails_the_commit(string what)
    {
        Guid room = await NewRoomAsync(), entity = await NewEntityAsync(), friend = await NewEntityAsync();
        var deleteRoom = what is "memory in a room" or "log";

        var error = await Record.ExceptionAsync(() => Adapter.TransactionAsync(async (session, token) =>
        {
            Assert.NotNull(await session.GetRoomAsync(room, token));
            Assert.True(deleteRoom ? await Adapter.DeleteRoomAsync(room, token) : await Adapter.DeleteEntityAsync(entity, token));
            await (what switch
            {
                "memory in a room" => session.CreateMemoryAsync(Said(1, "new") with { RoomId = room }, Messages, cancellationToken: token),
                "memory of an entity" => session.CreateMemoryAsync(Said(1, "new") with { EntityId = entity }, Messages, cancellationToken: token),
                "participant" => session.AddParticipantAsync(entity, room, token),
                "component" => session.CreateComponentAsync(new Component { EntityId = friend, SourceEntityId = entity, RoomId = room, Type = "profile" }, token),
                "relationship" => session.CreateRelationshipAsync(new Relationship { SourceEntityId = friend, TargetEntityId = entity }, token),
                _ => session.LogAsync(new LogEntry { EntityId = friend, RoomId = room, Type = "action" }, token),
            });
        }));

        Assert.True(error is ReferenceNotFoundException or TransactionConflictException, $"{error}");
        Assert.Null(await Adapter.GetMemoryByIdAsync(Id(1)));
        Assert.Empty(await Adapter.GetParticipantsForRoomAsync(room));
        Assert.Empty(await Adapter.GetComponentsAsync(new ComponentQuery(friend)));
        Assert.Empty(await Adapter.GetRelationshipsAsync(new RelationshipQuery()));
        Assert.Empty(await Adapter.GetLogsAsync(new LogQuery()));
    }

    [Fact]
    public async Task A_room_deleted_inside_leaves_no_memory_behind_that_came_meanwhile()
    {
        var room = await NewRoomAsync();

        var error = await Record.ExceptionAsync(() => Adapter.TransactionAsync(async (session, token) =>
        {
            Assert.NotNull(await session.GetRoomAsync(room, token));
            await Adapter.CreateMemoryAsync(Said(1, "new") with { RoomId = room }, Messages, cancellationToken: token);
            Assert.True(await session.DeleteRoomAsync(room, token));
        }));

        Assert.True(error is null or TransactionConflictException, $"{error}");
        var roomIsThere = await Adapter.GetRoomAsync(room) is not null;
        Assert.Equal(error is not null, roomIsThere);
        Assert.Equal(roomIsThere ? "new" : null, await TextAsync(Adapter, 1));
    }

    [Theory]
    [InlineData("relationship", false)]
    [InlineData("relationship", true)]
    [InlineData("memory", false)]
    [InlineData("memory", true)]
    [InlineData("participant", true)]
    [InlineData("component", false)]
    [InlineData("log", true)]
    public async Task A_row_that_a_transaction_removes_with_another_may_have_gone_already(string what, bool withAnother)
    {
        Guid room = await NewRoomAsync(), entity = await NewEntityAsync(), friend = await NewEntityAsync();
        await Adapter.CreateRelationshipAsync(new Relationship { Id = Id(2), SourceEntityId = entity, TargetEntityId = friend });
        await Adapter.CreateMemoryAsync(Said(1, "old") with { EntityId = friend, RoomId = room }, Messages);
        await Adapter.AddParticipantAsync(friend, room);
        await Adapter.CreateComponentAsync(new Component { Id = Id(3), EntityId = friend, SourceEntityId = entity, RoomId = room, Type = "profile" });
        await Adapter.LogAsync(new LogEntry { EntityId = friend, RoomId = room, Type = "action" });

        await Adapter.TransactionAsync(async (session, token) =>
        {
            Assert.Equal("old", await TextAsync(session, 1));
            Assert.True(await ((what, withAnother) switch
            {
                ("relationship", false) => DeleteRelationshipAsync(token),
                ("relationship", true) => Adapter.DeleteEntityAsync(entity, token),
                ("memory", false) => Adapter.DeleteMemoryAsync(Id(1), token),
                ("component", _) => Adapter.DeleteComponentAsync(Id(3), token),
                _ => Adapter.DeleteRoomAsync(room, token),
            }));
            Assert.True(await session.DeleteEntityAsync(friend, token));
        });

        Assert.Empty(await Adapter.GetEntitiesByIdsAsync([friend]));
        Assert.Null(await TextAsync(Adapter, 1));
        Assert.Empty(await Adapter.GetRelationshipsAsync(new RelationshipQuery()));
        Assert.Empty(await Adapter.GetParticipantsForRoomAsync(room));
        Assert.Empty(await Adapter.GetComponentsAsync(new ComponentQuery(friend)));
        Assert.Empty(await Adapter.GetLogsAsync(new LogQuery()));

        async Task<bool> DeleteRelationshipAsync(CancellationToken token) => await Adapter.DeleteRelationshipsAsync([Id(2)], token) == 1;
    }

    [Fact]
    public async Task A_vector_that_comes_while_a_transaction_changes_the_content_is_not_lost()
    {
        await RememberAsync(1, "old");

        var error = await Record.ExceptionAsync(() => Adapter.TransactionAsync(async (session, token) =>
        {
            Assert.Equal("old", await TextAsync(session, 1));
            await Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Embedding = Vector(1, 2, 3) }, token);
            Assert.True(await session.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Content = Content.FromText("new") }, token));
        }));

        // A backend may keep the vector in a row of its own, or with the content, where the two conflict.
        Assert.True(error is null or TransactionConflictException, $"{error}");
        var found = Assert.Single(await Adapter.SearchMemoriesAsync(new MemorySearch(Messages, Vector(1, 2, 3))));
        Assert.Equal(error is null ? "new" : "old", found.Content.Text);
        Assert.Equal(Vector(1, 2, 3), found.Embedding!.Value.ToArray());
    }

    [Fact]
    public async Task A_vector_that_comes_while_a_transaction_deletes_the_memory_does_not_stay_behind()
    {
        await RememberAsync(1, "old");

        var error = await Record.ExceptionAsync(() => Adapter.TransactionAsync(async (session, token) =>
        {
            Assert.Equal("old", await TextAsync(session, 1));
            await Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Embedding = Vector(1, 2, 3) }, token);
            Assert.True(await session.DeleteMemoryAsync(Id(1), token));
        }));

        Assert.True(error is null or TransactionConflictException, $"{error}");
        Assert.Equal(error is null ? null : "old", await TextAsync(Adapter, 1));
        AssertIds(await Adapter.SearchMemoriesAsync(new MemorySearch(Messages, Vector(1, 2, 3))), error is null ? [] : [Id(1)]);
        await RememberAsync(1, "anew");
        Assert.Equal(error is not null, (await Adapter.GetMemoryByIdAsync(Id(1)))!.Embedding.HasValue);
    }

    [Fact]
    public async Task Who_adds_a_participant_that_came_meanwhile_loses()
    {
        Guid room = await NewRoomAsync(), entity = await NewEntityAsync();

        await AssertConflictAsync(async (session, token) =>
        {
            Assert.Empty(await session.GetParticipantsForRoomAsync(room, token));
            await Adapter.AddParticipantAsync(entity, room, token);
            await session.AddParticipantAsync(entity, room, token);
            await session.CreateMemoryAsync(Said(1, "loser"), Messages, cancellationToken: token);
        });

        Assert.Single(await Adapter.GetParticipantsForEntityAsync(entity));
        Assert.Null(await TextAsync(Adapter, 1));
    }

    [Fact]
    public async Task Who_creates_a_relationship_that_came_meanwhile_loses()
    {
        Guid source = await NewEntityAsync(), target = await NewEntityAsync();

        await AssertConflictAsync(async (session, token) =>
        {
            Assert.Null(await session.GetRelationshipAsync(source, target, token));
            await Adapter.CreateRelationshipAsync(new Relationship { Id = Id(1), SourceEntityId = source, TargetEntityId = target }, token);
            await session.CreateRelationshipAsync(new Relationship { Id = Id(2), SourceEntityId = source, TargetEntityId = target }, token);
        });

        Assert.Equal(Id(1), Assert.Single(await Adapter.GetRelationshipsAsync(new RelationshipQuery { SourceEntityId = source })).Id);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_sets_a_cache_key_that_was_set_meanwhile_loses(bool keyWasThere)
    {
        if (keyWasThere) await Adapter.SetCacheAsync("key", Json.From("old"));

        await AssertConflictAsync(async (session, token) =>
        {
            Assert.Equal(keyWasThere, await session.GetCacheAsync("key", token) is not null);
            await Adapter.SetCacheAsync("key", Json.From("winner"), cancellationToken: token);
            await session.SetCacheAsync("key", Json.From("loser"), cancellationToken: token);
            await session.SetCacheAsync("other key", Json.From("loser"), cancellationToken: token);
        });

        Assert.Equal(Json.From("winner"), await Adapter.GetCacheAsync("key"));
        Assert.Null(await Adapter.GetCacheAsync("other key"));
    }

    [Fact]
    public async Task Equal_keys_of_two_agents_do_not_conflict()
    {
        await Adapter.TransactionAsync(async (session, token) =>
        {
            Assert.Null(await session.GetCacheAsync("key", token));
            await Other.SetCacheAsync("key", Json.From("other"), cancellationToken: token);
            await session.SetCacheAsync("key", Json.From("own"), cancellationToken: token);
        });

        Assert.Equal(Json.From("own"), await Adapter.GetCacheAsync("key"));
        Assert.Equal(Json.From("other"), await Other.GetCacheAsync("key"));
    }

    // Attempts.

    [Fact]
    public async Task The_body_is_run_again_on_request_and_sees_what_won()
    {
        await Adapter.SetCacheAsync("key", Json.From(1));
        var runs = 0;

        var result = await Adapter.TransactionAsync(
            async (session, token) =>
            {
                var value = (long)(await session.GetCacheAsync("key", token))!.ToElement().GetInt64();
                if (++runs < 3) await Adapter.SetCacheAsync("key", Json.From(value + 10), cancellationToken: token);
                await session.SetCacheAsync("key", Json.From(value + 1), cancellationToken: token);
                return value;
            },
            attempts: 5);

        Assert.Equal(3, runs);
        Assert.Equal(21, result);
        Assert.Equal(Json.From(22), await Adapter.GetCacheAsync("key"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task The_body_is_run_no_more_often_than_asked(int attempts)
    {
        await RememberAsync(1, "old");
        var runs = 0;

        await Assert.ThrowsAsync<TransactionConflictException>(() => Adapter.TransactionAsync(
            async (session, token) =>
            {
                Assert.NotNull(await TextAsync(session, 1));
                await Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Content = Content.FromText($"winner {++runs}") }, token);
                await session.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Content = Content.FromText("loser") }, token);
            },
            attempts));

        Assert.Equal(attempts, runs);
        Assert.Equal($"winner {attempts}", await TextAsync(Adapter, 1));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public async Task Fewer_than_one_attempt_is_refused_before_the_body_runs(int attempts)
    {
        var runs = 0;
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.TransactionAsync((_, _) => Task.FromResult(++runs), attempts));
        Assert.Equal(0, runs);
    }

    // The end.

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_session_is_closed_when_its_transaction_has_ended(bool rolledBack)
    {
        IDatabaseSession? kept = null;
        var error = await Record.ExceptionAsync(() => Adapter.TransactionAsync((session, _) =>
        {
            kept = session;
            return rolledBack ? Task.FromException<int>(new InvalidTimeZoneException()) : Task.FromResult(1);
        }));
        Assert.Equal(rolledBack, error is not null);

        await Assert.ThrowsAsync<DatabaseClosedException>(() => kept!.CreateMemoryAsync(Said(1, "late"), Messages));
        await Assert.ThrowsAsync<DatabaseClosedException>(() => kept!.GetMemoryByIdAsync(Id(1)));
        await Assert.ThrowsAsync<DatabaseClosedException>(() => kept!.SetCacheAsync("key", Json.From(1)));
        await Assert.ThrowsAsync<DatabaseClosedException>(async () => await kept!.StreamMemoriesAsync(new MemoryQuery(Messages)).ToListAsync());
        Assert.Null(await TextAsync(Adapter, 1));
        await RememberAsync(1, "new");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_transaction_cancelled_inside_stores_nothing(bool callAfterwards)
    {
        using var cancellation = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.TransactionAsync(
            async (session, token) =>
            {
                await session.CreateMemoryAsync(Said(1, "new"), Messages, cancellationToken: token);
                await cancellation.CancelAsync();
                Assert.True(token.IsCancellationRequested);
                if (callAfterwards) await session.CreateMemoryAsync(Said(2, "new"), Messages, cancellationToken: token);
            },
            5,
            cancellation.Token));

        Assert.Equal(0, await Adapter.CountMemoriesAsync(new MemoryQuery(Messages)));
        await RememberAsync(1, "anew");
        Assert.Equal("anew", await TextAsync(Adapter, 1));
    }

    [Fact]
    public async Task A_transaction_cancelled_before_it_begins_does_not_run()
    {
        var runs = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.TransactionAsync((_, _) => Task.FromResult(++runs), 1, new CancellationToken(canceled: true)));
        Assert.Equal(0, runs);
    }

    private async Task AssertConflictAsync(Func<IDatabaseSession, CancellationToken, Task> body) =>
        await Assert.ThrowsAsync<TransactionConflictException>(() => Adapter.TransactionAsync(body));

    private Task<Guid> RememberAsync(int id, string text) => Adapter.CreateMemoryAsync(Said(id, text), Messages);

    private static Memory Said(int id, string text) => new() { Id = Id(id), CreatedAt = At(id), Content = Content.FromText(text) };

    private static async Task<string?> TextAsync(IDatabaseSession session, int id) => (await session.GetMemoryByIdAsync(Id(id)))?.Content.Text;

    [Fact]
    public async Task A_call_that_was_refused_inside_leaves_nothing_that_another_could_conflict_with()
    {
        var room = await NewRoomAsync();
        await Adapter.CreateMemoryAsync(new Memory { RoomId = room, Embedding = new float[] { 1, 2 } }, "messages");

        await Adapter.TransactionAsync(async (session, token) =>
        {
            await Assert.ThrowsAsync<ReferenceNotFoundException>(() => session.CreateMemoriesAsync(
                [new Memory { RoomId = room, Embedding = new float[] { 3, 4 } }, new Memory { RoomId = Id(404) }], "messages", token));
            await session.SetCacheAsync("key", Json.From(1), cancellationToken: token);
            await Adapter.EnsureEmbeddingDimensionAsync(4, token);
        });

        Assert.Equal(Json.From(1), await Adapter.GetCacheAsync("key"));
        Assert.Equal(1, await Adapter.CountMemoriesAsync(new MemoryQuery("messages")));
    }
}
