using BenchmarkDotNet.Attributes;
using ElizaEngine.Comparison.Measuring;

namespace ElizaEngine.Benchmarks.Local;

/// <summary>
/// Durable creates of one memory without a vector, beside R, on the same file system in the same run. Time is per create, so
/// ratio 1.25 is 0.8 R and ratio 0.083 is 12 R. The disk writes for real: the mean says little without its error.
/// </summary>
[MemoryDiagnoser]
public class DurableCreateBenchmark
{
    private const int Callers = 64;
    private const int CreatesPerCaller = 32;
    private const int Creates = 256;

    private BenchmarkDatabase _database = null!;
    private RawDisk _raw = null!;

    [GlobalSetup]
    public async Task SetupAsync()
    {
        _database = await BenchmarkDatabase.CreateAsync();
        _raw = new RawDisk(_database.Directory + "/..");
    }

    [GlobalCleanup]
    public async Task CleanupAsync()
    {
        _raw.Dispose();
        await _database.DisposeAsync();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Creates)]
    public void R()
    {
        for (var i = 0; i < Creates; i++) _raw.WriteDurably();
    }

    [Benchmark(OperationsPerInvoke = Creates)]
    public async Task One_caller()
    {
        for (var i = 0; i < Creates; i++) await CreateAsync();
    }

    [Benchmark(OperationsPerInvoke = Callers * CreatesPerCaller)]
    public Task Sixty_four_callers()
    {
        var callers = new Task[Callers];
        for (var i = 0; i < Callers; i++) callers[i] = CallAsync();
        return Task.WhenAll(callers);

        async Task CallAsync()
        {
            for (var i = 0; i < CreatesPerCaller; i++) await CreateAsync();
        }
    }

    private Task CreateAsync() => _database.Adapter.CreateMemoriesAsync([BenchmarkDatabase.PlainMemory(_database.Rooms[0])], "messages");
}

/// <summary>The same create without a disk's part: what the engine itself costs, and what it allocates.</summary>
[MemoryDiagnoser]
public class UndurableCreateBenchmark
{
    private LocalDatabase _database = null!;
    private IDatabaseAdapter _adapter = null!;
    private Guid _room;

    [GlobalSetup]
    public async Task SetupAsync()
    {
        _database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions());
        _adapter = _database.ForAgent(BenchmarkDatabase.Agent);
        await _adapter.CreateAgentAsync(new Agent { Id = BenchmarkDatabase.Agent, Name = "Ada" });
        await _adapter.CreateEntityAsync(new Entity { Id = BenchmarkDatabase.Entity, Names = ["Bob"] });
        _room = await _adapter.CreateRoomAsync(new Room { Source = "bench", Type = ChannelTypes.Group });
    }

    [GlobalCleanup]
    public async Task CleanupAsync() => await _database.DisposeAsync();

    [Benchmark]
    public Memory Make_the_record() => BenchmarkDatabase.PlainMemory(_room);

    [Benchmark(OperationsPerInvoke = 64)]
    public Task Create_by_64_callers()
    {
        var callers = new Task[64];
        for (var i = 0; i < callers.Length; i++) callers[i] = Create();
        return Task.WhenAll(callers);
    }

    [Benchmark]
    public Task Create() => _adapter.CreateMemoriesAsync([BenchmarkDatabase.PlainMemory(_room)], "messages");
}
