using System.Diagnostics;
using BenchmarkDotNet.Attributes;
using Npgsql;

namespace ElizaEngine.Benchmarks.Postgres;

/// <summary>
/// Searches for ten memories among clustered vectors of 384 components: every row compared, and by the index; and what it costs to
/// decide whether a new memory is a near-duplicate of one of its room. The vectors are stored once for each number of rows, as the
/// memories of an agent of their own, and stay in the server that this wants: <c>bash tools/postgres/with-server.sh COMMAND</c>.
/// </summary>
[MinColumn]
public class PostgresSearchBenchmark
{
    private const int Dimension = 384;
    private const int Clusters = 300;
    private const int SmallRoomRows = 1000;

    private readonly Random _random = new(1);
    private readonly float[][] _view;
    private readonly float[][] _centres;
    private PostgresDatabase _database = null!;
    private IDatabaseAdapter _adapter = null!;

    public PostgresSearchBenchmark()
    {
        _view = Enumerable.Range(0, Dimension).Select(_ => Normals(24)).ToArray();
        _centres = Enumerable.Range(0, Clusters).Select(_ => Normals(24)).ToArray();
    }

    [Params(10_000, 100_000)]
    public int Rows { get; set; }

    private Guid Agent => new(Rows, 0, 0, new byte[8]);

    private Guid Room => new(Rows, 1, 0, new byte[8]);

    private Guid SmallRoom => new(Rows, 2, 0, new byte[8]);

    [GlobalSetup]
    public async Task SetupAsync()
    {
        _database = await PostgresDatabase.OpenAsync(new PostgresDatabaseOptions { ConnectionString = BenchmarkServer.Url, VectorIndexRows = null });
        _adapter = _database.ForAgent(Agent);
        if (await _adapter.CountMemoriesAsync(new MemoryQuery("messages") { AgentId = Agent }) < Rows) await StoreAsync();
    }

    [GlobalCleanup]
    public async Task CleanupAsync() => await _database.DisposeAsync();

    [Benchmark(Baseline = true)]
    public Task<IReadOnlyList<Memory>> Exact() => SearchAsync(SearchMode.Exact, room: null);

    [Benchmark]
    public Task<IReadOnlyList<Memory>> By_the_index() => SearchAsync(SearchMode.Auto, room: null);

    [Benchmark]
    public Task<IReadOnlyList<Memory>> In_a_room_of_1000() => SearchAsync(SearchMode.Auto, SmallRoom);

    [Benchmark]
    public Task Create() => _adapter.CreateMemoriesAsync([NewMemory(SmallRoom) with { Unique = true }], "others");

    [Benchmark]
    public Task Create_and_decide_in_a_room_of_1000() => CreateAndTakeAwayAsync(SmallRoom);

    [Benchmark]
    public Task Create_and_decide_in_a_room_of_nearly_all() => CreateAndTakeAwayAsync(Room);

    private Task<IReadOnlyList<Memory>> SearchAsync(SearchMode mode, Guid? room) =>
        _adapter.SearchMemoriesAsync(new MemorySearch("messages", NextVector()) { Mode = mode, RoomId = room, IncludeEmbeddings = false });

    private async Task CreateAndTakeAwayAsync(Guid room)
    {
        var created = await _adapter.CreateMemoriesAsync([NewMemory(room)], "messages");
        await _adapter.DeleteMemoriesAsync([created[0].Id]);
    }

    private async Task StoreAsync()
    {
        await _adapter.CreateAgentsAsync([new Agent { Id = Agent, Name = "Ada" }]);
        await _adapter.CreateRoomsAsync([.. new[] { Room, SmallRoom }.Select(room => new Room { Id = room, Source = "bench", Type = ChannelTypes.Group })]);
        var source = (NpgsqlDataSource)_adapter.GetConnection(typeof(NpgsqlDataSource))!;
        await using (var drop = source.CreateCommand($"DROP INDEX IF EXISTS eliza_embeddings_{Dimension}")) await drop.ExecuteNonQueryAsync();
        for (var i = 0; i < Rows; i += 1000)
            await _adapter.CreateMemoriesAsync([.. Enumerable.Range(0, 1000).Select(_ => NewMemory(i < SmallRoomRows ? SmallRoom : Room) with { Unique = true })], "messages");
        await using (var analyze = source.CreateCommand("VACUUM ANALYZE")) await analyze.ExecuteNonQueryAsync();
        var began = Stopwatch.GetTimestamp();
        await _database.BuildVectorIndexAsync(Dimension);
        Console.WriteLine($"// {Rows} rows: index after {Stopwatch.GetElapsedTime(began).TotalSeconds:f1} s");
    }

    private Memory NewMemory(Guid room) => new()
    {
        RoomId = room,
        Content = Content.FromText("a sentence as people say them, of about a hundred characters, so that the row is like a real one"),
        Embedding = NextVector(),
    };

    private float[] NextVector()
    {
        var centre = _centres[_random.Next(Clusters)];
        var noise = Normals(24);
        var vector = new float[Dimension];
        for (var i = 0; i < Dimension; i++)
        {
            for (var j = 0; j < noise.Length; j++) vector[i] += _view[i][j] * (centre[j] + (0.6f * noise[j]));
        }
        return vector;
    }

    private float[] Normals(int count) => Enumerable.Range(0, count)
        .Select(_ => (float)(Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble()))).ToArray();
}
