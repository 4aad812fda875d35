using System.Text.Json.Nodes;
using ElizaEngine.Postgres.Tests.Infrastructure;
using Npgsql;
using Xunit;

namespace ElizaEngine.Postgres.Tests;

/// <summary>
/// A fresh database that elizaOS and this backend use together. Both are started by the test when it wants them, and ended
/// after it.
/// </summary>
public abstract class SharedDatabaseTest : IAsyncLifetime
{
    private readonly List<ElizaOs> _elizas = [];
    private TestDatabase? _server;
    private PostgresDatabase? _database;

    protected static Guid AgentId { get; } = Guid.Parse("aaaaaaaa-0000-4000-8000-000000000001");

    protected static Guid OtherAgentId { get; } = Guid.Parse("bbbbbbbb-0000-4000-8000-000000000002");

    protected static Guid WorldId { get; } = Guid.Parse("00000000-0000-4000-8000-0000000000a1");

    protected static Guid RoomId { get; } = Guid.Parse("00000000-0000-4000-8000-0000000000b1");

    protected static Guid Ann { get; } = Guid.Parse("00000000-0000-4000-8000-0000000000c1");

    protected static Guid Ben { get; } = Guid.Parse("00000000-0000-4000-8000-0000000000c2");

    private TestDatabase Server => _server ?? throw new InvalidOperationException("The test has not begun.");

    public async ValueTask InitializeAsync() => _server = await TestDatabase.CreateEmptyAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var eliza in _elizas) await eliza.DisposeAsync();
        await CloseAsync();
        if (_server is not null) await _server.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Starts elizaOS on the database; its migrator is run when the test says so.</summary>
    private protected Task<ElizaOs> ElizaOsAsync(params (string Name, string Value)[] environment) => ElizaOsAsync(AgentId, environment);

    private protected async Task<ElizaOs> ElizaOsAsync(Guid agentId, params (string Name, string Value)[] environment)
    {
        var eliza = await ElizaOs.StartAsync(Server.ConnectionString, agentId, environment);
        _elizas.Add(eliza);
        return eliza;
    }

    /// <summary>Opens the database with this backend, once.</summary>
    protected async Task<IDatabaseAdapter> OpenAsync(Guid? agentId = null)
    {
        _database ??= await PostgresDatabase.OpenAsync(new PostgresDatabaseOptions { ConnectionString = Server.ConnectionString });
        var adapter = _database.ForAgent(agentId ?? AgentId);
        await adapter.InitializeAsync();
        return adapter;
    }

    /// <summary>Closes what <see cref="OpenAsync"/> opened.</summary>
    protected async Task CloseAsync()
    {
        if (_database is not null) await _database.DisposeAsync();
        _database = null;
    }

    /// <summary>Runs SQL past both.</summary>
    protected async Task<int> SqlAsync(string sql, params object[] values)
    {
        await using var connection = await ConnectAsync(Server);
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values) command.Parameters.AddWithValue(value);
        return await command.ExecuteNonQueryAsync();
    }

    /// <summary>The first value that SQL answers with.</summary>
    protected Task<T?> ScalarAsync<T>(string sql, params object[] values) => ScalarAsync<T>(Server, sql, values);

    /// <inheritdoc cref="ScalarAsync{T}(string, object[])"/>
    private protected static async Task<T?> ScalarAsync<T>(TestDatabase database, string sql, params object[] values)
    {
        await using var connection = await ConnectAsync(database);
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values) command.Parameters.AddWithValue(value);
        return await command.ExecuteScalarAsync() is T found ? found : default;
    }

    /// <summary>What the schemas look like now: see <see cref="Catalog"/>.</summary>
    protected Task<IReadOnlyList<string>> DescribeAsync(params string[] schemas) => DescribeAsync(Server, schemas);

    /// <inheritdoc cref="DescribeAsync(string[])"/>
    private protected static async Task<IReadOnlyList<string>> DescribeAsync(TestDatabase database, params string[] schemas)
    {
        await using var connection = await ConnectAsync(database);
        return await Catalog.DescribeAsync(connection, schemas);
    }

    /// <summary>elizaOS makes its schema, and an agent, a world, a room in it, and two entities who are there.</summary>
    private protected async Task<ElizaOs> PopulatedByElizaOsAsync()
    {
        var eliza = await ElizaOsAsync();
        await eliza.MigrateAsync();
        await eliza.DoAsync("createAgent", new { id = AgentId, name = "Ada", bio = new[] { "one", "two" }, settings = new { voice = "soft", secrets = new { key = "k" } } });
        await eliza.CallAsync("createWorld", new { id = WorldId, agentId = AgentId, name = "world", metadata = new { roles = new JsonObject { [Ann.ToString()] = "OWNER" } } });
        await eliza.CallAsync("createRooms", Many(new { id = RoomId, source = "test", type = "GROUP", worldId = WorldId, name = "room", channelId = "c-1", metadata = new { topic = "tea" } }));
        await eliza.DoAsync("createEntities", Many(
            new { id = Ann, agentId = AgentId, names = new[] { "Ann", "Annie" }, metadata = new { likes = "tea" } },
            new { id = Ben, agentId = AgentId, names = new[] { "Ben" }, metadata = new { likes = "ink" } }));
        await eliza.DoAsync("addParticipantsRoom", Many(Ann, Ben), RoomId);
        return eliza;
    }

    /// <summary>This backend makes the schema and the same things; then elizaOS opens the database.</summary>
    private protected async Task<ElizaOs> PopulatedByElizaEngineAsync()
    {
        var adapter = await OpenAsync();
        await adapter.CreateAgentAsync(new Agent { Id = AgentId, Name = "Ada", Bio = Json.From(["one", "two"]), Settings = Json.Parse("""{"voice":"soft","secrets":{"key":"k"}}""") });
        await adapter.CreateWorldAsync(new World { Id = WorldId, Name = "world", Metadata = new WorldMetadata { Roles = new Dictionary<Guid, string> { [Ann] = "OWNER" } } });
        await adapter.CreateRoomAsync(new Room { Id = RoomId, Source = "test", Type = "GROUP", WorldId = WorldId, Name = "room", ChannelId = "c-1", Metadata = Json.Parse("""{"topic":"tea"}""") });
        await adapter.CreateEntitiesAsync([
            new Entity { Id = Ann, Names = ["Ann", "Annie"], Metadata = Json.Parse("""{"likes":"tea"}""") },
            new Entity { Id = Ben, Names = ["Ben"], Metadata = Json.Parse("""{"likes":"ink"}""") },
        ]);
        await adapter.AddParticipantsAsync([Ann, Ben], RoomId);
        var eliza = await ElizaOsAsync();
        await eliza.MigrateAsync();
        return eliza;
    }

    /// <summary>An id; ids order as their numbers do.</summary>
    protected static Guid Id(int number) => new($"{number:x8}-0000-4000-8000-0000000000ff");

    /// <summary>A unit vector whose similarity to <c>Vector(dimension, 1, 0)</c> is its first component.</summary>
    protected static float[] Vector(int dimension, params float[] first) => [.. first, .. new float[dimension - first.Length]];

    /// <summary>Things as one argument of elizaOS', a list.</summary>
    private protected static List<object> Many(params IEnumerable<object> things) => [.. things];

    private protected static List<object> Many(params Guid[] ids) => [.. ids];

    /// <summary>What elizaOS answered, as JSON of ours, which compares by meaning.</summary>
    private protected static Json AsJson(JsonNode? node) => node is null ? Json.Null : Json.Parse(node.ToJsonString());

    private protected static Guid IdOf(JsonNode? node, string property = "id") => Guid.Parse((string)node![property]!);

    private protected static IEnumerable<Guid> IdsOf(JsonArray array) => array.Select(node => node is JsonValue ? Guid.Parse((string)node!) : IdOf(node));

    private protected static float[] FloatsOf(JsonNode? node) => [.. node!.AsArray().Select(component => (float)component!)];

    private static async Task<NpgsqlConnection> ConnectAsync(TestDatabase database)
    {
        var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }
}
