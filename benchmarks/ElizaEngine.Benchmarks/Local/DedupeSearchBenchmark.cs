using BenchmarkDotNet.Attributes;
using ElizaEngine.Benchmarks.Vectors;

namespace ElizaEngine.Benchmarks.Local;

/// <summary>
/// What creating a memory asks when nobody says whether it is unique: is there one as similar as 0.95 in its room, of its author? 100,000
/// memories in two rooms, each with a vector of 384 out of one of 100 clusters; the answer is no, as it nearly always is.
/// </summary>
[MemoryDiagnoser]
public class DedupeSearchBenchmark
{
    private const int Count = 100_000;
    private const int Small = 1_000;
    private const int Batch = 1_000;
    private const int Clusters = 100;
    private const int Directions = 16;
    private const int Queries = 512;

    private readonly Random _random = new(5);
    private readonly float[][] _centres = new float[Clusters][];
    private readonly float[][] _directions = new float[Directions][];
    private readonly MemorySearch[] _searches = new MemorySearch[Queries];
    private BenchmarkDatabase _database = null!;
    private int _next;

    /// <summary>Memories of the room.</summary>
    [Params(Small, Count - Small)]
    public int Memories { get; set; }

    [GlobalSetup]
    public async Task SetupAsync()
    {
        _database = await BenchmarkDatabase.CreateAsync(Durability.ProcessCrash);
        var other = await _database.Adapter.CreateRoomAsync(new Room { Source = "bench", Type = ChannelTypes.Group });
        for (var i = 0; i < Clusters; i++) _centres[i] = RandomVectors.Next(_random, BenchmarkDatabase.Dimension);
        for (var i = 0; i < Directions; i++) _directions[i] = RandomVectors.Next(_random, BenchmarkDatabase.Dimension);
        for (var done = 0; done < Count; done += Batch)
        {
            var memories = Enumerable.Range(done, Batch).Select(i => _database.NewMemory(i % (Count / Small) == 0 ? _database.Rooms[0] : other) with { Embedding = NewVector() });
            await _database.Adapter.CreateMemoriesAsync([.. memories], "messages");
        }
        await _database.Database.BuildVectorIndexAsync(BenchmarkDatabase.Agent, "messages");
        for (var i = 0; i < Queries; i++)
        {
            _searches[i] = new MemorySearch("messages", NewVector())
            {
                RoomId = Memories == Small ? _database.Rooms[0] : other,
                EntityId = BenchmarkDatabase.Entity,
                Count = 1,
                Threshold = 0.95f,
                IncludeEmbeddings = false,
            };
        }
    }

    [GlobalCleanup]
    public async Task CleanupAsync() => await _database.DisposeAsync();

    [Benchmark]
    public Task<IReadOnlyList<Memory>> Nearly_equal_in_the_room() => _database.Adapter.SearchMemoriesAsync(_searches[_next = (_next + 1) % Queries]);

    private float[] NewVector()
    {
        var vector = (float[])_centres[_random.Next(Clusters)].Clone();
        foreach (var direction in _directions)
        {
            var weight = _random.NextSingle() - 0.5f;
            for (var i = 0; i < vector.Length; i++) vector[i] += weight * direction[i];
        }
        for (var i = 0; i < vector.Length; i++) vector[i] += 0.2f * (_random.NextSingle() - 0.5f);
        return vector;
    }
}
