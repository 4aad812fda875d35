using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using ElizaEngine.Comparison.Data;
using RocksDbSharp;

namespace ElizaEngine.Comparison.Engines;

/// <summary>
/// RocksDB: rows under their id, an index of rooms by time, and vectors, each in a column family of its own; a write is one batch
/// over them. What an application does with a store of keys and values: it encodes and decodes its rows itself.
/// </summary>
internal class RocksDb(string name, bool isSync) : IStoreEngine
{
    public RocksDb()
        : this("rocksdb-sync", isSync: true)
    {
    }

    public string Name => name;

    public string Title => $"RocksDB {typeof(RocksDbSharp.RocksDb).Assembly.GetName().Version}, sync={(isSync ? "true" : "false")}";

    public Safety Safety => isSync ? Safety.PowerLoss : Safety.ProcessCrash;

    public Task<string?> WhyNotAsync(Run run)
    {
        try
        {
            Native.Instance.rocksdb_free(nint.Zero);
            return Task.FromResult<string?>(null);
        }
        catch (TypeInitializationException error)
        {
            return Task.FromResult<string?>(error.InnerException?.Message ?? error.Message);
        }
    }

    public Task<IStore> CreateAsync(Run run, string folder, SampleWorld world) => Task.FromResult<IStore>(new Store(folder, isSync));

    private sealed class Store : IStore
    {
        private const int RowsPerBatch = 1000;
        private const int KeyBytes = 16 + 8 + 16;

        private readonly string _folder;
        private readonly RocksDbSharp.RocksDb _database;
        private readonly ColumnFamilyHandle _rows, _rooms, _vectors, _logs;
        private readonly WriteOptions _write;
        private readonly FlushOptions _flush = new FlushOptions().SetWaitForFlush(true);

        public Store(string folder, bool isSync)
        {
            _folder = folder;
            var families = new ColumnFamilies
            {
                { "rows", new ColumnFamilyOptions() }, { "rooms", new ColumnFamilyOptions() }, { "vectors", new ColumnFamilyOptions() }, { "logs", new ColumnFamilyOptions() },
            };
            var options = new DbOptions().SetCreateIfMissing().SetCreateMissingColumnFamilies().IncreaseParallelism(Environment.ProcessorCount);
            _database = RocksDbSharp.RocksDb.Open(options, Path.Combine(folder, "rocks"), families);
            (_rows, _rooms) = (_database.GetColumnFamily("rows"), _database.GetColumnFamily("rooms"));
            (_vectors, _logs) = (_database.GetColumnFamily("vectors"), _database.GetColumnFamily("logs"));
            _write = new WriteOptions().SetSync(isSync);
        }

        public bool IsBlocking => true;

        public Task LoadAsync(IReadOnlyList<SampleMemory> memories)
        {
            foreach (var chunk in memories.Chunk(RowsPerBatch))
            {
                using var batch = new WriteBatch();
                foreach (var memory in chunk) Put(batch, memory);
                _database.Write(batch, _write);
            }
            // Durable at the end, whatever the level; and the log, whose room is taken ahead, holds none of it any more.
            foreach (var family in (ColumnFamilyHandle[])[_rows, _rooms, _vectors, _logs]) Flush(family);
            return Task.CompletedTask;
        }

        // The database is made for many threads.
        public IStoreCaller NewCaller() => new Caller(this);

        public long DiskBytes() => Folder.Bytes(_folder);

        public ValueTask DisposeAsync()
        {
            _database.Dispose();
            return default;
        }

        private void Put(WriteBatch batch, SampleMemory memory)
        {
            var key = memory.Id.ToByteArray(bigEndian: true);
            batch.Put(key, Encode(memory), _rows);
            batch.Put(RoomKey(memory.Room, memory.CreatedAtMs, memory.Id), Array.Empty<byte>(), _rooms);
            if (memory.Vector is { } vector) batch.Put(key, MemoryMarshal.AsBytes(vector.AsSpan()).ToArray(), _vectors);
        }

        // The binding's own is of the default family, in which nothing lies.
        private void Flush(ColumnFamilyHandle family)
        {
            Native.Instance.rocksdb_flush_cf(_database.Handle, _flush.Handle, family.Handle, out var error);
            if (error != nint.Zero) throw new RocksDbException(error);
        }

        // The newest first.
        private static byte[] RoomKey(Guid room, long createdAtMs, Guid id)
        {
            var key = new byte[KeyBytes];
            room.TryWriteBytes(key, bigEndian: true, out _);
            BinaryPrimitives.WriteInt64BigEndian(key.AsSpan(16), long.MaxValue - createdAtMs);
            id.TryWriteBytes(key.AsSpan(24), bigEndian: true, out _);
            return key;
        }

        private static byte[] Encode(SampleMemory memory)
        {
            var (content, metadata) = (memory.ContentJson, memory.MetadataJson);
            var value = new byte[8 + 16 + 16 + 4 + Encoding.UTF8.GetByteCount(content) + Encoding.UTF8.GetByteCount(metadata)];
            BinaryPrimitives.WriteInt64BigEndian(value, memory.CreatedAtMs);
            memory.Room.TryWriteBytes(value.AsSpan(8), bigEndian: true, out _);
            memory.Entity.TryWriteBytes(value.AsSpan(24), bigEndian: true, out _);
            var length = Encoding.UTF8.GetBytes(content, value.AsSpan(44));
            BinaryPrimitives.WriteInt32BigEndian(value.AsSpan(40), length);
            Encoding.UTF8.GetBytes(metadata, value.AsSpan(44 + length));
            return value;
        }

        private static Row Decode(Guid id, byte[] value)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(value.AsSpan(40));
            return new Row(
                id, BinaryPrimitives.ReadInt64BigEndian(value), new Guid(value.AsSpan(8, 16), bigEndian: true), new Guid(value.AsSpan(24, 16), bigEndian: true),
                Encoding.UTF8.GetString(value.AsSpan(44, length)), Encoding.UTF8.GetString(value.AsSpan(44 + length)), null);
        }

        private sealed class Caller(Store store) : IStoreCaller
        {
            public ValueTask CreateAsync(SampleMemory memory)
            {
                using var batch = new WriteBatch();
                store.Put(batch, memory);
                store._database.Write(batch, store._write);
                return default;
            }

            public ValueTask CreateLogAsync(Guid room, Guid entity, string bodyJson)
            {
                using var batch = new WriteBatch();
                batch.Put(Guid.CreateVersion7().ToByteArray(bigEndian: true), (byte[])[.. room.ToByteArray(bigEndian: true), .. entity.ToByteArray(bigEndian: true), .. Encoding.UTF8.GetBytes(bodyJson)], store._logs);
                store._database.Write(batch, store._write);
                return default;
            }

            public ValueTask<bool> GetAsync(Guid id) =>
                ValueTask.FromResult(store._database.Get(id.ToByteArray(bigEndian: true), store._rows) is { } value && Decode(id, value).Content.Length > 0);

            public ValueTask<int> LatestAsync(Guid room, int count, bool withVectors)
            {
                var prefix = room.ToByteArray(bigEndian: true);
                var rows = new List<Row>(count);
                using var newest = store._database.NewIterator(store._rooms);
                for (newest.Seek(prefix); rows.Count < count && newest.Valid() && newest.Key().AsSpan().StartsWith(prefix); newest.Next())
                {
                    var id = newest.Key()[^16..];
                    var row = Decode(new Guid(id, bigEndian: true), store._database.Get(id, store._rows));
                    rows.Add(withVectors && store._database.Get(id, store._vectors) is { } vector ? row with { Vector = MemoryMarshal.Cast<byte, float>(vector).ToArray() } : row);
                }
                return ValueTask.FromResult(rows.Count);
            }

            public ValueTask<int> SearchAsync(Guid room, float[] query, int count) => throw new NotSupportedException("RocksDB has no vectors.");

            public ValueTask<bool> DeleteAsync(Guid id)
            {
                var key = id.ToByteArray(bigEndian: true);
                if (store._database.Get(key, store._rows) is not { } value) return ValueTask.FromResult(false);
                using var batch = new WriteBatch();
                batch.Delete(key, store._rows);
                batch.Delete(key, store._vectors);
                batch.Delete(RoomKey(new Guid(value.AsSpan(8, 16), bigEndian: true), BinaryPrimitives.ReadInt64BigEndian(value), id), store._rooms);
                store._database.Write(batch, store._write);
                return ValueTask.FromResult(true);
            }

            public ValueTask DisposeAsync() => default;
        }

        private sealed record Row(Guid Id, long CreatedAtMs, Guid Room, Guid Entity, string Content, string Metadata, float[]? Vector);
    }
}

/// <summary>The same without a flush for each commit.</summary>
internal sealed class RocksDbNoSync() : RocksDb("rocksdb", isSync: false);
