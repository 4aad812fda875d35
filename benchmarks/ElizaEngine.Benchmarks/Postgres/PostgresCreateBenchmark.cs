using BenchmarkDotNet.Attributes;

namespace ElizaEngine.Benchmarks.Postgres;

/// <summary>
/// Creates of memories with a vector of 384 components, one call for each beside one call for many. Time is per memory. Wants a
/// server: <c>bash tools/postgres/with-server.sh fsync=on synchronous_commit=on full_page_writes=on COMMAND</c>.
/// </summary>
[MemoryDiagnoser]
public class PostgresCreateBenchmark
{
    private const int Many = 1000;

    private readonly Random _random = new(1);
    private PostgresDatabase _database = null!;
    private IDatabaseAdapter _adapter = null!;
    private Guid _room;

    [GlobalSetup]
    public async Task SetupAsync()
    {
        _database = await PostgresDatabase.OpenAsync(new PostgresDatabaseOptions { ConnectionString = BenchmarkServer.Url });
        var agent = Guid.CreateVersion7();
        _adapter = _database.ForAgent(agent);
        await _adapter.CreateAgentAsync(new Agent { Id = agent, Name = "Ada" });
        _room = await _adapter.CreateRoomAsync(new Room { Source = "bench", Type = ChannelTypes.Group });
        await CreateAsync(1);
    }

    [GlobalCleanup]
    public async Task CleanupAsync() => await _database.DisposeAsync();

    [Benchmark(Baseline = true)]
    public Task One_by_one() => CreateAsync(1);

    [Benchmark(OperationsPerInvoke = Many)]
    public Task Many_in_one_call() => CreateAsync(Many);

    private Task CreateAsync(int count) => _adapter.CreateMemoriesAsync([.. Enumerable.Range(0, count).Select(_ => NewMemory())], "messages");

    private Memory NewMemory() => new()
    {
        RoomId = _room,
        Unique = true,
        Content = Content.FromText("a sentence as people say them, of about a hundred characters, so that the row is like a real one"),
        Embedding = Enumerable.Range(0, 384).Select(_ => (_random.NextSingle() * 2) - 1).ToArray(),
    };
}
