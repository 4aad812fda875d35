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
    public async Task Two_batches_in_opposite_order_both_come_through_a_deadlock()
    {
        await ExecuteAsync($"ALTER DATABASE {Name} SET deadlock_timeout = '20ms'");
        var adapter = await OpenAdapterAsync(options: s_impatient);
        Guid[] rooms = [Guid.NewGuid(), Guid.NewGuid(), RoomId];
        await adapter.CreateRoomsAsync([.. rooms[..2].Select(id => new Room { Id = id, Source = "s", Type = "t" })]);
        Task<int> UpdateAsync(string name, params int[] order) => adapter.UpdateRoomsAsync([.. order.Select(i => new RoomUpdate(rooms[i]) { Name = name })]);
        // Both hold their first room and meet at the third; from there each wants the other's.
        await using var other = await Admin.OpenConnectionAsync();
        await ExecuteOnAsync(other, $"BEGIN; SELECT FROM rooms WHERE id = '{RoomId}' FOR UPDATE");
        var one = UpdateAsync("one", 0, 2, 1);
        await UntilWaitingAsync();
        var two = UpdateAsync("two", 1, 2, 0);
        await UntilWaitingAsync(2);

        await ExecuteOnAsync(other, "ROLLBACK");
        var found = await Task.WhenAll(one, two).WaitAsync(Patience);
        Assert.Equal([3, 3], found);

        var names = (await adapter.GetRoomsByIdsAsync(rooms)).Select(room => room.Name).Distinct();
        Assert.Contains(Assert.Single(names), new[] { "one", "two" });
        await UntilAsync("the server counts the deadlock", async () =>
        {
            // A session tells what it has counted when it is used.
            await UseConnectionsAsync(adapter, 2);
            return await ReadAsync<long>("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") > 0;
        });
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
