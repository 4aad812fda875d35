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
    private readonly bool _ownsSource;

    private PostgresDatabase(PostgresDatabaseOptions options, NpgsqlDataSource source)
    {
        Options = options;
        Source = source;
        _ownsSource = options.DataSource is null;
        Retry = new Retry(options);
    }

    /// <summary>How it was opened.</summary>
    public PostgresDatabaseOptions Options { get; }

    internal NpgsqlDataSource Source { get; }

    internal Retry Retry { get; }

    internal TimeProvider Time => Options.TimeProvider;

    internal bool IsOpen => !_calls.IsClosed;

    /// <summary>Connects, and brings the schema up to date unless the options say otherwise.</summary>
    public static async Task<PostgresDatabase> OpenAsync(PostgresDatabaseOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var source = options.DataSource ?? DataSources.Create(options);
        var database = new PostgresDatabase(options, source);
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

    /// <inheritdoc/>
    public async Task CloseAsync(CancellationToken cancellationToken = default)
    {
        await _calls.CloseAsync().ConfigureAwait(false);
        if (_ownsSource) await Source.DisposeAsync().ConfigureAwait(false);
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
