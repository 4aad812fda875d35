using Npgsql;
using Xunit;

namespace ElizaEngine.Postgres.Tests.Resilience;

/// <summary>Plain calls that lose to another transaction: they are made again at once, and nobody hears of it.</summary>
[Trait("Stage", "Postgres")]
public sealed class LostRaceTests : FaultTest
{
    // Patience that a lost race must not use.
    private static readonly Func<PostgresDatabaseOptions, PostgresDatabaseOptions> s_impatient = options => options with
    {
        Retry = new PostgresRetryOptions { Attempts = 1, BaseDelay = TimeSpan.FromHours(1), MaxDelay = TimeSpan.FromHours(1) },
    };

    private string Name => new NpgsqlConnectionStringBuilder(ConnectionString).Database!;

    private static async Task ExecuteOnAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    [Fact]
    public async Task A_serialization_failure_is_run_again()
    {
        await ExecuteAsync($"ALTER DATABASE {Name} SET default_transaction_isolation = 'repeatable read'");
        var adapter = await OpenAdapterAsync(options: s_impatient);
        await using var other = await Admin.OpenConnectionAsync();
        await ExecuteOnAsync(other, $"BEGIN; UPDATE rooms SET name = 'theirs', source = 'theirs' WHERE id = '{RoomId}'");

        var update = adapter.UpdateRoomsAsync([new RoomUpdate(RoomId) { Name = "ours" }]);
        await UntilWaitingAsync();
        await ExecuteOnAsync(other, "COMMIT");

        Assert.Equal(1, await update.WaitAsync(Patience));
        var room = (await adapter.GetRoomAsync(RoomId))!;
        Assert.Equal(("ours", "theirs"), (room.Name, room.Source));
    }

    [Fact]
    public async Task A_batch_comes_through_a_deadlock()
    {
        await ExecuteAsync($"ALTER DATABASE {Name} SET deadlock_timeout = '20ms'");
        var adapter = await OpenAdapterAsync(options: s_impatient);
        Guid[] rooms = [Guid.Parse("aaaaaaaa-0000-4000-8000-000000000002"), RoomId, Guid.Parse("cccccccc-0000-4000-8000-000000000002")];
        await adapter.CreateRoomsAsync([.. rooms.Where(id => id != RoomId).Select(id => new Room { Id = id, Source = "s", Type = "t" })]);
        // Ours holds the first room and waits for the second; theirs holds the third and waits for the first. So ours closes the circle.
        await using NpgsqlConnection middle = await Admin.OpenConnectionAsync(), other = await Admin.OpenConnectionAsync();
        await ExecuteOnAsync(middle, $"BEGIN; SELECT FROM rooms WHERE id = '{RoomId}' FOR UPDATE");
        await ExecuteOnAsync(other, $"BEGIN; SET LOCAL deadlock_timeout = '1h'; UPDATE rooms SET source = 'theirs' WHERE id = '{rooms[2]}'");
        var ours = adapter.UpdateRoomsAsync([.. rooms.Select(id => new RoomUpdate(id) { Name = "ours" })]);
        await UntilWaitingAsync();
        var theirs = ExecuteOnAsync(other, $"UPDATE rooms SET source = 'theirs' WHERE id = '{rooms[0]}'; COMMIT");
        await UntilAsync("both wait", async () => await ReadAsync<long>(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == 2);

        await ExecuteOnAsync(middle, "ROLLBACK");
        await theirs.WaitAsync(Patience);
        Assert.Equal(3, await ours.WaitAsync(Patience));

        Assert.Equal(
            [("ours", "theirs"), ("ours", "test"), ("ours", "theirs")],
            (await adapter.GetRoomsByIdsAsync(rooms)).OrderBy(room => room.Id).Select(room => (room.Name, room.Source)));
        await UntilAsync("the server counts the deadlock", async () =>
        {
            // A session tells what it has counted when it is used.
            await UseConnectionsAsync(adapter, 2);
            return await ReadAsync<long>("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") > 0;
        });
    }

    [Theory]
    [InlineData("update rooms")]
    [InlineData("upsert rooms")]
    [InlineData("upsert memories")]
    [InlineData("update memories")]
    [InlineData("upsert relationships")]
    [InlineData("create relationships")]
    public async Task Batches_in_opposite_orders_wait_for_each_other_without_a_deadlock(string kind)
    {
        const int rounds = 12, size = 40;
        await using var proxy = StartProxy();
        // The reset of a connection travels with the next call, and would be counted with it.
        var adapter = await OpenAdapterAsync(
            settings =>
            {
                Through(proxy)(settings);
                settings.NoResetOnClose = true;
            },
            s_impatient);
        Guid[] ids = [.. Enumerable.Range(1, size).Select(i => Guid.Parse($"dddddddd-0000-4000-8000-{i:x12}"))];
        Room RoomOf(Guid id) => new() { Id = id, Name = "new", Source = "s", Type = "t" };
        Memory MemoryOf(Guid id) => new() { Id = id, RoomId = RoomId, Unique = true, Content = Content.FromText("new"), Embedding = new float[] { 1, 2 } };
        Relationship RelationshipOf(Guid id) => new() { Id = kind.StartsWith("create", StringComparison.Ordinal) ? Guid.NewGuid() : id, SourceEntityId = id, TargetEntityId = id };
        await adapter.CreateEntitiesAsync([.. ids.Select(id => new Entity { Id = id, Names = ["new"] })]);
        await adapter.CreateRoomsAsync([.. ids.Select(RoomOf)]);
        await adapter.CreateMemoriesAsync([.. ids.Select(MemoryOf)], "messages");
        await adapter.UpsertRelationshipsAsync([.. ids.Select(RelationshipOf)]);
        async Task<Guid[]> SendAsync(IEnumerable<Guid> order) => kind switch
        {
            "update rooms" => Counted(await adapter.UpdateRoomsAsync([.. order.Select(id => new RoomUpdate(id) { Name = "changed" })])),
            "upsert rooms" => Found(await adapter.UpsertRoomsAsync([.. order.Select(RoomOf)])),
            "upsert memories" => [.. (await adapter.UpsertMemoriesAsync([.. order.Select(MemoryOf)], "messages")).Select(result => result.Id)],
            "update memories" => Counted(await adapter.UpdateMemoriesAsync([.. order.Select(id => new MemoryUpdate(id) { Content = Content.FromText("changed"), Embedding = new float[] { 2, 1 } })])),
            "upsert relationships" => Found(await adapter.UpsertRelationshipsAsync([.. order.Select(RelationshipOf)])),
            _ => Found(await adapter.CreateRelationshipsAsync([.. order.Select(RelationshipOf)])),
        };
        Guid[] Counted(int count) => count == size ? ids : [];
        static Guid[] Found(IReadOnlyList<CreateResult> results) => [.. results.Select(result => result.Id)];
        Guid[] inOrder = [.. ids], reversed = [.. ids.Reverse()];

        for (var round = 0; round < rounds; round++)
        {
            if (kind == "create relationships")
                await adapter.DeleteRelationshipsAsync([.. (await adapter.GetRelationshipsAsync(new RelationshipQuery())).Select(relationship => relationship.Id)]);
            var before = proxy.Trips;
            var found = await Task.WhenAll(Task.Run(() => SendAsync(inOrder)), Task.Run(() => SendAsync(reversed))).WaitAsync(Patience);

            // A batch that lost to a deadlock would have been sent again.
            Assert.Equal(2, proxy.Trips - before);
            if (kind.StartsWith("update", StringComparison.Ordinal)) Assert.Equal([ids, ids], found);
            else if (kind == "create relationships") Assert.Equal(found[0], found[1].Reverse());
            else Assert.Equal([inOrder, reversed], found);
        }
    }

    [Fact]
    public async Task Many_writers_of_one_row_under_serializable_isolation_all_come_through()
    {
        await ExecuteAsync($"ALTER DATABASE {Name} SET default_transaction_isolation = 'serializable'");
        var adapter = await OpenAdapterAsync(options: s_impatient);

        await Task.WhenAll(Enumerable.Range(0, 16).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < 5; i++) Assert.True(await adapter.SetCacheAsync("key", Json.From($"{writer} {i}")));
        }))).WaitAsync(Patience);

        Assert.NotNull(await adapter.GetCacheAsync("key"));
    }

    [Fact]
    public async Task A_race_that_is_always_lost_is_a_conflict_soon()
    {
        await ExecuteAsync("""
            CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '40001'; END $$;
            CREATE TRIGGER lose BEFORE INSERT ON worlds FOR EACH ROW EXECUTE FUNCTION lose()
            """);
        var adapter = await OpenAdapterAsync(options: s_impatient);

        var error = await FailsAsync<TransactionConflictException>(() => adapter.CreateWorldAsync(new World()));

        Assert.Equal("40001", Assert.IsType<PostgresException>(error.InnerException).SqlState);
    }

    [Fact]
    public async Task A_lock_that_is_not_to_be_had_now_is_asked_for_again_after_a_pause()
    {
        await ExecuteAsync($"ALTER DATABASE {Name} SET lock_timeout = '50ms'");
        var adapter = await OpenAdapterAsync(options: options => options with { Retry = Quick(attempts: 1000) });
        var held = await LockAsync("worlds");

        var call = adapter.CreateWorldsAsync([new World { Name = "late" }]);
        await UntilWaitingAsync();
        await UntilIdleAsync();
        await UntilWaitingAsync();
        await ReleaseAsync(held);

        Assert.Equal(CreateOutcome.Created, Assert.Single(await call.WaitAsync(Patience)).Outcome);
    }
}
