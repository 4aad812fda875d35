using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Turns;
using Npgsql;

namespace ElizaEngine.Comparison.Engines;

internal sealed partial class Postgres : ITurnEngine
{
    public async Task<ITurnPlayer> OpenTurnsAsync(Run run, string folder, SampleWorld world)
    {
        var database = await PostgresDatabase.OpenAsync(new PostgresDatabaseOptions { ConnectionString = await run.Postgres.NewDatabaseAsync() });
        return new AdapterPlayer(database, world, AnalyzeAsync);
    }

    // After many rows, as for every engine on PostgreSQL: a server that has run for some minutes knows what it holds.
    private static async Task AnalyzeAsync(IDatabase database)
    {
        await using var adapter = database.ForAgent(Guid.Empty);
        var source = (NpgsqlDataSource)adapter.GetConnection(typeof(NpgsqlDataSource))!;
        await using var analyze = source.CreateCommand("ANALYZE");
        await analyze.ExecuteNonQueryAsync();
    }
}
