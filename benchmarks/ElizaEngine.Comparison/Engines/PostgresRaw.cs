using ElizaEngine.Comparison.Data;
using Npgsql;
using Pgvector;

namespace ElizaEngine.Comparison.Engines;

/// <summary>
/// PostgreSQL with pgvector through Npgsql, as somebody uses it who writes his own SQL: the tables and indexes of our contract,
/// prepared statements, COPY for many, searches that compare every row that matches.
/// </summary>
internal sealed class PostgresRaw : IStoreEngine
{
    public string Name => "postgres-raw";

    public string Title => $"{PostgresServer.Version} through Npgsql, hand-written SQL";

    public Safety Safety => Safety.PowerLoss;

    public Task<string?> WhyNotAsync(Run run) => run.Postgres.WhyNotAsync();

    public async Task<IStore> CreateAsync(Run run, string folder, SampleWorld world)
    {
        var url = await run.Postgres.NewDatabaseAsync();
        await using (var plain = NpgsqlDataSource.Create(PostgresServer.ConnectionString(url)))
        {
            await using var create = plain.CreateCommand("""
                CREATE EXTENSION vector;
                CREATE TABLE agents (id uuid PRIMARY KEY);
                CREATE TABLE rooms (id uuid PRIMARY KEY);
                CREATE TABLE entities (id uuid PRIMARY KEY);
                CREATE TABLE memories (
                    id uuid PRIMARY KEY, type text NOT NULL, created_at timestamptz NOT NULL, content jsonb NOT NULL, entity_id uuid REFERENCES entities,
                    agent_id uuid NOT NULL REFERENCES agents, room_id uuid REFERENCES rooms, world_id uuid, is_unique boolean NOT NULL, metadata jsonb NOT NULL);
                CREATE INDEX ON memories (room_id, type, created_at DESC, id DESC);
                CREATE INDEX ON memories (agent_id, type, created_at DESC, id DESC);
                CREATE INDEX ON memories (entity_id);
                CREATE TABLE embeddings (memory_id uuid PRIMARY KEY REFERENCES memories ON DELETE CASCADE, vector vector NOT NULL);
                CREATE TABLE logs (id uuid PRIMARY KEY, created_at timestamptz NOT NULL DEFAULT now(), entity_id uuid NOT NULL, room_id uuid NOT NULL, type text NOT NULL, body jsonb NOT NULL);
                CREATE INDEX ON logs (entity_id, created_at DESC);
                """);
            await create.ExecuteNonQueryAsync();
        }
        var builder = new NpgsqlDataSourceBuilder(PostgresServer.ConnectionString(url)) { ConnectionStringBuilder = { MaxAutoPrepare = 20, AutoPrepareMinUsages = 1 } };
        builder.UseVector();
        var source = builder.Build();
        foreach (var (table, ids) in new[] { ("agents", [world.Agent]), ("rooms", world.Rooms), ("entities", world.Entities) })
        {
            await using var insert = source.CreateCommand($"INSERT INTO {table} SELECT unnest($1)");
            insert.Parameters.AddWithValue(ids.ToArray());
            await insert.ExecuteNonQueryAsync();
        }
        return new Store(source, world.Agent, () => run.Postgres.DatabaseBytes(url));
    }

    private sealed class Store(NpgsqlDataSource source, Guid agent, Func<long> diskBytes) : IStore
    {
        public bool IsBlocking => false;

        public async Task LoadAsync(IReadOnlyList<SampleMemory> memories)
        {
            await using var connection = await source.OpenConnectionAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await using (var rows = await connection.BeginBinaryImportAsync("COPY memories FROM STDIN (FORMAT binary)"))
            {
                foreach (var memory in memories)
                {
                    await rows.StartRowAsync();
                    await rows.WriteAsync(memory.Id);
                    await rows.WriteAsync(SampleMemory.Table);
                    await rows.WriteAsync(DateTimeOffset.FromUnixTimeMilliseconds(memory.CreatedAtMs));
                    await rows.WriteAsync(memory.ContentJson, NpgsqlTypes.NpgsqlDbType.Jsonb);
                    await rows.WriteAsync(memory.Entity);
                    await rows.WriteAsync(agent);
                    await rows.WriteAsync(memory.Room);
                    await rows.WriteNullAsync();
                    await rows.WriteAsync(true);
                    await rows.WriteAsync(memory.MetadataJson, NpgsqlTypes.NpgsqlDbType.Jsonb);
                }
                await rows.CompleteAsync();
            }
            await using (var vectors = await connection.BeginBinaryImportAsync("COPY embeddings FROM STDIN (FORMAT binary)"))
            {
                foreach (var memory in memories.Where(memory => memory.Vector is not null))
                {
                    await vectors.StartRowAsync();
                    await vectors.WriteAsync(memory.Id);
                    await vectors.WriteAsync(new Vector(memory.Vector!));
                }
                await vectors.CompleteAsync();
            }
            await transaction.CommitAsync();
            await using var analyze = source.CreateCommand("ANALYZE");
            await analyze.ExecuteNonQueryAsync();
        }

        public IStoreCaller NewCaller() => new Caller(source, agent);

        public long DiskBytes() => diskBytes();

        public ValueTask DisposeAsync() => source.DisposeAsync();
    }

    private sealed class Caller(NpgsqlDataSource source, Guid agent) : IStoreCaller
    {
        private const string Columns = "m.id, m.type, m.created_at, m.content, m.entity_id, m.agent_id, m.room_id, m.world_id, m.is_unique, m.metadata";

        public async ValueTask CreateAsync(SampleMemory memory)
        {
            await using var command = source.CreateCommand(memory.Vector is null
                ? "INSERT INTO memories VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, true, $8)"
                : "WITH m AS (INSERT INTO memories VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, true, $8)) INSERT INTO embeddings VALUES ($1, $9)");
            command.Parameters.AddWithValue(memory.Id);
            command.Parameters.AddWithValue(SampleMemory.Table);
            command.Parameters.AddWithValue(DateTimeOffset.FromUnixTimeMilliseconds(memory.CreatedAtMs));
            command.Parameters.AddWithValue(NpgsqlTypes.NpgsqlDbType.Jsonb, memory.ContentJson);
            command.Parameters.AddWithValue(memory.Entity);
            command.Parameters.AddWithValue(agent);
            command.Parameters.AddWithValue(memory.Room);
            command.Parameters.AddWithValue(NpgsqlTypes.NpgsqlDbType.Jsonb, memory.MetadataJson);
            if (memory.Vector is not null) command.Parameters.AddWithValue(new Vector(memory.Vector));
            await command.ExecuteNonQueryAsync();
        }

        public async ValueTask CreateLogAsync(Guid room, Guid entity, string bodyJson)
        {
            await using var command = source.CreateCommand("INSERT INTO logs (id, entity_id, room_id, type, body) VALUES ($1, $2, $3, 'useModel:TEXT_LARGE', $4)");
            command.Parameters.AddWithValue(Guid.CreateVersion7());
            command.Parameters.AddWithValue(entity);
            command.Parameters.AddWithValue(room);
            command.Parameters.AddWithValue(NpgsqlTypes.NpgsqlDbType.Jsonb, bodyJson);
            await command.ExecuteNonQueryAsync();
        }

        public async ValueTask<bool> GetAsync(Guid id)
        {
            await using var command = source.CreateCommand($"SELECT {Columns} FROM memories m WHERE id = $1");
            command.Parameters.AddWithValue(id);
            return await CountAsync(command) == 1;
        }

        public async ValueTask<int> LatestAsync(Guid room, int count, bool withVectors)
        {
            await using var command = source.CreateCommand(
                $"SELECT {Columns}{(withVectors ? ", e.vector" : "")} FROM memories m {(withVectors ? "LEFT JOIN embeddings e ON e.memory_id = m.id " : "")}"
                + "WHERE m.room_id = $1 AND m.type = $2 ORDER BY m.created_at DESC, m.id DESC LIMIT $3");
            command.Parameters.AddWithValue(room);
            command.Parameters.AddWithValue(SampleMemory.Table);
            command.Parameters.AddWithValue(count);
            return await CountAsync(command);
        }

        public async ValueTask<int> SearchAsync(Guid room, float[] query, int count)
        {
            await using var command = source.CreateCommand(
                $"SELECT {Columns}, 1 - (e.vector <=> $3) FROM memories m JOIN embeddings e ON e.memory_id = m.id WHERE m.room_id = $1 AND m.type = $2 ORDER BY e.vector <=> $3 LIMIT $4");
            command.Parameters.AddWithValue(room);
            command.Parameters.AddWithValue(SampleMemory.Table);
            command.Parameters.AddWithValue(new Vector(query));
            command.Parameters.AddWithValue(count);
            return await CountAsync(command);
        }

        public async ValueTask<bool> DeleteAsync(Guid id)
        {
            await using var command = source.CreateCommand("DELETE FROM memories WHERE id = $1");
            command.Parameters.AddWithValue(id);
            return await command.ExecuteNonQueryAsync() == 1;
        }

        public ValueTask DisposeAsync() => default;

        private static async Task<int> CountAsync(NpgsqlCommand command)
        {
            await using var reader = await command.ExecuteReaderAsync();
            var rows = new List<object?[]>();
            while (await reader.ReadAsync())
            {
                var row = new object?[reader.FieldCount];
                for (var i = 0; i < row.Length; i++) row[i] = reader.IsDBNull(i) ? null : reader.GetValue(i);
                rows.Add(row);
            }
            return rows.Count;
        }
    }
}
