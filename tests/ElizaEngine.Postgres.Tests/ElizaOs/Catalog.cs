using Npgsql;

namespace ElizaEngine.Postgres.Tests;

/// <summary>What a database looks like, one line per thing, so that two can be compared and a difference can be read.</summary>
internal static class Catalog
{
    /// <summary>The columns, constraints, indexes and triggers of some schemas, each as PostgreSQL itself writes it, ordered.</summary>
    public static async Task<IReadOnlyList<string>> DescribeAsync(NpgsqlConnection connection, params string[] schemas)
    {
        var lines = new List<string>();
        foreach (var query in (string[])[Columns, Constraints, Indexes, Triggers])
        {
            await using var command = new NpgsqlCommand(query, connection);
            command.Parameters.AddWithValue(schemas);
            await using var rows = await command.ExecuteReaderAsync();
            while (await rows.ReadAsync()) lines.Add(rows.GetString(0));
        }
        return lines;
    }

    private const string Columns =
        """
        SELECT concat_ws(' ', 'column', n.nspname || '.' || c.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod),
            CASE WHEN a.attnotnull THEN 'NOT NULL' END, 'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid))
        FROM pg_attribute a
        JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'
        JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attnum > 0 AND NOT a.attisdropped AND n.nspname = ANY ($1)
        ORDER BY n.nspname, c.relname, a.attnum
        """;

    private const string Constraints =
        """
        SELECT concat_ws(' ', 'constraint', r.conrelid::regclass, r.conname, pg_get_constraintdef(r.oid))
        FROM pg_constraint r
        JOIN pg_namespace n ON n.oid = r.connamespace
        WHERE r.conrelid <> 0 AND n.nspname = ANY ($1)
        ORDER BY 1
        """;

    private const string Indexes =
        "SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = ANY ($1) ORDER BY 1";

    private const string Triggers =
        """
        SELECT 'trigger ' || pg_get_triggerdef(t.oid)
        FROM pg_trigger t
        JOIN pg_class c ON c.oid = t.tgrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE NOT t.tgisinternal AND n.nspname = ANY ($1)
        ORDER BY 1
        """;
}
