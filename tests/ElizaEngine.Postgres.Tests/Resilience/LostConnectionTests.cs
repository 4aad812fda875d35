using Npgsql;
using Xunit;

namespace ElizaEngine.Postgres.Tests.Resilience;

/// <summary>
/// The connection is cut around one trip of one call, before the server hears of it or after it has committed: nothing is written
/// twice, nothing that was acknowledged is lost, and an answer is the one that an undisturbed call gives, or says that it is none.
/// </summary>
[Trait("Stage", "Postgres")]
public sealed class LostConnectionTests : FaultTest
{
    private const int PoolSize = 3;

    public static TheoryData<object> Cuts => [Fault.BeforeTheServer, Fault.AfterTheServer];

    private async Task<(FaultProxy Proxy, IDatabaseAdapter Adapter)> OpenThroughProxyAsync(int attempts = 3)
    {
        var proxy = StartProxy();
        var adapter = await OpenAdapterAsync(
            settings =>
            {
                Through(proxy)(settings);
                settings.MaxPoolSize = PoolSize;
            },
            options => options with { Retry = Quick(attempts) });
        return (proxy, adapter);
    }

    [Theory]
    [MemberData(nameof(Cuts))]
    public async Task A_memory_is_stored_once_and_reported_as_created(object cut)
    {
        var (proxy, adapter) = await OpenThroughProxyAsync();
        await using var _ = proxy;
        proxy.Arm("INSERT INTO public.memories", (Fault)cut);
        var memory = NewMemory();

        var results = await adapter.CreateMemoriesAsync([memory, memory, NewMemory()], "messages");

        Assert.True(proxy.HasStruck);
        Assert.Equal([CreateOutcome.Created, CreateOutcome.Existed, CreateOutcome.Created], results.Select(result => result.Outcome));
        Assert.Equal(2, await ReadAsync<long>("SELECT count(*) FROM memories"));
        await UseConnectionsAsync(adapter, PoolSize);
    }

    [Theory]
    [MemberData(nameof(Cuts))]
    public async Task The_first_vector_sets_the_dimension_once(object cut)
    {
        // Several trips, and a commit of its own.
        var (proxy, adapter) = await OpenThroughProxyAsync();
        await using var _ = proxy;
        proxy.Arm("COMMIT", (Fault)cut);

        var memory = NewMemory() with { Embedding = new float[] { 1, 2, 3 } };
        var result = Assert.Single(await adapter.CreateMemoriesAsync([memory], "messages"));

        Assert.True(proxy.HasStruck);
        Assert.Equal((CreateOutcome.Created, true), (result.Outcome, result.Unique));
        var stored = await adapter.GetMemoryByIdAsync(result.Id);
        Assert.Equal([1f, 2, 3], stored!.Embedding!.Value.ToArray());
        Assert.Equal(1, await ReadAsync<long>("SELECT count(*) FROM eliza_engine.embeddings"));
        await UseConnectionsAsync(adapter, PoolSize);
    }

    [Theory]
    [MemberData(nameof(Cuts))]
    public async Task What_a_create_reports_does_not_depend_on_the_attempt(object cut)
    {
        var (proxy, adapter) = await OpenThroughProxyAsync();
        await using var _ = proxy;
        await adapter.CreateEntitiesAsync([new Entity { Id = AgentId, Names = ["a"] }, new Entity { Id = RoomId, Names = ["b"] }]);
        await adapter.CreateWorldAsync(new World { Id = AgentId });

        foreach (var table in new[] { "agents", "entities", "worlds", "rooms", "components", "relationships", "tasks", "logs", "memories", "participants" })
        {
            Guid[] ids = [Guid.NewGuid(), Guid.NewGuid()];
            // The first one is there, of an earlier hour; the second one is new.
            await CreateAsync(adapter, table, ids[..1], DateTimeOffset.UnixEpoch);
            proxy.Arm($"INSERT INTO public.{table}", (Fault)cut);

            CreateOutcome[] outcomes = [.. (await CreateAsync(adapter, table, ids, null)).Select(result => result.Outcome)];

            Assert.True(proxy.HasStruck);
            Assert.True(outcomes is [CreateOutcome.Existed, CreateOutcome.Created], $"{table}: {string.Join(", ", outcomes)}");
            var id = table == "participants" ? "entity_id" : "id";
            Assert.Equal(2, await ReadAsync<long>($"SELECT count(*) FROM {table} WHERE {id} IN ('{ids[0]}', '{ids[1]}')"));
        }
    }

    private static async Task<IReadOnlyList<CreateResult>> CreateAsync(IDatabaseAdapter adapter, string table, Guid[] ids, DateTimeOffset? time)
    {
        switch (table)
        {
            case "agents": return await adapter.CreateAgentsAsync([.. ids.Select(id => new Agent { Id = id, Name = "x", CreatedAt = time })]);
            case "entities": return await adapter.CreateEntitiesAsync([.. ids.Select(id => new Entity { Id = id, Names = ["x"], CreatedAt = time })]);
            case "worlds": return await adapter.CreateWorldsAsync([.. ids.Select(id => new World { Id = id, CreatedAt = time })]);
            case "rooms": return await adapter.CreateRoomsAsync([.. ids.Select(id => new Room { Id = id, Source = "s", Type = "t", CreatedAt = time })]);
            case "components":
                return await adapter.CreateComponentsAsync(
                    [.. ids.Select(id => new Component { Id = id, EntityId = AgentId, RoomId = RoomId, Type = "t", CreatedAt = time })]);
            case "relationships":
                // Each pair has one.
                return await adapter.CreateRelationshipsAsync([.. ids.Select((id, i) =>
                    new Relationship { Id = id, SourceEntityId = AgentId, TargetEntityId = i == 0 ? RoomId : AgentId, CreatedAt = time })]);
            case "tasks": return await adapter.CreateTasksAsync([.. ids.Select(id => new AgentTask { Id = id, Name = "x", WorldId = AgentId, CreatedAt = time })]);
            case "logs":
                return await adapter.CreateLogsAsync(
                    [.. ids.Select(id => new LogEntry { Id = id, EntityId = AgentId, RoomId = RoomId, Type = "t", CreatedAt = time })]);
            case "participants":
                await adapter.CreateEntitiesAsync([.. ids.Select(id => new Entity { Id = id, Names = ["x"] })]);
                return await adapter.AddParticipantsAsync(ids, RoomId);
            default:
                var memories = await adapter.CreateMemoriesAsync([.. ids.Select(id => NewMemory(id) with { CreatedAt = time })], "messages");
                return [.. memories.Select(result => new CreateResult(result.Id, result.Outcome))];
        }
    }

    [Theory]
    [MemberData(nameof(Cuts))]
    public async Task What_an_upsert_reports_does_not_depend_on_the_attempt(object cut)
    {
        var (proxy, adapter) = await OpenThroughProxyAsync();
        await using var _ = proxy;
        Guid[] ids = [Guid.NewGuid(), Guid.NewGuid()];
        await adapter.CreateWorldAsync(new World { Id = ids[0], Name = "old", CreatedAt = DateTimeOffset.UnixEpoch });
        proxy.Arm("INSERT INTO public.worlds", (Fault)cut);

        var results = await adapter.UpsertWorldsAsync(
            [new World { Id = ids[0], Name = "new" }, new World { Id = ids[1], Name = "one" }, new World { Id = ids[1], Name = "two" }]);

        Assert.Equal([CreateOutcome.Existed, CreateOutcome.Created, CreateOutcome.Existed], results.Select(result => result.Outcome));
        Assert.Equal(["new", "two"], (await adapter.GetWorldsByIdsAsync(ids)).OrderBy(world => world.Id == ids[1]).Select(world => world.Name));
    }

    [Theory]
    [MemberData(nameof(Cuts))]
    public async Task An_update_and_a_set_are_made_again(object cut)
    {
        var (proxy, adapter) = await OpenThroughProxyAsync();
        await using var _ = proxy;
        proxy.Arm("UPDATE public.rooms", (Fault)cut);
        Assert.Equal(1, await adapter.UpdateRoomsAsync([new RoomUpdate(RoomId) { Name = "changed" }]));

        proxy.Arm("INSERT INTO public.cache", (Fault)cut);
        Assert.True(await adapter.SetCacheAsync("key", Json.From(7)));

        Assert.Equal("changed", (await adapter.GetRoomAsync(RoomId))!.Name);
        Assert.Equal(Json.From(7), await adapter.GetCacheAsync("key"));
    }

    [Theory]
    [InlineData("SELECT count(*) FROM public.memories")]
    [InlineData("SELECT id")]
    public async Task A_read_is_made_again(string trip)
    {
        var (proxy, adapter) = await OpenThroughProxyAsync();
        await using var _ = proxy;
        await adapter.CreateMemoryAsync(NewMemory(), "messages");

        foreach (var cut in new[] { Fault.BeforeTheServer, Fault.AfterTheServer })
        {
            proxy.Arm(trip, cut);
            Assert.Equal(1, await adapter.CountMemoriesAsync(new MemoryQuery("messages")));
            Assert.Single(await adapter.GetAgentsAsync());
        }
        await UseConnectionsAsync(adapter, PoolSize);
    }

    [Theory]
    [MemberData(nameof(Cuts))]
    public async Task A_removal_that_counts_is_not_made_again_and_says_that_nobody_knows(object cut)
    {
        var (proxy, adapter) = await OpenThroughProxyAsync();
        await using var _ = proxy;
        var id = await adapter.CreateMemoryAsync(NewMemory(), "messages");
        proxy.Arm("DELETE FROM public.memories", (Fault)cut);

        var error = await FailsAsync<CommitOutcomeUnknownException>(() => adapter.DeleteMemoriesAsync([id]));

        Assert.True(proxy.HasStruck);
        Assert.IsType<NpgsqlException>(error.InnerException);
        Assert.Equal((Fault)cut == Fault.BeforeTheServer, await adapter.GetMemoryByIdAsync(id) is not null);
        await UseConnectionsAsync(adapter, PoolSize);
    }

    [Theory]
    [MemberData(nameof(Cuts))]
    public async Task A_write_that_could_not_be_made_again_says_that_nobody_knows(object cut)
    {
        var (proxy, adapter) = await OpenThroughProxyAsync(attempts: 1);
        await using var _ = proxy;
        proxy.Arm("INSERT INTO public.memories", (Fault)cut);
        var id = Guid.NewGuid();

        await FailsAsync<CommitOutcomeUnknownException>(() => adapter.CreateMemoriesAsync([NewMemory(id)], "messages"));

        Assert.Equal((Fault)cut == Fault.AfterTheServer, await adapter.GetMemoryByIdAsync(id) is not null);
    }

    [Fact]
    public async Task A_later_refusal_does_not_hide_that_the_first_attempt_may_have_been_done()
    {
        var (proxy, adapter) = await OpenThroughProxyAsync();
        await using var _ = proxy;
        await adapter.GetAgentsAsync();
        proxy.Arm("INSERT INTO public.memories", Fault.AfterTheServer);
        // Whoever comes back is not let in.
        await ExecuteAsync("""
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN IF (SELECT count(*) FROM memories) > 0 THEN RAISE EXCEPTION 'no more' USING ERRCODE = 'P0001'; END IF; RETURN NULL; END $$;
            CREATE TRIGGER refuse BEFORE INSERT ON memories FOR EACH STATEMENT EXECUTE FUNCTION refuse()
            """);

        var error = await FailsAsync<CommitOutcomeUnknownException>(() => adapter.CreateMemoriesAsync([NewMemory()], "messages"));

        Assert.Equal("P0001", Assert.IsType<PostgresException>(error.InnerException).SqlState);
        Assert.Equal(1, await ReadAsync<long>("SELECT count(*) FROM memories"));
    }

    [Fact]
    public async Task A_write_that_the_server_still_holds_is_not_overtaken_by_its_own_second_attempt()
    {
        // The network keeps the first attempt back, and delivers it when the second one and a later write are acknowledged.
        var (proxy, adapter) = await OpenThroughProxyAsync();
        await using var _ = proxy;
        await adapter.SetCacheAsync("key", Json.From("old"));
        proxy.Arm("INSERT INTO public.cache", Fault.Held);

        await adapter.SetCacheAsync("key", Json.From("first"));
        Assert.True(proxy.HasStruck);
        await adapter.SetCacheAsync("key", Json.From("second"));
        await proxy.ReleaseAsync();

        Assert.Equal(Json.From("second"), await adapter.GetCacheAsync("key"));
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("pg_signal_backend", true)]
    [InlineData("pg_signal_backend, pg_read_all_stats", true)]
    public async Task A_write_that_the_server_still_holds_is_not_overtaken_when_the_login_acts_as_another_role(string rights, bool mayEndSessions)
    {
        // The session was looked for under the name of the role, was not found, and was believed to be over.
        var (login, role) = ($"login_{Guid.NewGuid():N}", $"role_{Guid.NewGuid():N}");
        await ExecuteAsync($"""
            CREATE ROLE {role}; CREATE ROLE {login} LOGIN PASSWORD 'of a test' IN ROLE {role};
            GRANT ALL ON ALL TABLES IN SCHEMA public, eliza_engine TO {role}; GRANT USAGE ON SCHEMA eliza_engine TO {role}
            """);
        if (rights.Length > 0) await ExecuteAsync($"GRANT {rights} TO {role}");
        await using var proxy = StartProxy();
        var adapter = await OpenAdapterAsync(
            settings =>
            {
                Through(proxy)(settings);
                settings.Username = login;
                settings.Password = "of a test";
                settings.Options = $"-c role={role}";
            },
            options => options with { Migrate = false });
        await adapter.SetCacheAsync("key", Json.From("old"));
        proxy.Arm("INSERT INTO public.cache", Fault.Held);

        var error = await Record.ExceptionAsync(() => adapter.SetCacheAsync("key", Json.From("first")).WaitAsync(Patience));
        Assert.True(proxy.HasStruck);
        await adapter.SetCacheAsync("key", Json.From("second"));
        await proxy.ReleaseAsync();

        // Who may not end the session is told that the write may still come.
        if (!mayEndSessions) Assert.IsType<CommitOutcomeUnknownException>(error);
        else Assert.Null(error);
        if (mayEndSessions) Assert.Equal(Json.From("second"), await adapter.GetCacheAsync("key"));
        await ExecuteAsync($"DROP OWNED BY {role}; DROP OWNED BY {login}; DROP ROLE {login}; DROP ROLE {role}");
    }

    [Theory]
    [MemberData(nameof(Cuts))]
    public async Task A_commit_of_a_transaction_that_is_lost_says_that_nobody_knows_and_its_body_is_not_run_again(object cut)
    {
        var (proxy, adapter) = await OpenThroughProxyAsync();
        await using var _ = proxy;
        proxy.Arm("COMMIT", (Fault)cut);
        var runs = 0;

        await FailsAsync<CommitOutcomeUnknownException>(() => adapter.TransactionAsync(
            (session, token) =>
            {
                runs++;
                return session.SetCacheAsync([new("key", Json.From(1))], token);
            },
            attempts: 5));

        Assert.True(proxy.HasStruck);
        Assert.Equal(1, runs);
        Assert.Equal((Fault)cut == Fault.AfterTheServer, await adapter.GetCacheAsync("key") is not null);
        await UseConnectionsAsync(adapter, PoolSize);
    }

    [Theory]
    [MemberData(nameof(Cuts))]
    public async Task A_connection_lost_inside_a_transaction_ends_it_and_nothing_is_stored(object cut)
    {
        var (proxy, adapter) = await OpenThroughProxyAsync();
        await using var _ = proxy;
        proxy.Arm("INSERT INTO public.worlds", (Fault)cut);
        ConnectionFailedException? inside = null;

        var error = await FailsAsync<ConnectionFailedException>(() => adapter.TransactionAsync(async (session, token) =>
        {
            await session.SetCacheAsync([new("key", Json.From(1))], token);
            inside = await FailsAsync<ConnectionFailedException>(() => session.CreateWorldsAsync([new World()], token));
            // The body goes on as if nothing had happened; the transaction does not.
            Assert.Same(inside, await FailsAsync<ConnectionFailedException>(() => session.GetAllWorldsAsync(token)));
        }));

        Assert.Same(inside, error);
        Assert.Null(await adapter.GetCacheAsync("key"));
        Assert.Empty(await adapter.GetAllWorldsAsync());
        await UseConnectionsAsync(adapter, PoolSize);
    }

    [Fact]
    public async Task A_transaction_whose_connection_is_lost_before_its_commit_is_run_again_on_request()
    {
        var (proxy, adapter) = await OpenThroughProxyAsync();
        await using var _ = proxy;
        proxy.Arm("INSERT INTO public.cache", Fault.AfterTheServer);
        var runs = 0;

        await adapter.TransactionAsync(
            (session, token) =>
            {
                runs++;
                return session.SetCacheAsync([new("key", Json.From(runs))], token);
            },
            attempts: 2);

        Assert.Equal(2, runs);
        Assert.Equal(Json.From(2), await adapter.GetCacheAsync("key"));
    }

    [Fact]
    public async Task A_connection_that_goes_while_a_body_does_not_use_it_is_noticed_at_its_next_call_or_at_the_commit()
    {
        var adapter = await OpenAdapterAsync();
        const string kill = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'faults'";

        await FailsAsync<ConnectionFailedException>(() => adapter.TransactionAsync(async (session, token) =>
        {
            await session.SetCacheAsync([new("key", Json.From(1))], token);
            await ExecuteAsync(kill);
            await session.GetAllWorldsAsync(token);
        }));
        await FailsAsync<DatabaseException>(() => adapter.TransactionAsync(async (session, token) =>
        {
            await session.SetCacheAsync([new("key", Json.From(1))], token);
            await ExecuteAsync(kill);
        }));

        Assert.Null(await adapter.GetCacheAsync("key"));
    }

    [Fact]
    public async Task A_transaction_that_only_read_has_nothing_to_lose()
    {
        var (proxy, adapter) = await OpenThroughProxyAsync();
        await using var _ = proxy;
        proxy.Arm("COMMIT", Fault.BeforeTheServer);

        Assert.Single(await adapter.TransactionAsync((session, token) => session.GetAgentsAsync(token)));
    }
}
