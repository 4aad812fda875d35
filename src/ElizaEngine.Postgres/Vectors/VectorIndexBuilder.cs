using Npgsql;

namespace ElizaEngine.Postgres;

/// <summary>What became of the wish for an index.</summary>
internal enum BuildOutcome
{
    /// <summary>It was there.</summary>
    Existed,

    /// <summary>It was built.</summary>
    Built,

    /// <summary>Somebody else is building one of this dimension.</summary>
    BuiltElsewhere,

    /// <summary>It was not there, and would not pay.</summary>
    NotWanted,
}

/// <summary>
/// Builds a <see cref="VectorIndex"/> on a connection of its own, while everybody reads and writes. The connection must lead to one
/// session of the server: a pooler in transaction mode would spread lock and settings over those of others.
/// <list type="bullet">
/// <item>One at a time for each dimension, over all processes: the session holds an advisory lock, which goes with the session.</item>
/// <item>With the lock held, an index that is not valid is what a build that was broken off has left: it is removed first.</item>
/// <item>A build that fails or is cancelled removes what it made, if the server lets it in short time; else the next one does.</item>
/// </list>
/// </summary>
internal sealed class VectorIndexBuilder(NpgsqlConnection connection, VectorIndex index)
{
    // The first half of the lock's key; the second is the dimension. "eliz" in ASCII.
    private const int LockClass = 0x656C697A;

    private const int CleanupSeconds = 5;

    /// <summary>Whether it can be used; false: it is being built, or a build was broken off. Null: there is none.</summary>
    public Task<bool?> IsValidAsync(CancellationToken cancellationToken) =>
        ReadAsync<bool?>(Statement.Of($"SELECT {index.IsValid}"), timeoutSeconds: null, cancellationToken);

    /// <summary>The answer to a question, however long it takes; false for null.</summary>
    public Task<bool> HoldsAsync(Statement question, CancellationToken cancellationToken) =>
        ReadAsync<bool>(question, timeoutSeconds: 0, cancellationToken);

    /// <summary>Sees to it that the index is there and valid.</summary>
    public async Task<BuildOutcome> BuildAsync(CancellationToken cancellationToken)
    {
        var isLocked = true;
        try
        {
            // Never waits for the lock: a statement that waits holds up the build, which waits for every older statement. A call that is
            // cancelled while it asks may have got it.
            var tryLock = Statement.Of($"SELECT pg_try_advisory_lock({Sql.Number(LockClass)}, {Sql.Number(index.Dimension)})");
            isLocked = await ReadAsync<bool>(tryLock, timeoutSeconds: null, cancellationToken).ConfigureAwait(false);
            return isLocked ? await BuildLockedAsync(cancellationToken).ConfigureAwait(false) : BuildOutcome.BuiltElsewhere;
        }
        finally
        {
            // A pool, that of a caller's own data source, lends the connection to others.
            if (isLocked)
            {
                await TryAsync(Sql.Raw("RESET statement_timeout; RESET lock_timeout; RESET max_parallel_maintenance_workers; RESET maintenance_work_mem")).ConfigureAwait(false);
                await TryAsync(Sql.Of($"SELECT pg_advisory_unlock({Sql.Number(LockClass)}, {Sql.Number(index.Dimension)})")).ConfigureAwait(false);
            }
        }
    }

    private async Task<BuildOutcome> BuildLockedAsync(CancellationToken cancellationToken)
    {
        var isValid = await IsValidAsync(cancellationToken).ConfigureAwait(false);
        if (isValid is true) return BuildOutcome.Existed;
        await PrepareSessionAsync(cancellationToken).ConfigureAwait(false);
        if (isValid is false) await ExecuteAsync(index.Drop, timeoutSeconds: 0, cancellationToken).ConfigureAwait(false);
        try
        {
            await ExecuteAsync(index.Create, timeoutSeconds: 0, cancellationToken).ConfigureAwait(false);
            return BuildOutcome.Built;
        }
        catch
        {
            await TryAsync(index.Drop).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Timeouts are made for calls, not for builds. The graph is built in memory as long as it fits, and many times slower after
    /// that: a server's usual 64 MB hold 30k vectors of 384. One process builds, because pgvector before 0.8.2 overruns a buffer when
    /// several do, and because they share memory in /dev/shm, of which containers have little.
    /// </summary>
    private Task PrepareSessionAsync(CancellationToken cancellationToken) => ExecuteAsync(
        Sql.Raw("""
            SELECT set_config('statement_timeout', '0', false), set_config('lock_timeout', '0', false),
                set_config('max_parallel_maintenance_workers', '0', false),
                set_config('maintenance_work_mem', greatest(setting::bigint, 262144)::text, false)
            FROM pg_catalog.pg_settings WHERE name = 'maintenance_work_mem'
            """),
        timeoutSeconds: null,
        cancellationToken);

    private async Task<T?> ReadAsync<T>(Statement statement, int? timeoutSeconds, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(statement.Text, connection);
        await using var _ = command.ConfigureAwait(false);
        foreach (var parameter in statement.Values) command.Parameters.Add(parameter.ToParameter());
        if (timeoutSeconds is { } seconds) command.CommandTimeout = seconds;
        return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is T value ? value : default;
    }

    private async Task ExecuteAsync(Statement statement, int? timeoutSeconds, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(statement.Text, connection);
        await using var _ = command.ConfigureAwait(false);
        if (timeoutSeconds is { } seconds) command.CommandTimeout = seconds;
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    // Cleaning up after a failure must not hide it, nor take long.
    private async Task TryAsync(Sql statement)
    {
        if (connection.State != System.Data.ConnectionState.Open) return;
        try
        {
            await ExecuteAsync(statement, CleanupSeconds, CancellationToken.None).ConfigureAwait(false);
        }
        catch (NpgsqlException)
        {
            // The lock goes with the session, which must not be lent to others; the next build finds what is left of the index.
            NpgsqlConnection.ClearPool(connection);
        }
    }
}
