using ElizaEngine.Postgres.Tests.Infrastructure;
using Npgsql;
using Xunit;

namespace ElizaEngine.Postgres.Tests.Connection;

/// <summary>That a server hears what a URL says.</summary>
[Trait("Stage", "Postgres")]
public sealed class RealConnectionTests
{
    private const string HostilePassword = "p@ss/w:o?r#d %+&=\"'\\;ä$";

    [Fact]
    public async Task A_password_of_all_kinds_of_characters_opens_the_door()
    {
        var role = $"role.{Guid.NewGuid():N}";
        await PostgresServer.ExecuteAsync($"CREATE ROLE \"{role}\" LOGIN SUPERUSER PASSWORD $word${HostilePassword}$word$");
        try
        {
            await using var scratch = await Infrastructure.TestDatabase.CreateWithVectorAsync();
            var url = $"postgres://{role}:{Uri.EscapeDataString(HostilePassword)}@{Server(scratch).Host}:{Server(scratch).Port}/{scratch.Name}";
            await using (var database = await PostgresDatabase.OpenAsync(new PostgresDatabaseOptions { ConnectionString = url }))
            {
                Assert.Equal((role, "ElizaEngine", scratch.Name), await AskAsync(database, "SELECT session_user::text, current_setting('application_name'), current_database()::text"));
                Assert.EndsWith($"/{scratch.Name}", database.Address, StringComparison.Ordinal);
            }

            var wrong = await Assert.ThrowsAnyAsync<Exception>(() => PostgresDatabase.OpenAsync(new PostgresDatabaseOptions { ConnectionString = url.Replace("p%40ss", "wrong", StringComparison.Ordinal) }));
            Assert.DoesNotContain("wrong%2F", Addresses.AllTextOf(wrong), StringComparison.Ordinal);
        }
        finally
        {
            await PostgresServer.ExecuteAsync($"DROP ROLE \"{role}\"");
        }
    }

    [Fact]
    public async Task The_first_of_several_hosts_may_be_dead()
    {
        await using var scratch = await Infrastructure.TestDatabase.CreateWithVectorAsync();
        var url = $"{Url(scratch, "127.0.0.1:1,")}?connect_timeout=2&options=-c%20statement_timeout%3D7654&application_name=two%20hosts";
        await using var database = await PostgresDatabase.OpenAsync(new PostgresDatabaseOptions { ConnectionString = url });
        Assert.Equal(
            ("7654ms", "two hosts", "off"), await AskAsync(database, "SELECT current_setting('statement_timeout'), current_setting('application_name'), current_setting('transaction_read_only')"));
    }

    [Fact]
    public async Task Two_databases_of_one_string_share_their_connections_until_both_are_closed()
    {
        await using var scratch = await Infrastructure.TestDatabase.CreateWithVectorAsync();
        var options = new PostgresDatabaseOptions { ConnectionString = Url(scratch) };
        var (first, agentId) = (await PostgresDatabase.OpenAsync(options), Guid.NewGuid());
        await using var second = await PostgresDatabase.OpenAsync(options);
        Assert.Same(first.Source, second.Source);
        await first.ForAgent(agentId).CreateAgentAsync(new Agent { Id = agentId, Name = "Ada" });
        await first.DisposeAsync();
        Assert.Equal("Ada", (await second.ForAgent(agentId).GetAgentAsync(agentId))?.Name);
        await Assert.ThrowsAsync<DatabaseClosedException>(() => first.ForAgent(agentId).GetAgentAsync(agentId));
    }

    [Fact]
    public async Task Behind_a_pooler_in_transaction_mode_nothing_relies_on_a_session()
    {
        await using var server = await PrivateServer.StartNewAsync();
        await PrivateAsync(server, "CREATE EXTENSION vector");
        var url = await server.StartBouncerAsync("max_prepared_statements=0", "default_pool_size=3");
        await using var database = await PostgresDatabase.OpenAsync(new PostgresDatabaseOptions { ConnectionString = $"{url}?pgbouncer=true" });
        Assert.True(database.IsPooled);
        var agentId = Guid.NewGuid();
        var adapter = database.ForAgent(agentId);
        await adapter.CreateAgentAsync(new Agent { Id = agentId, Name = "Ada" });
        // The same statements again and again, on whatever session comes: prepared ones would be missing there.
        await Task.WhenAll(Enumerable.Range(0, 16).Select(async caller =>
        {
            for (var number = 0; number < 20; number++)
            {
                await adapter.SetCacheAsync($"key {caller} {number}", Json.From(number));
                Assert.Equal(Json.From(number), await adapter.GetCacheAsync($"key {caller} {number}"));
            }
        }));
        await using var statements = database.Source.CreateCommand("SELECT count(*) FROM pg_prepared_statements");
        Assert.Equal(0L, await statements.ExecuteScalarAsync());
    }

    [Fact]
    public async Task Statistics_count_every_kind_of_row_and_the_bytes()
    {
        await using var scratch = await Infrastructure.TestDatabase.CreateWithVectorAsync();
        await using var database = await PostgresDatabase.OpenAsync(new PostgresDatabaseOptions { ConnectionString = Url(scratch) });
        Assert.Equal(new PostgresStatistics { Bytes = 1 }, await database.GetStatisticsAsync() with { Bytes = 1 });

        var (ada, bob) = (Guid.NewGuid(), Guid.NewGuid());
        var world = new World { Id = Guid.NewGuid(), Name = "w" };
        foreach (var (id, dimension) in new (Guid, int)[] { (ada, 384), (bob, 5) })
        {
            var adapter = database.ForAgent(id);
            await adapter.CreateAgentAsync(new Agent { Id = id, Name = $"{dimension}" });
            await adapter.CreateEntityAsync(new Entity { Id = id, Names = ["self"] });
            var room = new Room { Id = Guid.NewGuid(), Source = "test", Type = ChannelTypes.Dm };
            await adapter.CreateRoomAsync(room);
            await adapter.AddParticipantAsync(id, room.Id);
            foreach (var hasVector in (bool[])[true, false])
            {
                await adapter.CreateMemoryAsync(
                    new Memory
                    {
                        RoomId = room.Id,
                        EntityId = id,
                        Content = Content.FromText("x"),
                        Embedding = hasVector ? (ReadOnlyMemory<float>?)Enumerable.Repeat(0.5f, dimension).ToArray() : null,
                    },
                    "messages");
            }
            await adapter.SetCacheAsync("key", Json.From(1));
        }
        await database.ForAgent(ada).CreateWorldAsync(world);
        await database.ForAgent(ada).CreateTaskAsync(new AgentTask { Id = Guid.NewGuid(), Name = "t", WorldId = world.Id, EntityId = ada, RoomId = Guid.NewGuid() });

        var statistics = await database.GetStatisticsAsync();
        Assert.Equal(
            new PostgresStatistics { Agents = 2, Entities = 2, Rooms = 2, Participants = 2, Memories = 4, Embeddings = 2, CacheEntries = 2, Worlds = 1, Tasks = 1, Bytes = statistics.Bytes },
            statistics);
        Assert.True(statistics.Bytes > 100_000);
        await database.DisposeAsync();
        await Assert.ThrowsAsync<DatabaseClosedException>(() => database.GetStatisticsAsync());
    }

    private static NpgsqlConnectionStringBuilder Server(Infrastructure.TestDatabase database) => new(database.ConnectionString);

    private static string Url(Infrastructure.TestDatabase database, string hostsBefore = "") =>
        $"postgres://{Server(database).Username}:{Uri.EscapeDataString(Server(database).Password!)}@{hostsBefore}{Server(database).Host}:{Server(database).Port}/{database.Name}";

    private static async Task<(string, string, string)> AskAsync(PostgresDatabase database, string sql)
    {
        await using var command = database.Source.CreateCommand(sql);
        await using var row = await command.ExecuteReaderAsync();
        Assert.True(await row.ReadAsync());
        return (row.GetString(0), row.GetString(1), row.GetString(2));
    }

    private static async Task PrivateAsync(PrivateServer server, string sql)
    {
        await using var source = NpgsqlDataSource.Create(server.ConnectionString);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
