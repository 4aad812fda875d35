using BenchmarkDotNet.Attributes;
using ElizaEngine.Benchmarks.Vectors;

namespace ElizaEngine.Benchmarks.Local;

/// <summary>Reads of a database of ten rooms of 1,000 memories, each with a vector of 384: 10,000 rows, all of them hot.</summary>
[MemoryDiagnoser]
public class MemoryReadBenchmark
{
    private BenchmarkDatabase _database = null!;
    private Guid[][] _ids = [];
    private float[] _query = [];
    private int _next;

    [GlobalSetup]
    public async Task SetupAsync()
    {
        _database = await BenchmarkDatabase.CreateAsync(Durability.ProcessCrash);
        await _database.FillAsync(rooms: 10, embeddings: true);
        _query = RandomVectors.Next(new Random(3), BenchmarkDatabase.Dimension);
        // A walk through 512 memories, so that it is not one cache line that is measured.
        _ids = [.. _database.Memories.Chunk(_database.Memories.Count / 512).Select(chunk => new[] { chunk[0] })];
        foreach (var id in _ids) await _database.Adapter.GetMemoriesByIdsAsync(id);
    }

    [GlobalCleanup]
    public async Task CleanupAsync() => await _database.DisposeAsync();

    [Benchmark]
    public Task<IReadOnlyList<Memory>> Get_by_id() => _database.Adapter.GetMemoriesByIdsAsync(NextId(), includeEmbeddings: false);

    [Benchmark]
    public Task<IReadOnlyList<Memory>> Get_by_id_with_embedding() => _database.Adapter.GetMemoriesByIdsAsync(NextId());

    [Benchmark]
    public Task<IReadOnlyList<Memory>> Latest_32_of_a_room() =>
        _database.Adapter.GetMemoriesAsync(new MemoryQuery("messages") { RoomId = _database.Rooms[4], Count = 32, IncludeEmbeddings = false });

    [Benchmark]
    public Task<IReadOnlyList<Memory>> Latest_32_of_a_room_with_embeddings() =>
        _database.Adapter.GetMemoriesAsync(new MemoryQuery("messages") { RoomId = _database.Rooms[4], Count = 32, IncludeEmbeddings = true });

    [Benchmark]
    public Task<IReadOnlyList<Memory>> Search_a_room_of_1000() =>
        _database.Adapter.SearchMemoriesAsync(new MemorySearch("messages", _query) { RoomId = _database.Rooms[4], Count = 10 });

    private Guid[] NextId() => _ids[_next = (_next + 1) % _ids.Length];
}
