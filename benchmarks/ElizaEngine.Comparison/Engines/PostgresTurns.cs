using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Turns;

namespace ElizaEngine.Comparison.Engines;

internal sealed partial class Postgres : ITurnEngine
{
    public async Task<ITurnPlayer> OpenTurnsAsync(Run run, string folder, SampleWorld world)
    {
        var database = await PostgresDatabase.OpenAsync(new PostgresDatabaseOptions { ConnectionString = await run.Postgres.NewDatabaseAsync() });
        return new AdapterPlayer(database, world);
    }
}
