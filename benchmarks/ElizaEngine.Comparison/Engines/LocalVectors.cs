using System.Diagnostics;

namespace ElizaEngine.Comparison.Engines;

/// <summary>Our local backend, through its public door. It is told how good its searches shall be, not how thorough.</summary>
internal sealed class LocalVectors : IVectorEngine
{
    public string Name => "local";

    public string Title => "ElizaEngine, local backend";

    public IReadOnlyList<int> Efforts { get; } = [0];

    public IReadOnlyList<double> Recalls { get; } = [0.9, 0.95, 0.97, 0.99, 0.995];

    public bool IsInProcess => true;

    public bool BuildsOnThreads => false;

    public bool CanScan => true;

    public bool StoresMore => true;

    public Task<string?> WhyNotAsync(Run run) => Task.FromResult<string?>(null);

    public Task<string> NewPlaceAsync(Run run) => Task.FromResult(run.NewFolder(Name));

    public async Task<BuildTime> BuildAsync(string place, VectorBuild build)
    {
        var start = Stopwatch.GetTimestamp();
        await using var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions { Directory = place });
        await AdapterVectors.StoreAsync(database, build);
        var stored = Stopwatch.GetTimestamp();
        if (build.WithVectors) await AdapterVectors.BuildIndexAsync(database);
        var built = Stopwatch.GetTimestamp();
        await database.CloseAsync();
        return new BuildTime(Stopwatch.GetElapsedTime(start, stored).TotalSeconds, Stopwatch.GetElapsedTime(stored, built).TotalSeconds);
    }

    public async Task<IVectorIndex> OpenAsync(string place, VectorShape shape)
    {
        var index = new Index(place);
        await index.OpenAsync(null);
        return index;
    }

    /// <summary>A database that is opened anew where another recall is wanted of it.</summary>
    private sealed class Index(string place) : IVectorIndex
    {
        private AdapterVectors? _open;
        private double? _recall;

        public async Task OpenAsync(double? recall)
        {
            var options = new LocalDatabaseOptions { Directory = place };
            var database = await LocalDatabase.OpenAsync(recall is { } wanted ? options with { SearchRecall = wanted } : options);
            await AdapterVectors.BuildIndexAsync(database);
            (_open, _recall) = (new AdapterVectors(database, () => Task.FromResult(Folder.Bytes(place))), recall);
        }

        public Task<long> DiskBytesAsync() => Open.DiskBytesAsync();

        public async ValueTask PrepareAsync(VectorSearch search)
        {
            if (search.Recall != _recall)
            {
                await DisposeAsync();
                await OpenAsync(search.Recall);
            }
            await Open.PrepareAsync(search);
        }

        public ValueTask<int> SearchAsync(ReadOnlyMemory<float> query, Memory<int> rows) => Open.SearchAsync(query, rows);

        public async ValueTask DisposeAsync()
        {
            if (_open is null) return;
            await _open.DisposeAsync();
            _open = null;
        }

        private AdapterVectors Open => _open ?? throw new ObjectDisposedException(nameof(Index));
    }
}
