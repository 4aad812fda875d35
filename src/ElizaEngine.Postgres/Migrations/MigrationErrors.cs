using Npgsql;

namespace ElizaEngine.Postgres;

/// <summary>Puts what the server says of a migration into errors that say what to do.</summary>
internal static class MigrationErrors
{
    /// <summary>The error to throw; null: it has nothing to do with the schema, such as a connection that broke.</summary>
    /// <param name="error">What the server said.</param>
    /// <param name="connection">The connection for migrations.</param>
    /// <param name="steps">The steps under way; none: the lock was waited for.</param>
    public static SchemaException? Of(PostgresException error, NpgsqlConnection connection, IReadOnlyList<MigrationStep> steps)
    {
        var what = steps.Count == 0 ? "the lock of migrations" : string.Join(", ", steps.Select(step => step.Name));
        var isExtension = steps.Any(step => step.Kind == MigrationStepKind.Extension);
        return error.SqlState switch
        {
            PostgresErrorCodes.LockNotAvailable => new SchemaBusyException(steps.Count == 0
                ? $"Another migration of the database {connection.Database} has not ended in time. Nothing was changed. Try again when it has."
                : $"Others hold locks on the tables of the database {connection.Database} for too long to make {what}. Nothing of it was changed. Try again later, or end their transactions.",
                error),
            PostgresErrorCodes.InsufficientPrivilege when isExtension => new VectorExtensionException(
                $"pgvector is missing in the database {connection.Database}, and the role {connection.UserName} has no right to add it ({error.MessageText}). An administrator has to, in this database.",
                VectorSupport.Create.TrimEnd(),
                error),
            PostgresErrorCodes.FeatureNotSupported or PostgresErrorCodes.UndefinedFile when isExtension => new VectorExtensionException(
                $"The server of the database {connection.Database} does not have pgvector ({error.MessageText}). Install it there: on Debian and Ubuntu the package postgresql-{connection.PostgreSqlVersion.Major}-pgvector, "
                + "in Docker the image pgvector/pgvector; hosted servers have it as the extension vector.",
                remedy: null,
                error),
            PostgresErrorCodes.InsufficientPrivilege => new SchemaException(
                $"The role {connection.UserName} has no right to make {what} in the database {connection.Database}: {error.MessageText}. Nothing of it was changed. "
                + "Open it once as the role that owns elizaOS' tables, or have that role run the script of 'eliza migrate --script' or PostgresDatabase.GetMigrationScriptAsync.",
                inner: error),
            PostgresErrorCodes.ReadOnlySqlTransaction => new SchemaException(
                $"The server of the database {connection.Database} only reads, so it cannot make {what}. Nothing was changed. Open the primary first.", inner: error),
            // What the statements themselves met: another program's tables, rows that break a rule.
            ['2' or '4' or 'P', ..] and not ['2', '5' or '8', ..] and not ['4', '0', ..] => new SchemaException(
                $"Making {what} in the database {connection.Database} failed: {error.MessageText} Nothing of it was changed.{(error.Hint is { } hint ? $" {hint}" : "")}", inner: error),
            _ => null,
        };
    }

    /// <summary>The tables of ours are there, but not for this role.</summary>
    public static SchemaException NoRightsToUse(NpgsqlConnection connection, PostgresException error)
    {
        var role = VectorSupport.Quote(connection.UserName!);
        return new SchemaException(
            $"The role {connection.UserName} has no right to use the schema eliza_engine of the database {connection.Database}: {error.MessageText}. Its owner has to grant it.",
            $"GRANT USAGE ON SCHEMA eliza_engine TO {role}; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA eliza_engine TO {role};",
            error);
    }
}
