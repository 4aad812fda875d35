using Npgsql;
using Xunit;

namespace ElizaEngine.Postgres.Tests.Resilience;

/// <summary>
/// Small reads that are wanted at the same time go together, and nobody can tell: each has its own answer, its own error, its own end.
/// In these tests two reads of a locked table are under way, so that all others wait.
/// </summary>
[Trait("Stage", "Postgres")]
public sealed class SharedTripsTests : FaultTest
{
    private static readonly TimeSpan s_long = TimeSpan.FromMinutes(5);

    private static Sql Rooms => Sql.Raw("SELECT count(*) FROM public.rooms");

    private static long Number(NpgsqlDataReader row) => row.GetInt64(0);

    [Fact]
    public async Task Reads_that_wait_go_in_one_trip_and_each_has_its_own_answer()
    {
        await using var proxy = StartProxy();
        var database = await OpenAsync(Through(proxy));
        using var trips = new SharedTrips(database.Runner, s_long, s_long);
        var (locked, first) = await OccupyAsync(trips);
        var before = proxy.Trips;

        var numbers = Enumerable.Range(0, 10).Select(i => trips.RowsAsync(Sql.Of($"SELECT {DbValue.Long(i)}"), Number, default)).ToArray();
        var texts = trips.RowsAsync(Sql.Raw("SELECT 'a' UNION ALL SELECT 'b'"), static row => row.GetString(0), default);
        var nothing = trips.RowsAsync(Sql.Raw("SELECT 1 WHERE false"), Number, default);
        await ReleaseAsync(locked);

        for (var i = 0; i < numbers.Length; i++) Assert.Equal([i], await numbers[i].WaitAsync(Patience));
        Assert.Equal(["a", "b"], await texts.WaitAsync(Patience));
        Assert.Empty(await nothing.WaitAsync(Patience));
        await Task.WhenAll(first).WaitAsync(Patience);
        Assert.Equal(before + 1, proxy.Trips);
    }

    [Fact]
    public async Task The_same_read_is_made_once_for_all_who_wait_for_it()
    {
        var database = await OpenAsync();
        await ExecuteAsync("CREATE SEQUENCE made");
        using var trips = new SharedTrips(database.Runner, s_long, s_long);
        var (locked, _) = await OccupyAsync(trips);
        Guid[] ids = [AgentId, RoomId];
        Task<List<long>> Ask(DbValue value) => trips.RowsAsync(Sql.Of($"SELECT nextval('made') FROM (SELECT {value}) AS given"), Number, default);

        Task<List<long>>[] same = [Ask(DbValue.Uuids([.. ids])), Ask(DbValue.Uuids([.. ids])), Ask(DbValue.Uuids([.. ids]))];
        Task<List<long>>[] others =
            [Ask(DbValue.Uuids([RoomId, AgentId])), Ask(DbValue.Uuids([AgentId])), Ask(DbValue.Uuid(AgentId)), Ask(DbValue.Int(1)), Ask(DbValue.Long(1)), Ask(DbValue.Text("1"))];
        await ReleaseAsync(locked);

        var shared = await Task.WhenAll(same).WaitAsync(Patience);
        var each = await Task.WhenAll(others).WaitAsync(Patience);
        Assert.Equal(shared[0], shared[1]);
        Assert.Equal(shared[0], shared[2]);
        // What one does with his list is not seen by another.
        Assert.NotSame(shared[0], shared[1]);
        Assert.Equal(7, each.Append(shared[0]).Select(rows => rows.Single()).Distinct().Count());
        Assert.Equal(7, await ReadAsync<long>("SELECT last_value FROM made"));
    }

    [Fact]
    public async Task An_error_is_told_to_whom_it_belongs()
    {
        var database = await OpenAsync();
        using var trips = new SharedTrips(database.Runner, s_long, s_long);
        var (locked, _) = await OccupyAsync(trips);

        var good = trips.RowsAsync(Sql.Raw("SELECT 1::bigint"), Number, default);
        var bad = trips.RowsAsync(Sql.Raw("SELECT 1 / 0"), Number, default);
        var behind = trips.RowsAsync(Sql.Raw("SELECT 2::bigint"), Number, default);
        await ReleaseAsync(locked);

        Assert.Equal([1], await good.WaitAsync(Patience));
        Assert.Equal([2], await behind.WaitAsync(Patience));
        Assert.Equal("22012", (await Assert.ThrowsAsync<StatementRefusedException>(() => bad.WaitAsync(Patience))).SqlState);
    }

    [Fact]
    public async Task Who_cancels_is_free_and_the_others_go_on()
    {
        var database = await OpenAsync();
        using var trips = new SharedTrips(database.Runner, s_long, s_long);
        var (locked, _) = await OccupyAsync(trips);
        using var source = new CancellationTokenSource();
        var read = Sql.Raw("SELECT 1::bigint");

        var cancelled = trips.RowsAsync(read, Number, source.Token);
        var goesOn = trips.RowsAsync(read, Number, default);
        await source.CancelAsync();

        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.WaitAsync(Patience));
        Assert.Equal(source.Token, error.CancellationToken);
        await ReleaseAsync(locked);
        Assert.Equal([1], await goesOn.WaitAsync(Patience));
    }

    [Fact]
    public async Task Nobody_waits_long_for_a_trip_that_takes_long()
    {
        var database = await OpenAsync();
        using var trips = new SharedTrips(database.Runner, TimeSpan.FromMilliseconds(10), s_long);
        var (locked, first) = await OccupyAsync(trips);

        // One finds both under way, or neither any more; it is answered while they still are.
        Assert.Equal([1], await trips.RowsAsync(Sql.Raw("SELECT 1::bigint"), Number, default).WaitAsync(Patience));
        Assert.DoesNotContain(first, read => read.IsCompleted);

        await ReleaseAsync(locked);
        await Task.WhenAll(first).WaitAsync(Patience);
    }

    [Fact]
    public async Task Who_shares_a_trip_with_a_read_that_takes_long_then_goes_alone()
    {
        var database = await OpenAsync();
        await ExecuteAsync("CREATE TABLE other ()");
        using var trips = new SharedTrips(database.Runner, s_long, TimeSpan.FromMilliseconds(50));
        var (locked, _) = await OccupyAsync(trips);
        await using var holder = await Admin.OpenConnectionAsync();
        await using (var command = new NpgsqlCommand("BEGIN; LOCK TABLE other IN ACCESS EXCLUSIVE MODE", holder)) await command.ExecuteNonQueryAsync();

        var held = trips.RowsAsync(Sql.Raw("SELECT count(*) FROM other"), Number, default);
        var behind = trips.RowsAsync(Sql.Raw("SELECT 1::bigint"), Number, default);
        await ReleaseAsync(locked);

        Assert.Equal([1], await behind.WaitAsync(Patience));
        Assert.False(held.IsCompleted);
        await ReleaseAsync(holder);
        Assert.Equal([0], await held.WaitAsync(Patience));
    }

    [Fact]
    public async Task However_many_come_at_once_all_are_answered()
    {
        var database = await OpenAsync();
        var adapter = database.ForAgent(AgentId);

        var reads = await Task.WhenAll(Enumerable.Range(0, 400).Select(i => Task.Run(async () =>
            i % 2 == 0 ? (await adapter.GetRoomsByIdsAsync([RoomId])).Count : (await adapter.GetWorldsByIdsAsync([RoomId, Guid.NewGuid()])).Count + 2))).WaitAsync(Patience);

        Assert.Equal(Enumerable.Range(0, 400).Select(i => i % 2 == 0 ? 1 : 2), reads);
    }

    // Two reads that wait for a table, which keeps all later ones waiting for them.
    private async Task<(NpgsqlConnection Lock, Task<List<long>>[] First)> OccupyAsync(SharedTrips trips)
    {
        var connection = await Admin.OpenConnectionAsync();
        await using (var command = new NpgsqlCommand("BEGIN; LOCK TABLE public.rooms IN ACCESS EXCLUSIVE MODE", connection)) await command.ExecuteNonQueryAsync();
        Task<List<long>>[] first = [trips.RowsAsync(Rooms, Number, default), trips.RowsAsync(Rooms, Number, default)];
        await UntilWaitingAsync(2);
        return (connection, first);
    }
}
