using Npgsql;

namespace ElizaEngine.Postgres;

/// <summary>
/// The pools of this process: one for each connection string, however many databases are opened with it, since a server has
/// few connections to give. The last database that leaves takes its pool with it.
/// </summary>
internal static class DataSources
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, DataSourcePool> Pools = new(StringComparer.Ordinal);

    /// <summary>The way that all calls take.</summary>
    /// <exception cref="InvalidInputException">The options name no database, or one that cannot be understood.</exception>
    public static DataSourceLease Rent(PostgresDatabaseOptions options)
    {
        if (options.CommandTimeout <= TimeSpan.Zero) throw new InvalidInputException("commandTimeout", options.CommandTimeout, "positive");
        if (options.VectorIndexRows < 1) throw new InvalidInputException("vectorIndexRows", options.VectorIndexRows, "1 or more, or null");
        if (options.DataSource is { } given) return new DataSourceLease(given, pool: null, IsPooled(given), PostgresAddress.Redact(given.ConnectionString)!);
        if (string.IsNullOrWhiteSpace(options.ConnectionString))
            throw new InvalidInputException("connectionString", options.ConnectionString, "a URL (postgres://...) or keywords of Npgsql, unless a data source is given");
        return Rent(options.ConnectionString, options.CommandTimeout);
    }

    /// <summary>The way to the server itself, for what a pooler in transaction mode cannot serve; the same as the other when none is named.</summary>
    public static DataSourceLease RentDirect(PostgresDatabaseOptions options) =>
        string.IsNullOrWhiteSpace(options.DirectConnectionString) ? Rent(options) : Rent(options.DirectConnectionString, options.CommandTimeout);

    /// <summary>
    /// The way of <see cref="RentDirect"/> for what holds a connection for long: its connections are taken from no pool, so that calls
    /// find theirs however few they are. A data source of the caller's own is used as it is.
    /// </summary>
    public static DataSourceLease RentApart(PostgresDatabaseOptions options)
    {
        var isDirect = !string.IsNullOrWhiteSpace(options.DirectConnectionString);
        if (!isDirect && options.DataSource is not null) return Rent(options);
        return Rent(isDirect ? options.DirectConnectionString! : options.ConnectionString!, options.CommandTimeout, isApart: true);
    }

    /// <summary>Who rents from now on gets another pool than this; those who have it keep it. Nothing for a data source of the caller's own.</summary>
    public static void Retire(DataSourceLease lease)
    {
        lock (Gate)
        {
            if (lease.Pool is { } pool) RemoveLocked(pool);
        }
    }

    /// <summary>One user less.</summary>
    internal static async ValueTask ReturnAsync(DataSourcePool pool)
    {
        lock (Gate)
        {
            if (--pool.Users > 0) return;
            RemoveLocked(pool);
        }
        await pool.Source.DisposeAsync().ConfigureAwait(false);
    }

    private static void RemoveLocked(DataSourcePool pool)
    {
        if (Pools.GetValueOrDefault(pool.Key) == pool) Pools.Remove(pool.Key);
    }

    private static DataSourceLease Rent(string connectionString, TimeSpan commandTimeout, bool isApart = false)
    {
        var address = PostgresAddress.Read(connectionString);
        if (isApart) address.Builder.Pooling = false;
        if (!address.Builder.ShouldSerialize("Command Timeout")) address.Builder.CommandTimeout = (int)Math.Ceiling(Math.Min(commandTimeout.TotalSeconds, int.MaxValue));
        var key = address.Builder.ConnectionString;
        lock (Gate)
        {
            if (!Pools.TryGetValue(key, out var pool)) Pools[key] = pool = new DataSourcePool(key, Build(address));
            pool.Users++;
            return new DataSourceLease(pool.Source, pool, address.IsPooled, address.Redacted);
        }
    }

    private static NpgsqlDataSource Build(PostgresAddress address)
    {
        try
        {
            var builder = new NpgsqlSlimDataSourceBuilder(address.Builder.ConnectionString);
            builder.EnableArrays();
            builder.EnableJsonTypes();
            builder.EnableTransportSecurity();
            builder.EnableIntegratedSecurity();
            builder.UseVector();
            return builder.Build();
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException or InvalidOperationException)
        {
            // Npgsql's message may hold what it complains about.
            throw new InvalidConnectionStringException("its keywords together", "what Npgsql takes", address.Redacted);
        }
    }

    private static bool IsPooled(NpgsqlDataSource source)
    {
        try
        {
            return PostgresAddress.Read(source.ConnectionString).IsPooled;
        }
        catch (InvalidConnectionStringException)
        {
            return false; // It is the caller's own, and used as it is.
        }
    }
}

/// <summary>A pool, and how many use it; the count belongs to <see cref="DataSources"/>.</summary>
internal sealed class DataSourcePool(string key, NpgsqlDataSource source)
{
    public string Key { get; } = key;

    public NpgsqlDataSource Source { get; } = source;

    public int Users { get; set; }
}

/// <summary>The use of a data source; ended by disposing it, once or more often.</summary>
internal sealed class DataSourceLease(NpgsqlDataSource source, DataSourcePool? pool, bool isPooled, string redacted) : IAsyncDisposable
{
    private int _isReturned;

    /// <summary>Where connections come from.</summary>
    public NpgsqlDataSource Source { get; } = source;

    /// <summary>The pool it is from; null: the caller's own data source.</summary>
    public DataSourcePool? Pool { get; } = pool;

    /// <inheritdoc cref="PostgresAddress.IsPooled"/>
    public bool IsPooled { get; } = isPooled;

    /// <summary>Whether it has one connection only, which calls take too: nothing else may hold it for long.</summary>
    public bool HasOneConnection { get; } = new NpgsqlConnectionStringBuilder(source.ConnectionString) is { Pooling: true, MaxPoolSize: 1 };

    /// <inheritdoc cref="PostgresAddress.Redacted"/>
    public string Redacted { get; } = redacted;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Pool is null || Interlocked.Exchange(ref _isReturned, 1) != 0 ? ValueTask.CompletedTask : DataSources.ReturnAsync(Pool);
}
