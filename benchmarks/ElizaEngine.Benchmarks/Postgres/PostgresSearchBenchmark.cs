using System.Diagnostics;
using BenchmarkDotNet.Attributes;

namespace ElizaEngine.Benchmarks.Postgres;

/// <summary>
/// Searches for ten memories among clustered vectors of 384 components: every row compared, and by the index; and what it costs to
/// decide whether a new memory is a near-duplicate of one of its room. The vectors are stored, and the index is built, once for each
/// number of rows; so run it in one process: <c>bash tools/postgres/with-server.sh COMMAND --filter *PostgresSearch* --inProcess --job short</c>.
/// </summary>
public class PostgresSearchBenchmark
{
    private const int Dimension = 384;
    private const int Clusters = 300;
    private const int SmallRoomRows = 1000;

    private static readonly Dictionary<int, (PostgresDatabase Database, Guid Agent)> s_made = [];
    private static readonly Guid s_room = Guid.NewGuid();
    private static readonly Guid s_smallRoom = Guid.NewGuid();

    private readonly Random _random = new(1);
    private readonly float[][] _view;
    private readonly float[][] _centres;
    private IDatabaseAdapter _adapter = null!;

    public PostgresSearchBenchmark()
    {
        _view = Enumerable.Range(0, Dimension).Select(_ => Normals(24)).ToArray();
        _centres = Enumerable.Range(0, Clusters).Select(_ => Normals(24)).ToArray();
    }

    [Params(10_000, 100_000)]
    public int Rows { get; set; }

    [GlobalSetup]
    public async Task SetupAsync()
    {
        if (!s_made.TryGetValue(Rows, out var made)) s_made[Rows] = made = await MakeAsync();
        _adapter = made.Database.ForAgent(made.Agent);
    }

    [Benchmark(Baseline = true)]
    public Task<IReadOnlyList<Memory>> Exact() => SearchAsync(SearchMode.Exact, room: null);

    [Benchmark]
    public Task<IReadOnlyList<Memory>> By_the_index() => SearchAsync(SearchMode.Auto, room: null);

    [Benchmark]
    public Task<IReadOnlyList<Memory>> In_a_room_of_1000() => SearchAsync(SearchMode.Auto, s_smallRoom);

    [Benchmark]
    public Task Create() => _adapter.CreateMemoriesAsync([NewMemory(s_smallRoom) with { Unique = true }], "others");

    [Benchmark]
    public Task Create_and_decide_in_a_room_of_1000() => CreateAndTakeAwayAsync(s_smallRoom);

    [Benchmark]
    public Task Create_and_decide_in_a_room_of_nearly_all() => CreateAndTakeAwayAsync(s_room);

    private Task<IReadOnlyList<Memory>> SearchAsync(SearchMode mode, Guid? room) =>
        _adapter.SearchMemoriesAsync(new MemorySearch("messages", NextVector()) { Mode = mode, RoomId = room, IncludeEmbeddings = false });

    private async Task CreateAndTakeAwayAsync(Guid room)
    {
        var created = await _adapter.CreateMemoriesAsync([NewMemory(room)], "messages");
        await _adapter.DeleteMemoriesAsync([created[0].Id]);
    }

    private async Task<(PostgresDatabase Database, Guid Agent)> MakeAsync()
    {
        var url = Environment.GetEnvironmentVariable("ELIZA_TEST_POSTGRES_URL")
            ?? throw new InvalidOperationException("ELIZA_TEST_POSTGRES_URL is not set: run this under tools/postgres/with-server.sh.");
        // Both numbers of rows lie in one index; the agent is another one.
        var database = await PostgresDatabase.OpenAsync(new PostgresDatabaseOptions { ConnectionString = url, VectorIndexRows = null, CommandTimeout = TimeSpan.FromMinutes(10) });
        var agent = Guid.NewGuid();
        var adapter = database.ForAgent(agent);
        await adapter.CreateAgentAsync(new Agent { Id = agent, Name = "Ada" });
        foreach (var room in (Guid[])[s_room, s_smallRoom]) await adapter.CreateRoomsAsync([new Room { Id = room, Source = "bench", Type = ChannelTypes.Group }]);
        for (var i = 0; i < Rows; i += 1000)
            await adapter.CreateMemoriesAsync([.. Enumerable.Range(0, 1000).Select(_ => NewMemory(i < SmallRoomRows ? s_smallRoom : s_room) with { Unique = true })], "messages");
        var began = Stopwatch.GetTimestamp();
        await database.BuildVectorIndexAsync(Dimension);
        Console.WriteLine($"// {Rows} rows: index after {Stopwatch.GetElapsedTime(began).TotalSeconds:f1} s");
        Console.WriteLine("// " + (await database.ExplainSearchAsync(agent, new MemorySearch("messages", NextVector()))).Reason);
        return (database, agent);
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
