using Npgsql;

namespace ElizaEngine.Comparison.Engines;

/// <summary>
/// A PostgreSQL with pgvector for this run alone, on the disk that is measured, as safe as a production server: every commit is
/// flushed. All engines that work on it share it; each has a database of its own.
/// </summary>
internal sealed class PostgresServer(string directory) : IAsyncDisposable
{
    private const string Program = "postgres/server.sh";

    private readonly string _folder = Path.Combine(directory, "postgres");
    private string? _url;
    private string? _whyNot;
    private int _databases;

    /// <summary>Null: it runs; else why it cannot.</summary>
    public async Task<string?> WhyNotAsync()
    {
        if (_url is not null || _whyNot is not null) return _whyNot;
        var script = await Script.RunAsync(Program,
        [
            "start", "--owner", Environment.ProcessId.ToString(), _folder,
            "fsync=on", "synchronous_commit=on", "full_page_writes=on", "shared_buffers=1GB", "max_wal_size=8GB", "maintenance_work_mem=1GB",
        ]);
        if (script.Code == 0) _url = script.Output;
        else _whyNot = script.Error;
        return _whyNot;
    }

    /// <summary>A new empty database; its URL.</summary>
    public async Task<string> NewDatabaseAsync()
    {
        var url = new UriBuilder(_url ?? throw new InvalidOperationException("The server was not started."));
        var name = $"bench_{++_databases}";
        await using (var source = NpgsqlDataSource.Create(ConnectionString(_url)))
        {
            await using var create = source.CreateCommand($"CREATE DATABASE {name} TEMPLATE template0");
            await create.ExecuteNonQueryAsync();
        }
        url.Path = name;
        return url.Uri.AbsoluteUri;
    }

    /// <summary>What a database occupies.</summary>
    public long DatabaseBytes(string url)
    {
        using var source = NpgsqlDataSource.Create(ConnectionString(url));
        using var size = source.CreateCommand("SELECT pg_database_size(current_database())");
        return (long)size.ExecuteScalar()!;
    }

    /// <summary>What Npgsql takes; it reads no URLs.</summary>
    public static string ConnectionString(string url)
    {
        var uri = new Uri(url);
        var user = uri.UserInfo.Split(':');
        return new NpgsqlConnectionStringBuilder
        {
            Host = uri.Host,
            Port = uri.Port,
            Username = Uri.UnescapeDataString(user[0]),
            Password = Uri.UnescapeDataString(user[1]),
            Database = uri.AbsolutePath.TrimStart('/'),
        }.ConnectionString;
    }

    public async ValueTask DisposeAsync()
    {
        if (_url is not null) await Script.RunAsync(Program, ["remove", _folder]);
    }
}
