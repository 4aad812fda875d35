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
    private readonly DataSourceLease _lease;

    private PostgresDatabase(PostgresDatabaseOptions options, DataSourceLease lease)
    {
        Options = options;
        _lease = lease;
        Retry = new Retry(options);
    }

    /// <summary>How it was opened.</summary>
    public PostgresDatabaseOptions Options { get; }

    /// <summary>Where it is, for logs and messages: a URL of user, hosts and database, with <c>***</c> for the password.</summary>
    public string Address => _lease.Redacted;

    internal NpgsqlDataSource Source => _lease.Source;

    /// <summary>Whether a pooler in transaction mode is in the way, so that nothing may be kept in a session.</summary>
    internal bool IsPooled => _lease.IsPooled;

    internal Retry Retry { get; }

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

    /// <summary>Counts what is in the database, now. Reads every table once: seconds for millions of rows.</summary>
    public async Task<PostgresStatistics> GetStatisticsAsync(CancellationToken cancellationToken = default)
    {
        using var call = BeginCall();
        return await Retry.RunAsync(
            CallKind.Read,
            async token =>
            {
                var connection = await Source.OpenConnectionAsync(token).ConfigureAwait(false);
                await using var open = connection.ConfigureAwait(false);
                return await PostgresStatistics.ReadAsync(connection, token).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task CloseAsync(CancellationToken cancellationToken = default)
    {
        await _calls.CloseAsync().ConfigureAwait(false);
        await _lease.DisposeAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => new(CloseAsync(CancellationToken.None));

    /// <summary>Begins a call; the database stays open until it ends.</summary>
    /// <exception cref="DatabaseClosedException">It is closed.</exception>
    internal InFlight.Call BeginCall() => _calls.Begin();

    internal Task<IReadOnlyList<string>> MigrateAsync(bool dryRun, CancellationToken cancellationToken) =>
        SchemaMigrator.MigrateAsync(Source, dryRun, cancellationToken);

    /// <summary>The active dimension of an agent as this process last saw it; null: none yet.</summary>
    internal int? DimensionOf(Guid agentId) => _dimensions.GetValueOrDefault(agentId);

    internal void SetDimension(Guid agentId, int? dimension) => _dimensions[agentId] = dimension;
}
