using System.Data;
using Npgsql;

namespace ElizaEngine.Postgres;

/// <summary>What opening found of a database that can be used.</summary>
/// <param name="Warnings">What should be known of it, in sentences.</param>
/// <param name="ReadsVectors">Whether the data source can read vectors; if not, another one may.</param>
internal sealed record Opening(IReadOnlyList<string> Warnings, bool ReadsVectors);

/// <summary>
/// Looks at the schema of a database when it is opened, and brings it up to date.
/// <list type="number">
/// <item>One query tells all (<see cref="SchemaState"/>); a database that cannot be used is refused (<see cref="SchemaChecks"/>).</item>
/// <item>If nothing is missing (<see cref="MigrationPlan"/>), that was all.</item>
/// <item>Else, transaction by transaction: take the lock (<see cref="MigrationLock"/>), look again, since another process may have
/// been here, make what is missing first, commit.</item>
/// </list>
/// Broken off anywhere it leaves whole steps, and the next one goes on from there.
/// </summary>
/// <param name="source">The way that all calls take.</param>
/// <param name="direct">The way that migrations take.</param>
/// <param name="patience">How long to wait for others.</param>
internal sealed class SchemaMigrator(NpgsqlDataSource source, NpgsqlDataSource direct, MigrationPatience patience)
{
    /// <summary>Makes sure that the database can be used.</summary>
    /// <param name="mayMigrate">Whether to make what is missing; without it only what calls can do without may be missing.</param>
    /// <param name="cancellationToken">Stops between and within steps.</param>
    /// <exception cref="SchemaException">It cannot be used, or not be brought up to date.</exception>
    public async Task<Opening> OpenAsync(bool mayMigrate, CancellationToken cancellationToken)
    {
        var state = await LookAsync(cancellationToken).ConfigureAwait(false);
        var missing = MigrationPlan.Of(state).SelectMany(steps => steps).ToList();
        if (missing.Count == 0 && state.ReadsVectors) return new Opening([.. SchemaChecks.WarningsOf(state)], ReadsVectors: true);

        var failures = new List<SchemaException>();
        if (missing.Count > 0 && mayMigrate) failures = (await RunAsync(cancellationToken).ConfigureAwait(false)).Failures;
        state = await LookWithNewTypesAsync(cancellationToken).ConfigureAwait(false);
        missing = [.. MigrationPlan.Of(state).SelectMany(steps => steps)];
        if (missing.Any(step => step.IsEssential)) throw Behind(state, missing, mayMigrate);
        return new Opening([.. SchemaChecks.WarningsOf(state), .. missing.Count > 0 ? [Slow(missing, failures)] : Array.Empty<string>()], state.ReadsVectors);
    }

    /// <summary>Makes what is missing, and returns the names of the steps, in order; on a dry run, of those it would take.</summary>
    public async Task<IReadOnlyList<string>> MigrateAsync(bool dryRun, CancellationToken cancellationToken)
    {
        var state = await LookAsync(cancellationToken).ConfigureAwait(false);
        var plan = MigrationPlan.Of(state);
        if (dryRun || plan.Count == 0) return [.. plan.SelectMany(steps => steps).Select(step => step.Name)];
        var (done, failures) = await RunAsync(cancellationToken).ConfigureAwait(false);
        if (failures.Count > 0) throw failures[0];
        state = await LookAsync(cancellationToken).ConfigureAwait(false);
        if (MigrationPlan.Of(state).SelectMany(steps => steps).ToList() is { Count: > 0 } missing) throw Behind(state, missing, mayMigrate: true);
        return done;
    }

    /// <summary>The script that would do the same, for an administrator; empty when nothing is missing.</summary>
    public async Task<string> ScriptAsync(CancellationToken cancellationToken) =>
        MigrationScript.Of(await LookAsync(cancellationToken).ConfigureAwait(false), patience);

    private async Task<SchemaState> LookAsync(CancellationToken cancellationToken)
    {
        var connection = await source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using var open = connection.ConfigureAwait(false);
        SchemaChecks.ThrowIfTooOld(connection.PostgreSqlVersion);
        try
        {
            var state = await SchemaState.ReadAsync(connection, cancellationToken).ConfigureAwait(false);
            SchemaChecks.ThrowIfUnfit(state);
            return state;
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw MigrationErrors.NoRightsToUse(connection, error);
        }
    }

    // The data source remembers the types of the database as they were when it first connected.
    private async Task<SchemaState> LookWithNewTypesAsync(CancellationToken cancellationToken)
    {
        await source.ReloadTypesAsync(cancellationToken).ConfigureAwait(false);
        return await LookAsync(cancellationToken).ConfigureAwait(false);
    }

    private Task<NpgsqlConnection> OpenDirectAsync(CancellationToken cancellationToken) => direct is NpgsqlMultiHostDataSource hosts
        ? hosts.OpenConnectionAsync(TargetSessionAttributes.Primary, cancellationToken).AsTask()
        : direct.OpenConnectionAsync(cancellationToken).AsTask();

    // Returns the names of the steps made here, and what kept others from being made that calls can do without.
    private async Task<(List<string> Done, List<SchemaException> Failures)> RunAsync(CancellationToken cancellationToken)
    {
        var connection = await OpenDirectAsync(cancellationToken).ConfigureAwait(false);
        await using var open = connection.ConfigureAwait(false);
        var (done, failures, given) = (new List<string>(), new List<SchemaException>(), new HashSet<string>());
        while (true)
        {
            IReadOnlyList<MigrationStep> steps = [];
            try
            {
                var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken).ConfigureAwait(false);
                await using var begun = transaction.ConfigureAwait(false);
                await ExecuteAsync(connection, MigrationLock.Take(patience), cancellationToken).ConfigureAwait(false);
                // Each statement of the transaction sees what others have committed, so this sees what the last holder of the lock did.
                var state = await SchemaState.ReadStrangeAsync(connection, cancellationToken).ConfigureAwait(false);
                SchemaChecks.ThrowIfUnfit(state);
                steps = MigrationPlan.Of(state).FirstOrDefault(together => !together.All(step => given.Contains(step.Name))) ?? [];
                if (steps.Count == 0) return (done, failures);
                await ExecuteAsync(connection, string.Concat(steps.Select(step => step.Sql)), cancellationToken).ConfigureAwait(false);
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                done.AddRange(steps.Select(step => step.Name));
            }
            catch (PostgresException error)
            {
                if (MigrationErrors.Of(error, connection, steps) is not { } known) throw;
                if (steps.Count == 0 || steps.Any(step => step.IsEssential)) throw known;
                given.UnionWith(steps.Select(step => step.Name));
                failures.Add(known);
            }
        }
    }

    // The server keeps the time; the client's own limit is for calls.
    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await using var _ = command.ConfigureAwait(false);
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    private static SchemaException Behind(SchemaState state, List<MigrationStep> missing, bool mayMigrate) => new(
        $"The database {state.Database} lacks {string.Join(", ", missing.Select(step => step.Name))}. "
        + (mayMigrate
            ? "The connection for migrations (DirectConnectionString) leads to another database, or somebody removed this again."
            : "Nothing was changed. 'eliza migrate' or PostgresDatabase.MigrateAsync makes it, and so does opening with Migrate = true; "
                + "'eliza migrate --script' or PostgresDatabase.GetMigrationScriptAsync gives the script for an administrator."));

    private static string Slow(List<MigrationStep> missing, List<SchemaException> failures) =>
        $"Some calls are slow without {string.Join(", ", missing.Select(step => step.Name))}. "
        + (failures.Count > 0 ? string.Join(" ", failures.Select(failure => failure.Message)) : "'eliza migrate' or PostgresDatabase.MigrateAsync makes it.");
}
