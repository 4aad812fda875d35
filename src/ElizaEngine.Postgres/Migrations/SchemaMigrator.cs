using Npgsql;

namespace ElizaEngine.Postgres;

/// <summary>Brings the schema up to date.</summary>
internal static class SchemaMigrator
{
    public static async Task<IReadOnlyList<string>> MigrateAsync(NpgsqlDataSource source, bool dryRun, CancellationToken cancellationToken)
    {
        var connection = await source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using var open = connection.ConfigureAwait(false);
        using (var check = new NpgsqlCommand("SELECT to_regclass('eliza_engine.guards') IS NOT NULL", connection))
        {
            if (await check.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is true) return [];
        }
        var steps = new List<string>();
        var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using var begun = transaction.ConfigureAwait(false);
        foreach (var name in typeof(SchemaMigrator).Assembly.GetManifestResourceNames().Where(name => name.EndsWith(".sql", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(typeof(SchemaMigrator).Assembly.GetManifestResourceStream(name)!);
            var sql = "CREATE EXTENSION IF NOT EXISTS vector;" + await reader.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
            using var command = new NpgsqlCommand(sql, connection, transaction);
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            steps.Add(name);
        }
        if (dryRun) return steps;
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        await connection.ReloadTypesAsync(cancellationToken).ConfigureAwait(false);
        return steps;
    }
}
