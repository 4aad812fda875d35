using ElizaEngine.Comparison.Data;

namespace ElizaEngine.Comparison.Engines;

/// <summary>Our Postgres backend, on a server of this run.</summary>
internal sealed partial class Postgres : IStoreEngine
{
    public string Name => "postgres";

    public string Title => $"ElizaEngine, Postgres backend, on {PostgresServer.Version}";

    public Safety Safety => Safety.PowerLoss;

    public Task<string?> WhyNotAsync(Run run) => run.Postgres.WhyNotAsync();

    public async Task<IStore> CreateAsync(Run run, string folder, SampleWorld world)
    {
        var url = await run.Postgres.NewDatabaseAsync();
        var database = await PostgresDatabase.OpenAsync(new PostgresDatabaseOptions { ConnectionString = url });
        return await AdapterStore.CreateAsync(database, world, () => run.Postgres.DatabaseBytes(url));
    }
}
