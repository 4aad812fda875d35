using ElizaEngine.Comparison.Calls;
using ElizaEngine.Comparison.Data;

namespace ElizaEngine.Comparison.Engines;

internal sealed partial class Postgres : ICallEngine
{
    public async Task<ICallStore> OpenCallsAsync(Run run, string folder, SampleWorld world, int memories)
    {
        var database = await PostgresDatabase.OpenAsync(new PostgresDatabaseOptions { ConnectionString = await run.Postgres.NewDatabaseAsync() });
        var store = await AdapterCallStore.CreateAsync(database, world, memories);
        await AnalyzeAsync(database);
        return store;
    }
}
