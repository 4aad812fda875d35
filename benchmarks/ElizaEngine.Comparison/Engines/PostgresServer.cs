using System.Globalization;
using Npgsql;

namespace ElizaEngine.Comparison.Engines;

/// <summary>
/// A PostgreSQL with pgvector for this run alone, on the disk that is measured, as safe as a production server: every commit is
/// flushed. All engines that work on it share it; each has a database of its own. The server of the machine lies in the directory
/// itself; that of a private root or of Docker where those lie, and if that is another disk, it cannot be had.
/// </summary>
/// <param name="directory">On the disk that is measured.</param>
/// <param name="anyDisk">Wherever it lies is fine: nobody looks at the figures.</param>
internal sealed class PostgresServer(string directory, bool anyDisk) : IAsyncDisposable
{
    private const string Program = "postgres/server.sh";

    // The packages' own extension, whether a database has it already or not.
    private const string VersionSql = """
        SELECT 'PostgreSQL ' || split_part(current_setting('server_version'), ' ', 1) || ' with pgvector ' || default_version
        FROM pg_available_extensions WHERE name = 'vector'
        """;

    private readonly string _folder = Path.Combine(directory, "postgres");
    private string? _url;
    private string? _whyNot;
    private int _databases;

    /// <summary>What it is, as it says itself; before it was started without numbers. A process has one run, and that one server.</summary>
    public static string Version { get; private set; } = "PostgreSQL with pgvector";

    /// <summary>Null: it runs; else why it cannot.</summary>
    public async Task<string?> WhyNotAsync()
    {
        if (_url is not null || _whyNot is not null) return _whyNot;
        var script = await Script.RunAsync(
            Program,
            [
                "start", "--owner", Environment.ProcessId.ToString(), _folder,
                "fsync=on", "synchronous_commit=on", "full_page_writes=on",
                "shared_buffers=1GB", "max_wal_size=8GB", "maintenance_work_mem=1GB",
            ],
            // Where the script puts the data of a server of the machine.
            new Dictionary<string, string> { ["TMPDIR"] = directory });
        if (script.Code != 0) return _whyNot = script.Error;
        _url = script.Output;
        var data = await Script.RunAsync(Program, ["data", _folder]);
        _whyNot = data.Code == 0 ? anyDisk ? null : WhyElsewhere(data.Output, directory) : data.Error;
        if (_whyNot is not null) await DisposeAsync();
        else Version = await AskVersionAsync(_url);
        return _whyNot;
    }

    /// <summary>Null: the data lies on the file system of a directory; else what is wrong with it.</summary>
    /// <param name="data">The number of its file system, a space, its path.</param>
    /// <param name="directory">On the disk that is measured.</param>
    public static string? WhyElsewhere(string data, string directory)
    {
        var parts = data.Split(' ', 2);
        return long.Parse(parts[0], CultureInfo.InvariantCulture) == Folder.Device(directory)
            ? null
            : $"its data lies in {parts[1]}, not on the file system of {directory}, which is measured; --dir can name a directory of that one";
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
        _url = null;
    }

    private static async Task<string> AskVersionAsync(string url)
    {
        await using var source = NpgsqlDataSource.Create(ConnectionString(url));
        await using var version = source.CreateCommand(VersionSql);
        return (string)(await version.ExecuteScalarAsync())!;
    }
}
