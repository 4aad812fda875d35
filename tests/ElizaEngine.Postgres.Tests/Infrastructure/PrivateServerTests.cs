using System.Net.Sockets;
using Npgsql;
using Xunit;

namespace ElizaEngine.Postgres.Tests.Infrastructure;

[Trait("Stage", "Postgres")]
public sealed class PrivateServerTests
{
    [Fact]
    public async Task It_takes_its_settings_and_goes_when_it_is_disposed()
    {
        string connectionString;
        await using (var server = await PrivateServer.StartNewAsync("work_mem=7MB"))
        {
            connectionString = server.ConnectionString;
            Assert.Equal("7MB", await ReadAsync<string>(connectionString, "SHOW work_mem"));
            Assert.NotEqual(Environment.GetEnvironmentVariable(PostgresServer.Variable), server.Url);
        }
        await AssertNobodyListensAsync(connectionString);
    }

    [Fact]
    public async Task An_immediate_restart_cuts_sessions_and_keeps_what_was_committed()
    {
        await using var server = await PrivateServer.StartNewAsync();
        await using var connection = new NpgsqlConnection(Unpooled(server.ConnectionString));
        await connection.OpenAsync();
        await using (var command = new NpgsqlCommand("CREATE TABLE kept AS SELECT 7 AS value", connection)) await command.ExecuteNonQueryAsync();

        await server.RestartAsync(Stop.Immediate);

        await using (var command = new NpgsqlCommand("SELECT 1", connection))
            await Assert.ThrowsAnyAsync<NpgsqlException>(command.ExecuteScalarAsync);
        Assert.Equal(7, await ReadAsync<int>(server.ConnectionString, "SELECT value FROM kept"));
    }

    [Fact]
    public async Task A_stopped_server_is_started_again_on_the_same_port()
    {
        await using var server = await PrivateServer.StartNewAsync();
        await server.StopAsync(Stop.Fast);
        await AssertNobodyListensAsync(server.ConnectionString);

        await server.StartAsync();

        Assert.Equal(1, await ReadAsync<int>(server.ConnectionString, "SELECT 1"));
    }

    [Fact]
    public async Task A_paused_server_answers_only_after_it_is_resumed()
    {
        await using var server = await PrivateServer.StartNewAsync();
        await using var connection = new NpgsqlConnection(Unpooled(server.ConnectionString));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT 1", connection);
        await command.ExecuteScalarAsync();

        await server.PauseAsync();
        Task<object?> answer = command.ExecuteScalarAsync();
        await Assert.ThrowsAsync<TimeoutException>(() => answer.WaitAsync(TimeSpan.FromMilliseconds(200)));
        await server.ResumeAsync();

        Assert.Equal(1, await answer);
    }

    [Fact]
    public async Task Two_of_them_run_side_by_side()
    {
        await using var one = await PrivateServer.StartNewAsync();
        await using var other = await PrivateServer.StartNewAsync();
        await one.StopAsync(Stop.Immediate);

        Assert.Equal(1, await ReadAsync<int>(other.ConnectionString, "SELECT 1"));
    }

    [Fact]
    public async Task PgBouncer_lends_one_connection_to_two_clients()
    {
        await using var server = await PrivateServer.StartNewAsync();
        string bouncer = PostgresServer.Keywords(await server.StartBouncerAsync("default_pool_size=1"));
        await using var first = new NpgsqlConnection(Unpooled(bouncer));
        await using var second = new NpgsqlConnection(Unpooled(bouncer));
        await first.OpenAsync();
        await second.OpenAsync();

        // It is lent to a transaction, not to a session.
        Assert.Equal(await SessionAsync(first), await SessionAsync(second));
    }

    [Fact]
    public async Task PgBouncer_is_stopped_alone_or_with_its_server()
    {
        string connectionString, stopped, bouncer;
        await using (var server = await PrivateServer.StartNewAsync())
        {
            connectionString = server.ConnectionString;
            stopped = PostgresServer.Keywords(await server.StartBouncerAsync());
            Assert.Equal(1, await ReadAsync<int>(stopped, "SELECT 1"));
            await server.StopBouncerAsync();
            await AssertNobodyListensAsync(stopped);
            Assert.Equal(1, await ReadAsync<int>(connectionString, "SELECT 1"));
            bouncer = PostgresServer.Keywords(await server.StartBouncerAsync());
            Assert.Equal(1, await ReadAsync<int>(bouncer, "SELECT 1"));
        }
        await AssertNobodyListensAsync(bouncer);
        await AssertNobodyListensAsync(connectionString);
    }

    private static string Unpooled(string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString;

    private static async Task<int> SessionAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand("SELECT pg_backend_pid()", connection);
        return (int)(await command.ExecuteScalarAsync())!;
    }

    private static async Task<T?> ReadAsync<T>(string connectionString, string sql)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand(sql);
        return (T?)await command.ExecuteScalarAsync();
    }

    private static async Task AssertNobodyListensAsync(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        using var client = new TcpClient();
        await Assert.ThrowsAsync<SocketException>(() => client.ConnectAsync(settings.Host!, settings.Port));
    }
}
