using System.Diagnostics;

namespace ElizaEngine.Comparison.Engines;

/// <summary>Our local backend, through its public door. It chooses by itself how thorough a search is.</summary>
internal sealed class LocalVectors : IVectorEngine
{
    public string Name => "local";

    public string Title => "ElizaEngine, local backend";

    public IReadOnlyList<int> Efforts { get; } = [0];

    public bool IsInProcess => true;

    public bool BuildsOnThreads => false;

    public bool CanScan => true;

    public bool StoresMore => true;

    public Task<string?> WhyNotAsync(Run run) => Task.FromResult<string?>(null);

    public Task<string> NewPlaceAsync(Run run) => Task.FromResult(run.NewFolder(Name));

    public async Task<BuildTime> BuildAsync(string place, VectorBuild build)
    {
        var start = Stopwatch.GetTimestamp();
        await using var database = await DatabaseAsync(place);
        await AdapterVectors.StoreAsync(database, build);
        var stored = Stopwatch.GetTimestamp();
        if (build.WithVectors) await AdapterVectors.BuildIndexAsync(database);
        var built = Stopwatch.GetTimestamp();
        await database.CloseAsync();
        return new BuildTime(Stopwatch.GetElapsedTime(start, stored).TotalSeconds, Stopwatch.GetElapsedTime(stored, built).TotalSeconds);
    }

    public async Task<IVectorIndex> OpenAsync(string place, VectorShape shape)
    {
        var database = await DatabaseAsync(place);
        await AdapterVectors.BuildIndexAsync(database);
        return new AdapterVectors(database, () => Task.FromResult(Folder.Bytes(place)));
    }

    private static Task<LocalDatabase> DatabaseAsync(string place) => LocalDatabase.OpenAsync(new LocalDatabaseOptions { Directory = place });
}
