using ElizaEngine.Comparison.Data;

namespace ElizaEngine.Comparison.Engines;

/// <summary>Our local backend; every write is on the disk when it is acknowledged.</summary>
internal partial class Local(string name, Durability durability) : IStoreEngine
{
    public Local()
        : this("local", Durability.PowerLoss)
    {
    }

    public string Name => name;

    public string Title => $"ElizaEngine, local backend, {durability}";

    public Safety Safety => durability == Durability.PowerLoss ? Safety.PowerLoss : Safety.ProcessCrash;

    public Task<string?> WhyNotAsync(Run run) => Task.FromResult<string?>(null);

    public async Task<IStore> CreateAsync(Run run, string folder, SampleWorld world) => (await CreateAsync(folder, world)).Store;

    /// <summary>A new store, and the database that it is, which is closed with it.</summary>
    public async Task<(IStore Store, LocalDatabase Database)> CreateAsync(string folder, SampleWorld world)
    {
        var database = await OpenAsync(folder);
        return (await AdapterStore.CreateAsync(database, world, () => Folder.Bytes(folder), Safety), database);
    }

    protected Task<LocalDatabase> OpenAsync(string folder) =>
        LocalDatabase.OpenAsync(new LocalDatabaseOptions { Directory = folder, Durability = durability });
}

/// <summary>The same, when a write only has to survive the end of the process.</summary>
internal sealed class LocalProcessCrash() : Local("local-process-crash", Durability.ProcessCrash);
