using System.Collections.Concurrent;
using ElizaEngine.Postgres;
using Npgsql;

namespace ElizaEngine;

/// <summary>
/// A PostgreSQL database with elizaOS' schema, shared by any number of agents, processes and machines. Thread-safe.
/// </summary>
public sealed class PostgresDatabase : IDatabase
{
    private readonly ConcurrentDictionary<Guid, int?> _dimensions = new();
    private readonly InFlight _calls = new("database");
    private readonly ConcurrentDictionary<PostgresTransaction, bool> _transactions = new();
    private readonly DataSourceLease _lease;

    private PostgresDatabase(PostgresDatabaseOptions options, DataSourceLease lease)
    {
        // What the connection string says of it has been read by now.
        Options = options.DataSource is null
            ? options with { CommandTimeout = TimeSpan.FromSeconds(new NpgsqlConnectionStringBuilder(lease.Source.ConnectionString).CommandTimeout) }
            : options;
        _lease = lease;
        Runner = new CallRunner(Options, lease.Source, () => IsOpen);
        Indexes = new VectorIndexes(this);
    }

    /// <summary>How it was opened.</summary>
    public PostgresDatabaseOptions Options { get; }

    /// <summary>
    /// What was found at opening that does not keep the database from being used, but should be known, in sentences: a pgvector
    /// with known faults, an index that is missing and could not be made, row level security that does not bind this role.
    /// </summary>
    public IReadOnlyList<string> Warnings { get; private set; } = [];

    /// <summary>Where it is, for logs and messages: a URL of user, hosts and database, with <c>***</c> for the password.</summary>
    public string Address => _lease.Redacted;

    internal NpgsqlDataSource Source => _lease.Source;

    /// <summary>Whether a pooler in transaction mode is in the way, so that nothing may be kept in a session.</summary>
    internal bool IsPooled => _lease.IsPooled;

    internal CallRunner Runner { get; }

    internal VectorIndexes Indexes { get; }

    internal TimeProvider Time => Options.TimeProvider;

    internal bool IsOpen => !_calls.IsClosed;

    /// <summary>
    /// Connects, looks at the schema, and brings it up to date unless the options say otherwise. When nothing is to be done that
    /// is one query.
    /// </summary>
    /// <exception cref="InvalidInputException">
    /// An option is missing or out of its range, or the data source does not know the type of vectors.
    /// </exception>
    /// <exception cref="InvalidConnectionStringException">A connection string cannot be understood. The error holds no password.</exception>
    /// <exception cref="ConnectionFailedException">The server cannot be reached, or does not let the user in.</exception>
    /// <exception cref="SchemaException">The schema cannot be used, or could not be brought up to date.</exception>
    /// <exception cref="UnsupportedFormatException">The schema is of a later version than this one knows.</exception>
    /// <exception cref="DataIsolationException">Row level security hides rows, or keeps those of several elizaOS servers apart.</exception>
    public static async Task<PostgresDatabase> OpenAsync(PostgresDatabaseOptions options, CancellationToken cancellationToken = default)
    {
        for (var attempt = 1; ; attempt++)
        {
            var database = Make(options);
            try
            {
                var opening = await database.PrepareAsync(cancellationToken).ConfigureAwait(false);
                database.Warnings = opening.Warnings;
                if (opening.ReadsVectors) return database;
                // Npgsql does not reload the types of a data source of several hosts (its issue 6237): another one learns them.
                if (options.DataSource is not null || attempt > 1)
                    throw new InvalidInputException("dataSource", database.Source.GetType().Name, "one whose builder was told UseVector(), made when the extension vector was there");
                DataSources.Retire(database._lease);
                await database.CloseAsync(CancellationToken.None).ConfigureAwait(false);
            }
            catch
            {
                await database.CloseAsync(CancellationToken.None).ConfigureAwait(false);
                throw;
            }
        }
    }

    /// <summary>
    /// Brings the schema of a database up to date without opening it, whatever <see cref="PostgresDatabaseOptions.Migrate"/> says.
    /// Several processes may do so at once. Errors are those of <see cref="OpenAsync"/>.
    /// </summary>
    /// <param name="options">How it would be opened.</param>
    /// <param name="dryRun">Whether only to look.</param>
    /// <param name="cancellationToken">Stops it; what was done by then stays.</param>
    /// <returns>The steps taken, in order; on a dry run, those that would be. Empty when there is nothing to do.</returns>
    public static async Task<IReadOnlyList<string>> MigrateAsync(
        PostgresDatabaseOptions options, bool dryRun = false, CancellationToken cancellationToken = default)
    {
        var database = Make(options);
        await using var open = database.ConfigureAwait(false);
        return await database.MigrateAsync(dryRun, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// The script that would bring the schema of a database up to date, complete and for psql, for an administrator to read and run;
    /// empty when there is nothing to do. Nothing is changed. On tables of some size the script builds indexes without keeping
    /// writers waiting, which opening does not. Errors are those of <see cref="OpenAsync"/>.
    /// </summary>
    public static async Task<string> GetMigrationScriptAsync(PostgresDatabaseOptions options, CancellationToken cancellationToken = default)
    {
        var database = Make(options);
        await using var open = database.ConfigureAwait(false);
        return await database.WithMigratorAsync(static (migrator, token) => migrator.ScriptAsync(token), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public IDatabaseAdapter ForAgent(Guid agentId) => new PostgresDatabaseAdapter(this, agentId);

    /// <summary>
    /// Builds the index of all vectors of one dimension, unless it is there; one that was left unfinished is built anew. Everybody
    /// goes on reading and writing. Searches do not need it: see <see cref="PostgresDatabaseOptions.VectorIndexRows"/>. It is of all agents
    /// and tables; on the local backend the call of this name builds the index of one agent in one table.
    /// </summary>
    /// <param name="dimension">Components of the vectors, 1 to <see cref="Limits.MaxDimension"/>.</param>
    /// <param name="cancellationToken">Breaks off the build and removes what there is of it.</param>
    /// <returns>Whether this call built it; false: it was there, or another process built it while this call waited.</returns>
    /// <exception cref="InvalidInputException">
    /// The dimension is out of its range; that there are no vectors of it yet is no error. Or the index is not there, and cannot be built
    /// for want of a <see cref="PostgresDatabaseOptions.DirectConnectionString"/>: behind a pooler in transaction mode, or on a data source
    /// of one connection.
    /// </exception>
    /// <exception cref="DatabaseClosedException">The database is closed, or was closed before the index was done.</exception>
    public Task<bool> BuildVectorIndexAsync(int dimension, CancellationToken cancellationToken = default) =>
        Indexes.BuildAsync(Door.Dimension(dimension), cancellationToken);

    /// <inheritdoc/>
    public Task<SearchPlan> ExplainSearchAsync(Guid agentId, MemorySearch search, CancellationToken cancellationToken = default) =>
        new PostgresDatabaseAdapter(this, agentId).ExplainSearchAsync(search, cancellationToken);

    /// <summary>Counts what is in the database, now. Reads every table once: seconds for millions of rows.</summary>
    public async Task<PostgresStatistics> GetStatisticsAsync(CancellationToken cancellationToken = default)
    {
        using var call = BeginCall();
        return await Runner.RunAsync(CallKind.Read, attempt => attempt.SendAsync(PostgresStatistics.Read), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task CloseAsync(CancellationToken cancellationToken = default)
    {
        await Indexes.DisposeAsync().ConfigureAwait(false);
        await _calls.CloseAsync().ConfigureAwait(false);
        // Their bodies may run on; the server need not wait for them.
        await Task.WhenAll(_transactions.Keys.Select(transaction => transaction.DisposeAsync().AsTask())).ConfigureAwait(false);
        await _lease.DisposeAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => new(CloseAsync(CancellationToken.None));

    /// <summary>Begins a call; the database stays open until it ends.</summary>
    /// <exception cref="DatabaseClosedException">It is closed.</exception>
    internal InFlight.Call BeginCall() => _calls.Begin();

    /// <summary>Counts the calls of a part of the database, which is closed by itself or with it.</summary>
    internal InFlight PartOfCalls(string what) => new(what, _calls);

    /// <summary>Makes sure that the schema can be used, and brings it up to date if the options say so.</summary>
    internal Task<Opening> PrepareAsync(CancellationToken cancellationToken) =>
        WithMigratorAsync((migrator, token) => migrator.OpenAsync(Options.Migrate, token), cancellationToken);

    internal Task<IReadOnlyList<string>> MigrateAsync(bool dryRun, CancellationToken cancellationToken) =>
        WithMigratorAsync((migrator, token) => migrator.MigrateAsync(dryRun, token), cancellationToken);

    /// <summary>Remembers a transaction, so that closing ends it.</summary>
    internal void Add(PostgresTransaction transaction) => _transactions[transaction] = true;

    internal void Remove(PostgresTransaction transaction) => _transactions.TryRemove(transaction, out _);

    /// <summary>The active dimension of an agent as this process last saw it; null: none yet.</summary>
    internal int? DimensionOf(Guid agentId) => _dimensions.GetValueOrDefault(agentId);

    internal void SetDimension(Guid agentId, int? dimension) => _dimensions[agentId] = dimension;

    private static PostgresDatabase Make(PostgresDatabaseOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        // Before a pool is rented, that would have to be given back.
        if (options is { ConnectionString: not null, DataSource: not null })
            throw new InvalidInputException("options", "both ConnectionString and DataSource", "one of the two");
        if (options.Retry is null) throw new InvalidInputException("retry", null, "settings; Attempts = 1 tries nothing again");
        Retry.Check(options.Retry);
        if (options.TimeProvider is null) throw new InvalidInputException("timeProvider", null, "a clock");
        return new PostgresDatabase(options, DataSources.Rent(options));
    }

    // Whatever it does, it can be done again from its beginning.
    private Task<T> WithMigratorAsync<T>(Func<SchemaMigrator, CancellationToken, Task<T>> work, CancellationToken cancellationToken) =>
        Runner.RunApartAsync(
            async token =>
            {
                var direct = DataSources.RentDirect(Options);
                await using var rented = direct.ConfigureAwait(false);
                return await work(new SchemaMigrator(Source, direct.Source, MigrationPatience.Default), token).ConfigureAwait(false);
            },
            cancellationToken);
}
