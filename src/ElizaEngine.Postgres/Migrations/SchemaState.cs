using System.Text.Json;
using Npgsql;
using Pgvector;

namespace ElizaEngine.Postgres;

/// <summary>A version that a database remembers.</summary>
/// <param name="Version">Its number.</param>
/// <param name="Name">The name of its script.</param>
/// <param name="Checksum">The checksum of its script.</param>
/// <param name="AppliedBy">The program that ran it, such as <c>ElizaEngine 0.1.0</c>.</param>
internal sealed record AppliedMigration(int Version, string Name, string Checksum, string AppliedBy);

/// <summary>The extension vector of a database.</summary>
/// <param name="Version">Its version, such as <c>0.8.0</c>.</param>
/// <param name="Schema">Where its types and functions are.</param>
/// <param name="IsVisible">Whether the search path of the connection leads there.</param>
internal sealed record VectorExtension(string Version, string Schema, bool IsVisible);

/// <summary>
/// What a database says of its schema, at one moment: all that opening has to know, read with one query.
/// </summary>
internal sealed record SchemaState
{
    /// <summary>The role of the connection.</summary>
    public required string Role { get; init; }

    /// <summary>The name of the database.</summary>
    public required string Database { get; init; }

    /// <summary>The encoding of the texts in the database, such as <c>UTF8</c>.</summary>
    public required string Encoding { get; init; }

    /// <summary>The search path of the connection.</summary>
    public required string SearchPath { get; init; }

    /// <summary>The versions that were applied, in order; null: the table that remembers them is not there.</summary>
    public required IReadOnlyList<AppliedMigration>? Versions { get; init; }

    /// <summary>pgvector; null: not in this database.</summary>
    public required VectorExtension? Vector { get; init; }

    /// <summary>The columns of elizaOS' tables, as <c>memories.room_id</c>.</summary>
    public required IReadOnlySet<string> Columns { get; init; }

    /// <summary>The indexes of elizaOS' tables, and whether they are whole: one whose build was broken off is not.</summary>
    public required IReadOnlyDictionary<string, bool> Indexes { get; init; }

    /// <summary>The bytes of elizaOS' tables; a table that is not there has none.</summary>
    public required IReadOnlyDictionary<string, long> TableBytes { get; init; }

    /// <summary>The triggers of elizaOS' tables that are on.</summary>
    public required IReadOnlySet<string> Triggers { get; init; }

    /// <summary>The tables of the schema <c>public</c> under elizaOS' data isolation.</summary>
    public required IReadOnlyList<string> IsolatedTables { get; init; }

    /// <summary>The tables of elizaOS with row level security, whoever's, and whether it binds the role of the connection.</summary>
    public required IReadOnlyDictionary<string, bool> SecuredTables { get; init; }

    /// <summary>Whether the data source can read vectors: it has seen the type, and knows what to make of it. False also where it was not asked.</summary>
    public bool ReadsVectors { get; init; }

    /// <summary>The version of the schema; 0: none.</summary>
    public int Version => Versions is { Count: > 0 } ? Versions[^1].Version : 0;

    /// <summary>Whether there is an index of this name, and it is whole.</summary>
    public bool HasIndex(string name) => Indexes.GetValueOrDefault(name);

    /// <summary>Reads it on a connection outside of a transaction: one query when the database is one of ours.</summary>
    public static async Task<SchemaState> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadAsync(connection, Query(withVersions: true, withVector: true), cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException error) when (error.SqlState is
            PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName or PostgresErrorCodes.UndefinedColumn or PostgresErrorCodes.UndefinedObject)
        {
            return await ReadStrangeAsync(connection, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Reads it from the catalog first, so that nothing fails that is not there: for a transaction, and for strange databases.</summary>
    public static async Task<SchemaState> ReadStrangeAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var state = await ReadAsync(connection, Query(withVersions: false, withVector: false), cancellationToken).ConfigureAwait(false);
        return state.Versions is null ? state : await ReadAsync(connection, Query(withVersions: true, withVector: false), cancellationToken).ConfigureAwait(false);
    }

    private static async Task<SchemaState> ReadAsync(NpgsqlConnection connection, string query, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(query, connection);
        await using var _ = command.ConfigureAwait(false);
        var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using var __ = reader.ConfigureAwait(false);
        await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        using var answer = JsonDocument.Parse(reader.GetString(0));
        return Of(answer.RootElement) with { ReadsVectors = reader.FieldCount > 1 && IsVector(reader, 1) };
    }

    private static bool IsVector(NpgsqlDataReader reader, int column)
    {
        try
        {
            return reader.GetFieldType(column) == typeof(Vector);
        }
        catch (InvalidCastException)
        {
            return false;
        }
    }

    private static SchemaState Of(JsonElement answer) => new()
    {
        Role = answer.GetProperty("role").GetString()!,
        Database = answer.GetProperty("database").GetString()!,
        Encoding = answer.GetProperty("encoding").GetString()!,
        SearchPath = answer.GetProperty("search_path").GetString()!,
        Versions = answer.GetProperty("versions") is { ValueKind: JsonValueKind.Array } versions
            ? [.. versions.EnumerateArray().Select(row => new AppliedMigration(
                row.GetProperty("version").GetInt32(), row.GetProperty("name").GetString()!, row.GetProperty("checksum").GetString()!, row.GetProperty("applied_by").GetString()!))]
            : null,
        Vector = answer.GetProperty("vector") is { ValueKind: JsonValueKind.Object } vector
            ? new VectorExtension(vector.GetProperty("version").GetString()!, vector.GetProperty("schema").GetString()!, vector.GetProperty("is_visible").GetBoolean())
            : null,
        Columns = Texts(answer.GetProperty("columns")).ToHashSet(StringComparer.Ordinal),
        Indexes = answer.GetProperty("indexes").EnumerateObject().ToDictionary(pair => pair.Name, pair => pair.Value.GetBoolean(), StringComparer.Ordinal),
        TableBytes = answer.GetProperty("table_bytes").EnumerateObject().ToDictionary(pair => pair.Name, pair => pair.Value.GetInt64(), StringComparer.Ordinal),
        Triggers = Texts(answer.GetProperty("triggers")).ToHashSet(StringComparer.Ordinal),
        IsolatedTables = [.. Texts(answer.GetProperty("isolated"))],
        SecuredTables = answer.GetProperty("secured").EnumerateObject().ToDictionary(pair => pair.Name, pair => pair.Value.GetBoolean(), StringComparer.Ordinal),
    };

    private static IEnumerable<string> Texts(JsonElement list) => list.EnumerateArray().Select(item => item.GetString()!);

    // The answer is JSON, so that it can be read through any data source; only the second column shows whether that knows vectors.
    // Without `withVersions`, the versions are an empty list when there is a table of them.
    private static string Query(bool withVersions, bool withVector) => $$"""
        WITH eliza_table AS (
            SELECT c.oid, c.relname, c.relrowsecurity FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND c.relname IN ({{string.Join(", ", ElizaTables.Names.Select(name => $"'{name}'"))}}))
        SELECT json_build_object(
            'role', current_user,
            'database', current_database(),
            'encoding', current_setting('server_encoding'),
            'search_path', current_setting('search_path'),
            'versions', {{(withVersions
                ? "(SELECT coalesce(json_agg(v ORDER BY v.version), '[]') FROM (SELECT version, name, checksum, applied_by FROM eliza_engine.schema_versions) v)"
                : "CASE WHEN to_regclass('eliza_engine.schema_versions') IS NOT NULL THEN json_build_array() END")}},
            'vector', (
                SELECT json_build_object('version', x.extversion, 'schema', n.nspname, 'is_visible', EXISTS (
                    SELECT FROM pg_type t WHERE t.typname = 'vector' AND t.typnamespace = n.oid AND pg_type_is_visible(t.oid)))
                FROM pg_extension x JOIN pg_namespace n ON n.oid = x.extnamespace WHERE x.extname = 'vector'),
            'columns', (
                SELECT coalesce(json_agg(c.relname || '.' || a.attname), '[]') FROM eliza_table c JOIN pg_attribute a ON a.attrelid = c.oid
                WHERE a.attnum > 0 AND NOT a.attisdropped),
            'indexes', (
                SELECT coalesce(json_object_agg(i.relname, x.indisvalid), '{}') FROM eliza_table c
                JOIN pg_index x ON x.indrelid = c.oid JOIN pg_class i ON i.oid = x.indexrelid),
            'table_bytes', (SELECT coalesce(json_object_agg(c.relname, pg_relation_size(c.oid)), '{}') FROM eliza_table c),
            'triggers', (
                SELECT coalesce(json_agg(t.tgname), '[]') FROM eliza_table c JOIN pg_trigger t ON t.tgrelid = c.oid
                WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')),
            'isolated', (
                SELECT coalesce(json_agg(c.relname ORDER BY c.relname), '[]') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = 'public' AND (
                    EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname IN ('server_isolation_policy', 'entity_isolation_policy'))
                    OR c.relrowsecurity AND c.relname <> 'agents'
                        AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'server_id' AND NOT a.attisdropped))),
            'secured', (SELECT coalesce(json_object_agg(c.relname, row_security_active(c.oid)), '{}') FROM eliza_table c WHERE c.relrowsecurity)
        )::text{{(withVector ? ", NULL::vector" : "")}}
        """;
}
