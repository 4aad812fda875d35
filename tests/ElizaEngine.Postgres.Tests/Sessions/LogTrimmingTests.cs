using ElizaEngine.Postgres.Tests.Infrastructure;
using ElizaEngine.Postgres.Tests.Migrations;
using Npgsql;
using Xunit;

namespace ElizaEngine.Postgres.Tests.Sessions;

/// <summary>
/// However large a log is, each statement that trims it is small, so that none of them takes longer than a call may: a single one
/// over hundreds of megabytes was stopped by <c>CommandTimeout</c>, removed nothing, and met as much the next time.
/// </summary>
[Trait("Stage", "Postgres")]
public sealed class LogTrimmingTests : IAsyncLifetime
{
    // What one statement looks at.
    private const int PageRows = 1_000;
    private const int PageBytes = 1 << 20;

    private const string Letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

    private static readonly Guid s_id = Guid.Parse("aaaaaaaa-0000-4000-8000-000000000001");

    private TestDatabase? _server;
    private PostgresDatabase? _database;

    private IDatabaseAdapter Adapter => _database!.ForAgent(s_id);

    private string ConnectionString => _server!.ConnectionString;

    public async ValueTask InitializeAsync()
    {
        _server = await PostgresBackend.CreateMigratedAsync();
        _database = await PostgresDatabase.OpenAsync(new PostgresDatabaseOptions { ConnectionString = ConnectionString });
        await Adapter.CreateAgentAsync(new Agent { Id = s_id, Name = "Ada" });
        await Adapter.CreateEntityAsync(new Entity { Id = s_id, Names = ["Ada"] });
        await Adapter.CreateRoomAsync(new Room { Id = s_id, Source = "test", Type = ChannelTypes.Group });
    }

    public async ValueTask DisposeAsync()
    {
        if (_database is not null) await _database.DisposeAsync();
        if (_server is not null) await _server.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_newest_that_fit_stay_wherever_a_page_ends(bool isTransaction)
    {
        // Several entries of one moment; small ones, of which a page has many, before large ones, of which it has few.
        var ordered = await StoreAsync((2 * PageRows) + 300, number => number % 100 == 7 ? 150_000 : 20 + (number % 50));
        long[] bytes = [0, .. ordered.Select(BytesOf)];
        for (var i = 1; i < bytes.Length; i++) bytes[i] += bytes[i - 1];

        var left = ordered.Count;
        int[] steps = [left, left - 1, (2 * PageRows) + 1, 2 * PageRows, (2 * PageRows) - 1, PageRows + 9, PageRows, PageRows - 1, 8, 1, 0];
        foreach (var kept in steps)
        {
            // One byte less than the next one would need.
            var retention = new LogRetention { MaxBytes = kept == ordered.Count ? bytes[kept] : bytes[kept + 1] - 1 };
            var removed = isTransaction
                ? await Adapter.TransactionAsync((session, token) => session.TrimLogsAsync(retention, token))
                : await Adapter.TrimLogsAsync(retention);
            Assert.Equal(left - kept, removed);
            Assert.Equal(ordered.Take(kept).Select(entry => entry.Id), await IdsAsync());
            left = kept;
        }
    }

    [Fact]
    public async Task The_strictest_of_several_limits_decides()
    {
        var ordered = await StoreAsync(PageRows + 200, _ => 1_000);
        long size = BytesOf(ordered[0]);
        // Half a minute before the clock comes to the next one.
        var age = _database!.Options.TimeProvider.GetUtcNow() - ordered[600].CreatedAt!.Value - TimeSpan.FromSeconds(30);

        Assert.Equal(100, await Adapter.TrimLogsAsync(new LogRetention { MaxBytes = (PageRows + 150) * size, MaxCount = PageRows + 100 }));
        Assert.Equal(100, await Adapter.TrimLogsAsync(new LogRetention { MaxBytes = PageRows * size, MaxCount = PageRows + 50 }));
        await Adapter.TrimLogsAsync(new LogRetention { MaxBytes = PageRows * size, MaxCount = PageRows, MaxAge = age });
        Assert.Equal(600, await Adapter.CountLogsAsync(new LogQuery()));
        Assert.Equal(100, await Adapter.TrimLogsAsync(new LogRetention { MaxBytes = 500 * size, MaxCount = 550, MaxAge = age }));
        Assert.Equal(ordered.Take(500).Select(entry => entry.Id), await IdsAsync());
    }

    [Fact]
    public async Task What_stays_is_measured_in_pages_and_what_goes_is_not_read()
    {
        const int Entries = 300;
        const int Bytes = 20_000;
        await StoreAsync(Entries, _ => Bytes);

        using (var all = new CountedQueries(ConnectionString))
        {
            Assert.Equal(0, await Adapter.TrimLogsAsync(new LogRetention { MaxBytes = long.MaxValue }));
            Assert.True(MeasuringIn(all) > Entries * Bytes / (PageBytes + Bytes), $"{MeasuringIn(all)} statements measured all entries.");
        }
        using var few = new CountedQueries(ConnectionString);
        Assert.Equal(Entries - 3, await Adapter.TrimLogsAsync(new LogRetention { MaxBytes = 4 * Bytes }));
        Assert.Equal(1, MeasuringIn(few));
    }

    [Theory]
    [InlineData(2_500, 10)]
    [InlineData(300, 20_000)]
    public async Task What_goes_goes_in_steps(int entries, int bytes)
    {
        await StoreAsync(entries, _ => bytes);
        await ExecuteAsync("""
            CREATE TABLE steps (rows bigint, bytes bigint);
            CREATE FUNCTION note_step() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                INSERT INTO public.steps SELECT count(*), sum(pg_column_size(body)) FROM gone HAVING count(*) > 0;
                RETURN NULL;
            END $$;
            CREATE TRIGGER note_step AFTER DELETE ON logs REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION note_step()
            """);

        Assert.Equal(entries - 1, await Adapter.TrimLogsAsync(new LogRetention { MaxCount = 1 }));

        await using var command = Source.CreateCommand("SELECT sum(rows)::int, max(rows)::int, max(bytes)::int FROM steps");
        await using var steps = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        Assert.True(await steps.ReadAsync(TestContext.Current.CancellationToken));
        Assert.Equal(entries - 1, steps.GetInt32(0));
        Assert.InRange(steps.GetInt32(1), 1, PageRows);
        Assert.InRange(steps.GetInt32(2), 1, PageBytes + (2 * bytes) + 100);
    }

    private NpgsqlDataSource Source => (NpgsqlDataSource)Adapter.GetConnection(typeof(NpgsqlDataSource))!;

    // Without the blank in the server's own spelling.
    private static long BytesOf(LogEntry entry) => entry.Body.Json.Utf8.Length - entry.Body.Json.Utf8.Span.Count((byte)' ');

    private static int MeasuringIn(CountedQueries queries) =>
        queries.Commands.Count(command => command.Contains("octet_length", StringComparison.Ordinal));

    private ValueTask<List<Guid>> IdsAsync() => Adapter.StreamLogsAsync(new LogQuery()).Select(entry => entry.Id).ToListAsync();

    /// <summary>Stores entries whose bodies have so many random letters, which no server packs well. Returns all, newest first.</summary>
    private async Task<List<LogEntry>> StoreAsync(int entries, Func<int, int> letters)
    {
        var now = _database!.Options.TimeProvider.GetUtcNow();
        var random = new Random(1);
        foreach (var numbers in Enumerable.Range(0, entries).Chunk(500))
        {
            await Adapter.CreateLogsAsync([.. numbers.Select(number => new LogEntry
            {
                Type = "test",
                EntityId = s_id,
                RoomId = s_id,
                CreatedAt = now.AddMinutes(-(number / 3)),
                Body = new LogBody { ["text"] = Json.From(new string(random.GetItems<char>(Letters, letters(number)))) },
            })]);
        }
        return await Adapter.StreamLogsAsync(new LogQuery()).ToListAsync();
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = Source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
