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

    /// <summary>Where it is, for logs and messages: a URL of user, hosts and database, with <c>***</c> for the password.</summary>
    public string Address => _lease.Redacted;

    internal NpgsqlDataSource Source => _lease.Source;

    /// <summary>Whether a pooler in transaction mode is in the way, so that nothing may be kept in a session.</summary>
    internal bool IsPooled => _lease.IsPooled;

    internal CallRunner Runner { get; }

    internal VectorIndexes Indexes { get; }

    internal TimeProvider Time => Options.TimeProvider;

    internal bool IsOpen => !_calls.IsClosed;

    /// <summary>Connects, and brings the schema up to date unless the options say otherwise.</summary>
    public static async Task<PostgresDatabase> OpenAsync(PostgresDatabaseOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var database = new PostgresDatabase(options, DataSources.Rent(options));
        try
        {
            if (options.Migrate) await database.MigrateAsync(dryRun: false, cancellationToken).ConfigureAwait(false);
            return database;
        }
        catch
        {
            await database.CloseAsync(CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public IDatabaseAdapter ForAgent(Guid agentId) => new PostgresDatabaseAdapter(this, agentId);

    /// <summary>
    /// Builds the index of all vectors of one dimension, unless it is there; one that was left unfinished is built anew. Everybody
    /// goes on reading and writing. Searches do not need it: see <see cref="PostgresDatabaseOptions.VectorIndexRows"/>.
    /// </summary>
    /// <param name="dimension">Components of the vectors, 1 to <see cref="Limits.MaxDimension"/>.</param>
    /// <param name="cancellationToken">Breaks off the build and removes what there is of it.</param>
    /// <returns>Whether this call built it; false: it was there, or another process built it while this call waited.</returns>
    /// <exception cref="InvalidInputException">There are no vectors of that dimension.</exception>
    /// <exception cref="DatabaseClosedException">The database is closed, or was closed before the index was done.</exception>
    public Task<bool> BuildVectorIndexAsync(int dimension, CancellationToken cancellationToken = default) =>
        Indexes.BuildAsync(Door.Dimension(dimension), cancellationToken);

    /// <summary>Makes a search and tells how it was done, what it cost, and why. Errors are those of the search.</summary>
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
        foreach (var transaction in _transactions.Keys) await transaction.DisposeAsync().ConfigureAwait(false);
        await _lease.DisposeAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => new(CloseAsync(CancellationToken.None));

    /// <summary>Begins a call; the database stays open until it ends.</summary>
    /// <exception cref="DatabaseClosedException">It is closed.</exception>
    internal InFlight.Call BeginCall() => _calls.Begin();

    internal Task<IReadOnlyList<string>> MigrateAsync(bool dryRun, CancellationToken cancellationToken) =>
        Runner.RunApartAsync(token => SchemaMigrator.MigrateAsync(Source, dryRun, token), cancellationToken);

    /// <summary>Remembers a transaction, so that closing ends it.</summary>
    internal void Add(PostgresTransaction transaction) => _transactions[transaction] = true;

    internal void Remove(PostgresTransaction transaction) => _transactions.TryRemove(transaction, out _);

    /// <summary>The active dimension of an agent as this process last saw it; null: none yet.</summary>
    internal int? DimensionOf(Guid agentId) => _dimensions.GetValueOrDefault(agentId);

    internal void SetDimension(Guid agentId, int? dimension) => _dimensions[agentId] = dimension;
}
