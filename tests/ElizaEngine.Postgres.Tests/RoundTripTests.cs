using System.Reflection;
using ElizaEngine.Conformance;
using ElizaEngine.Postgres.Tests.Infrastructure;
using ElizaEngine.Postgres.Tests.Resilience;
using Npgsql;
using Xunit;

namespace ElizaEngine.Postgres.Tests;

/// <summary>How often a call goes to the server and back, counted on the wire.</summary>
[Trait("Stage", "Postgres")]
public sealed class RoundTripTests : IAsyncLifetime
{
    private static readonly Guid s_agent = Guid.Parse("aaaaaaaa-0000-4000-8000-000000000001");

    private TestDatabase? _database;
    private FaultProxy? _proxy;
    private PostgresDatabase? _opened;

    private FaultProxy Proxy => _proxy!;

    private IDatabaseAdapter Adapter => _opened!.ForAgent(s_agent);

    public async ValueTask InitializeAsync()
    {
        _database = await PostgresBackend.CreateMigratedAsync();
        var settings = new NpgsqlConnectionStringBuilder(_database.ConnectionString);
        _proxy = new FaultProxy(settings.Host!, settings.Port);
        settings.Host = "127.0.0.1";
        settings.Port = _proxy.Port;
        settings.SslMode = SslMode.Disable;
        // The reset of a connection travels with the next call, and would be counted with it.
        settings.NoResetOnClose = true;
        _opened = await PostgresDatabase.OpenAsync(new PostgresDatabaseOptions { ConnectionString = settings.ConnectionString });
        await Adapter.CreateAgentAsync(new Agent { Id = s_agent, Name = "Ada" });
        await Adapter.CreateEntityAsync(new Entity { Id = s_agent, Names = ["Ada"] });
        await Adapter.CreateWorldAsync(new World { Id = s_agent });
        await Adapter.CreateRoomAsync(new Room { Id = s_agent, Source = "s", Type = "t", WorldId = s_agent });
        await Adapter.CreateMemoryAsync(new Memory { Id = s_agent, RoomId = s_agent, Embedding = new float[] { 1, 2 } }, "messages");
    }

    public async ValueTask DisposeAsync()
    {
        if (_opened is not null) await _opened.DisposeAsync();
        if (_proxy is not null) await _proxy.DisposeAsync();
        if (_database is not null) await _database.DisposeAsync();
    }

    public static TheoryData<string> Calls => [.. EveryCall.Methods.Select(method => method.Name)];

    // More than one, each for its reason: settings are merged by a rule of the contract; texts are compared with a distance that
    // the server does not know; a stream asks for the dimension first; and the example creates a memory that is there, whose flag is
    // asked for.
    private static int Expected(string call) => call switch
    {
        nameof(IAgentStore.UpdateAgentsAsync) => 4,
        nameof(IMemoryStore.GetCachedEmbeddingsAsync) => 3,
        nameof(IMemoryStore.StreamStaleMemoriesAsync) => 2,
        nameof(IMemoryStore.CreateMemoriesAsync) => 2,
        _ => 1,
    };

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task A_call_is_one_trip_to_the_server_and_back(string call)
    {
        MethodInfo method = EveryCall.Methods.Single(one => one.Name == call);
        object? Argument(ParameterInfo parameter) =>
            parameter.ParameterType == typeof(int) && parameter.Name == "dimension" ? 2 : EveryCall.Argument(parameter);
        await EveryCall.CallAsync(Adapter, EveryCall.Methods.Single(one => one.Name == nameof(IAgentStore.CountAgentsAsync)));

        var before = Proxy.Trips;
        await EveryCall.CallAsync(Adapter, method, Argument);

        Assert.Equal(Expected(call), Proxy.Trips - before);
    }

    [Fact]
    public async Task A_write_with_its_vector_is_one_trip_and_so_is_a_batch_of_them()
    {
        var before = Proxy.Trips;
        await Adapter.CreateMemoryAsync(new Memory { RoomId = s_agent, Embedding = new float[] { 3, 4 } }, "messages");
        Assert.Equal(1, Proxy.Trips - before);

        foreach (bool? unique in new bool?[] { null, true })
        {
            before = Proxy.Trips;
            await Adapter.CreateMemoriesAsync(
                [.. Enumerable.Range(0, 100).Select(i => new Memory { RoomId = s_agent, Unique = unique, Embedding = new float[] { i, 1 } })], "messages");
            Assert.Equal(1, Proxy.Trips - before);
        }

        before = Proxy.Trips;
        await Adapter.UpdateMemoriesAsync([.. Enumerable.Range(0, 100).Select(i => new MemoryUpdate(s_agent) { Embedding = new float[] { i, 2 } })]);
        Assert.Equal(1, Proxy.Trips - before);
    }
}
