using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace ElizaEngine.Comparison.Engines;

/// <summary>SQLite with sqlite-vec: every search compares all rows, or those of the room, by which they are partitioned.</summary>
internal sealed class SqliteVec : IVectorEngine
{
    private string _version = "";

    public string Name => "sqlite-vec";

    public string Title => $"sqlite-vec {_version} from npm in Microsoft.Data.Sqlite, exact";

    public IReadOnlyList<int> Efforts { get; } = [0];

    public bool IsInProcess => true;

    public bool BuildsOnThreads => false;

    public async Task<string?> WhyNotAsync(Run run)
    {
        var installed = await Installed.FindAsync(Name, run.CancellationToken);
        if (installed.Folder is not { } folder) return installed.WhyNot;
        _version = (await File.ReadAllTextAsync(Path.Combine(folder, "VERSION"), run.CancellationToken)).Trim();
        return null;
    }

    public Task<string> NewPlaceAsync(Run run) => Task.FromResult(run.NewFolder(Name));

    public async Task<BuildTime> BuildAsync(string place, VectorBuild build)
    {
        var start = Stopwatch.GetTimestamp();
        await using var connection = await ConnectAsync(place);
        Execute(connection, $"""
            PRAGMA journal_mode = WAL;
            CREATE VIRTUAL TABLE vectors USING vec0(id INTEGER PRIMARY KEY, room INTEGER PARTITION KEY, embedding float[{build.Set.Dimension}] distance_metric=cosine);
            """);
        await using (var transaction = connection.BeginTransaction())
        {
            await using var insert = connection.CreateCommand();
            insert.CommandText = "INSERT INTO vectors (id, room, embedding) VALUES ($id, $room, $embedding)";
            var (id, room, embedding) = (insert.Parameters.Add("$id", SqliteType.Integer), insert.Parameters.Add("$room", SqliteType.Integer), insert.Parameters.Add("$embedding", SqliteType.Blob));
            for (var row = 0; row < build.Set.Count; row++)
            {
                (id.Value, room.Value, embedding.Value) = (row, build.Rooms[row], MemoryMarshal.AsBytes(build.Set.Row(row)).ToArray());
                insert.ExecuteNonQuery();
            }
            transaction.Commit();
        }
        Execute(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
        return new BuildTime(Stopwatch.GetElapsedTime(start).TotalSeconds, null);
    }

    public async Task<IVectorIndex> OpenAsync(string place, VectorShape shape) => new Index(await ConnectAsync(place), place);

    private static async Task<SqliteConnection> ConnectAsync(string place)
    {
        var installed = await Installed.FindAsync("sqlite-vec", CancellationToken.None);
        var connection = new SqliteConnection($"Data Source={Path.Combine(place, "vectors.db")};Pooling=False");
        await connection.OpenAsync();
        connection.EnableExtensions();
        connection.LoadExtension(Path.Combine(installed.Folder ?? throw new InvalidOperationException(installed.WhyNot), "vec0.so"));
        // Room for all of it in the memory map: a search reads every vector.
        Execute(connection, "PRAGMA mmap_size = 4294967296; PRAGMA cache_size = -65536");
        return connection;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private sealed class Index(SqliteConnection connection, string place) : IVectorIndex
    {
        private SqliteCommand? _search;

        public Task<long> DiskBytesAsync() => Task.FromResult(Folder.Bytes(place));

        public async ValueTask PrepareAsync(VectorSearch search)
        {
            if (_search is not null) await _search.DisposeAsync();
            _search = connection.CreateCommand();
            _search.CommandText = $"SELECT id FROM vectors WHERE embedding MATCH $query AND k = $count {(search.Room is { } room ? $"AND room = {room}" : "")}";
            _search.Parameters.Add("$query", SqliteType.Blob);
            _search.Parameters.Add("$count", SqliteType.Integer);
            _search.Prepare();
        }

        public ValueTask<int> SearchAsync(ReadOnlyMemory<float> query, Memory<int> rows)
        {
            _search!.Parameters[0].Value = MemoryMarshal.AsBytes(query.Span).ToArray();
            _search.Parameters[1].Value = rows.Length;
            using var reader = _search.ExecuteReader();
            var found = rows.Span;
            var count = 0;
            while (reader.Read()) found[count++] = reader.GetInt32(0);
            return ValueTask.FromResult(count);
        }

        public async ValueTask DisposeAsync()
        {
            if (_search is not null) await _search.DisposeAsync();
            await connection.DisposeAsync();
        }
    }
}
