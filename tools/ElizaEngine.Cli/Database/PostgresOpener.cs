using Npgsql;

namespace ElizaEngine.Cli.Database;

/// <summary>Opens the Postgres backend.</summary>
internal static class PostgresOpener
{
    /// <summary>Opens it.</summary>
    public static async Task<OpenDatabase> OpenAsync(PostgresLocation location, CancellationToken cancellationToken)
    {
        var database = await ElizaDatabase.OpenAsync(OptionsOf(location), cancellationToken);
        try
        {
            var (server, durability) = await AskAsync(database, cancellationToken);
            return new OpenDatabase(database)
            {
                Name = database.Address,
                Backend = "postgres",
                CountAsync = token => CountAsync(database, token),
                GetIndexedTablesAsync = token => IndexedAsync(database, token),
                Durability = durability,
                Server = server,
                Warnings = database.Warnings,
            };
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    /// <summary>How the tool opens a database. A command is over before an index is built.</summary>
    public static PostgresDatabaseOptions OptionsOf(PostgresLocation location) =>
        new() { ConnectionString = location.ConnectionString, Migrate = location.Migrate, VectorIndexRows = null };

    // What a commit of this server is worth, it knows itself.
    private static async Task<(string Server, string Durability)> AskAsync(PostgresDatabase database, CancellationToken cancellationToken)
    {
        await using var adapter = database.ForAgent(ToolAgent.Id);
        var source = (NpgsqlDataSource)adapter.GetConnection(typeof(NpgsqlDataSource))!;
        await using var command = source.CreateCommand("""
            SELECT current_setting('server_version'), coalesce((SELECT extversion FROM pg_extension WHERE extname = 'vector'), 'none'),
                current_setting('fsync'), current_setting('synchronous_commit')
            """);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        var durability = (row.GetString(2), row.GetString(3)) switch
        {
            ("off", _) => "kill -9 of its writer, but no power loss: the server runs with fsync = off",
            (_, "off") => "kill -9 of its writer, but no crash of the server: it runs with synchronous_commit = off",
            _ => "power loss",
        };
        return ($"PostgreSQL {row.GetString(0).Split(' ')[0]}, pgvector {row.GetString(1)}", durability);
    }

    private static async Task<DatabaseContents> CountAsync(PostgresDatabase database, CancellationToken cancellationToken)
    {
        var statistics = await database.GetStatisticsAsync(cancellationToken);
        return new DatabaseContents(statistics, statistics.Bytes, Files: null);
    }

    // An index is of a dimension, for all agents and tables.
    private static async Task<IReadOnlyList<IndexedTable>> IndexedAsync(PostgresDatabase database, CancellationToken cancellationToken)
    {
        await using var adapter = database.ForAgent(ToolAgent.Id);
        var source = (NpgsqlDataSource)adapter.GetConnection(typeof(NpgsqlDataSource))!;
        await using var command = source.CreateCommand("""
            SELECT DISTINCT m.agent_id, m.type COLLATE "C", a.dimension
            FROM eliza_engine.agent_dimensions a JOIN public.memories m ON m.agent_id = a.agent_id
            WHERE EXISTS (
                SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
                    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE i.indisvalid AND n.nspname IN ('public', 'eliza_engine') AND c.relname = 'eliza_embeddings_' || a.dimension)
            ORDER BY 1, 2
            """);
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        var tables = new List<IndexedTable>();
        while (await rows.ReadAsync(cancellationToken)) tables.Add(new IndexedTable(rows.GetGuid(0), rows.GetString(1), rows.GetInt32(2)));
        return tables;
    }
}
