using System.Runtime.InteropServices;
using ElizaEngine.Comparison.Data;
using Microsoft.Data.Sqlite;

namespace ElizaEngine.Comparison.Engines;

/// <summary>
/// SQLite through Microsoft.Data.Sqlite with prepared statements, in WAL mode: the tables and indexes of our contract. Vectors lie
/// in a table of their own. A connection for each caller, as its documentation asks.
/// </summary>
internal class Sqlite(string name, string synchronous) : IStoreEngine
{
    public Sqlite()
        : this("sqlite-full", "FULL")
    {
    }

    public string Name => name;

    public string Title => $"SQLite {new SqliteConnection().ServerVersion} through Microsoft.Data.Sqlite, WAL, synchronous={synchronous}";

    public Safety Safety => synchronous == "FULL" ? Safety.PowerLoss : Safety.ProcessCrash;

    public Task<string?> WhyNotAsync(Run run) => Task.FromResult<string?>(null);

    public Task<IStore> CreateAsync(Run run, string folder, SampleWorld world) => Task.FromResult<IStore>(new Store(folder, synchronous, world));

    private sealed class Store : IStore
    {
        private const int RowsPerTransaction = 10_000;

        private readonly string _folder;
        private readonly string _synchronous;
        private readonly SampleWorld _world;
        private readonly SqliteConnection _connection;

        public Store(string folder, string synchronous, SampleWorld world)
        {
            (_folder, _synchronous, _world) = (folder, synchronous, world);
            _connection = Connect();
            Execute(_connection, """
                PRAGMA journal_mode = WAL;
                CREATE TABLE agents (id BLOB PRIMARY KEY);
                CREATE TABLE rooms (id BLOB PRIMARY KEY);
                CREATE TABLE entities (id BLOB PRIMARY KEY);
                CREATE TABLE memories (
                    id BLOB PRIMARY KEY, type TEXT NOT NULL, created_at INTEGER NOT NULL, content TEXT NOT NULL, entity_id BLOB REFERENCES entities (id),
                    agent_id BLOB NOT NULL REFERENCES agents (id), room_id BLOB REFERENCES rooms (id), world_id BLOB, is_unique INTEGER NOT NULL, metadata TEXT NOT NULL);
                CREATE INDEX memories_room ON memories (room_id, type, created_at DESC, id DESC);
                CREATE INDEX memories_agent ON memories (agent_id, type, created_at DESC, id DESC);
                CREATE INDEX memories_entity ON memories (entity_id);
                CREATE TABLE embeddings (memory_id BLOB PRIMARY KEY REFERENCES memories (id) ON DELETE CASCADE, vector BLOB NOT NULL);
                CREATE TABLE logs (id BLOB PRIMARY KEY, created_at INTEGER NOT NULL, entity_id BLOB NOT NULL, room_id BLOB NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL);
                CREATE INDEX logs_entity ON logs (entity_id, created_at DESC);
                """);
            foreach (var (table, ids) in new[] { ("agents", [world.Agent]), ("rooms", world.Rooms), ("entities", world.Entities) })
            {
                foreach (var id in ids) Execute(_connection, $"INSERT INTO {table} VALUES (x'{Convert.ToHexString(Bytes(id))}')");
            }
        }

        public bool IsBlocking => true;

        public Task LoadAsync(IReadOnlyList<SampleMemory> memories)
        {
            using var caller = new Caller(_connection, _world.Agent);
            foreach (var chunk in memories.Chunk(RowsPerTransaction))
            {
                using var transaction = _connection.BeginTransaction();
                caller.Within(transaction);
                foreach (var memory in chunk) caller.Insert(memory);
                transaction.Commit();
            }
            caller.Within(null);
            // Durable at the end, whatever the level.
            Execute(_connection, "PRAGMA wal_checkpoint(TRUNCATE)");
            return Task.CompletedTask;
        }

        public IStoreCaller NewCaller() => new Caller(Connect(), _world.Agent) { OwnsConnection = true };

        public long DiskBytes()
        {
            Execute(_connection, "PRAGMA wal_checkpoint(TRUNCATE)");
            return Folder.Bytes(_folder);
        }

        public async ValueTask DisposeAsync()
        {
            await _connection.DisposeAsync();
            SqliteConnection.ClearAllPools();
        }

        private SqliteConnection Connect()
        {
            var connection = new SqliteConnection($"Data Source={Path.Combine(_folder, "memories.db")};Pooling=False");
            connection.Open();
            Execute(connection, $"PRAGMA synchronous = {_synchronous}; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 60000; PRAGMA cache_size = -65536; PRAGMA mmap_size = 1073741824");
            return connection;
        }

        private static void Execute(SqliteConnection connection, string sql)
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            command.ExecuteNonQuery();
        }
    }

    // Big-endian, so that ids order as in the contract.
    private static byte[] Bytes(Guid id) => id.ToByteArray(bigEndian: true);

    private sealed class Caller : IStoreCaller, IDisposable
    {
        private readonly SqliteConnection _connection;
        private readonly SqliteCommand _begin, _commit, _insert, _insertVector, _insertLog, _get, _latest, _latestWithVectors, _delete;

        public Caller(SqliteConnection connection, Guid agent)
        {
            _connection = connection;
            _begin = Prepare("BEGIN IMMEDIATE");
            _commit = Prepare("COMMIT");
            _insert = Prepare($"INSERT INTO memories VALUES ($id, '{SampleMemory.Table}', $at, $content, $entity, x'{Convert.ToHexString(Bytes(agent))}', $room, NULL, 1, $metadata)",
                "$id", "$at", "$content", "$entity", "$room", "$metadata");
            _insertVector = Prepare("INSERT INTO embeddings VALUES ($id, $vector)", "$id", "$vector");
            _insertLog = Prepare("INSERT INTO logs VALUES ($id, $at, $entity, $room, 'useModel:TEXT_LARGE', $body)", "$id", "$at", "$entity", "$room", "$body");
            _get = Prepare("SELECT id, type, created_at, content, entity_id, agent_id, room_id, world_id, is_unique, metadata FROM memories WHERE id = $id", "$id");
            const string Latest = "FROM memories m {0} WHERE m.room_id = $room AND m.type = 'messages' ORDER BY m.created_at DESC, m.id DESC LIMIT $count";
            const string Columns = "SELECT m.id, m.type, m.created_at, m.content, m.entity_id, m.agent_id, m.room_id, m.world_id, m.is_unique, m.metadata";
            _latest = Prepare(Columns + " " + string.Format(Latest, ""), "$room", "$count");
            _latestWithVectors = Prepare(Columns + ", e.vector " + string.Format(Latest, "LEFT JOIN embeddings e ON e.memory_id = m.id"), "$room", "$count");
            _delete = Prepare("DELETE FROM memories WHERE id = $id", "$id");
        }

        public bool OwnsConnection { get; init; }

        public void Within(SqliteTransaction? transaction) => _insert.Transaction = _insertVector.Transaction = transaction;

        public void Insert(SampleMemory memory)
        {
            Set(_insert, Bytes(memory.Id), memory.CreatedAtMs, memory.ContentJson, Bytes(memory.Entity), Bytes(memory.Room), memory.MetadataJson);
            _insert.ExecuteNonQuery();
            if (memory.Vector is null) return;
            Set(_insertVector, Bytes(memory.Id), MemoryMarshal.AsBytes(memory.Vector.AsSpan()).ToArray());
            _insertVector.ExecuteNonQuery();
        }

        public ValueTask CreateAsync(SampleMemory memory)
        {
            // One statement is a transaction by itself; two need one.
            if (memory.Vector is not null) _begin.ExecuteNonQuery();
            Insert(memory);
            if (memory.Vector is not null) _commit.ExecuteNonQuery();
            return default;
        }

        public ValueTask CreateLogAsync(Guid room, Guid entity, string bodyJson)
        {
            Set(_insertLog, Bytes(Guid.CreateVersion7()), TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(), Bytes(entity), Bytes(room), bodyJson);
            _insertLog.ExecuteNonQuery();
            return default;
        }

        public ValueTask<bool> GetAsync(Guid id)
        {
            Set(_get, Bytes(id));
            using var reader = _get.ExecuteReader();
            return ValueTask.FromResult(reader.Read() && Read(reader).Content.Length > 0);
        }

        public ValueTask<int> LatestAsync(Guid room, int count, bool withVectors)
        {
            var command = withVectors ? _latestWithVectors : _latest;
            Set(command, Bytes(room), count);
            using var reader = command.ExecuteReader();
            var rows = new List<Row>(count);
            while (reader.Read())
            {
                rows.Add(Read(reader) with { Vector = withVectors && !reader.IsDBNull(10) ? MemoryMarshal.Cast<byte, float>(reader.GetFieldValue<byte[]>(10)).ToArray() : null });
            }
            return ValueTask.FromResult(rows.Count);
        }

        public ValueTask<int> SearchAsync(Guid room, float[] query, int count) => throw new NotSupportedException("SQLite itself has no vectors.");

        public ValueTask<bool> DeleteAsync(Guid id)
        {
            Set(_delete, Bytes(id));
            return ValueTask.FromResult(_delete.ExecuteNonQuery() == 1);
        }

        public void Dispose()
        {
            foreach (var command in (SqliteCommand[])[_begin, _commit, _insert, _insertVector, _insertLog, _get, _latest, _latestWithVectors, _delete]) command.Dispose();
            if (OwnsConnection) _connection.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }

        private SqliteCommand Prepare(string sql, params string[] parameters)
        {
            var command = _connection.CreateCommand();
            command.CommandText = sql;
            foreach (var parameter in parameters) command.Parameters.Add(new SqliteParameter { ParameterName = parameter });
            command.Prepare();
            return command;
        }

        private static void Set(SqliteCommand command, params ReadOnlySpan<object> values)
        {
            for (var i = 0; i < values.Length; i++) command.Parameters[i].Value = values[i];
        }

        private static Row Read(SqliteDataReader reader) => new(
            Id(reader, 0), reader.GetString(1), reader.GetInt64(2), reader.GetString(3), Id(reader, 4), Id(reader, 5), Id(reader, 6), reader.GetBoolean(8), reader.GetString(9), null);

        private static Guid Id(SqliteDataReader reader, int column) => new(reader.GetFieldValue<byte[]>(column), bigEndian: true);
    }

    private sealed record Row(Guid Id, string Type, long CreatedAt, string Content, Guid Entity, Guid Agent, Guid Room, bool IsUnique, string Metadata, float[]? Vector);
}

/// <summary>The same without a flush for each commit.</summary>
internal sealed class SqliteNormal() : Sqlite("sqlite-normal", "NORMAL");
