using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using ElizaEngine.Storage;
using MessagePack;

namespace ElizaEngine.Local;

/// <summary>
/// Writes a state down, and reads it back: memories as they lie in memory, to be made into rows when somebody asks for one; of every other
/// row the head, as in an index file.
/// </summary>
internal sealed class StateCheckpoint
{
    private const int RowsBetweenLooks = 4096;

    private readonly DatabaseState _state;
    private readonly WriteAheadLog _log;
    private readonly CancellationToken _cancellation;
    private readonly List<MemoryRow> _memories;
    private readonly int[] _scopeOf;
    private readonly int[] _byRoom;
    private readonly ScopeList _scopes = new();
    private readonly byte[] _scopeBytes;
    private readonly CheckpointHeads _heads;
    private readonly CheckpointLayout _layout;

    /// <summary>Collects the memories. The caller holds a pin, until all is written.</summary>
    /// <param name="state">Published, and durable.</param>
    /// <param name="heads">Of its other rows.</param>
    /// <param name="log">Where its records lie.</param>
    /// <param name="cancellationToken">Ends the collecting and the writing.</param>
    public StateCheckpoint(DatabaseState state, CheckpointHeads heads, WriteAheadLog log, CancellationToken cancellationToken)
    {
        if (!BitConverter.IsLittleEndian) throw new PlatformNotSupportedException("Checkpoints are little-endian.");
        (_state, _heads, _log, _cancellation) = (state, heads, log, cancellationToken);
        _memories = new List<MemoryRow>(state.Memories.Count);
        _scopeOf = new int[state.Memories.Count];
        foreach (var row in state.MemoriesByTable.Ascend(new TableMemoryKey(int.MinValue, long.MinValue, Id.Min)))
        {
            Look(_memories.Count);
            _scopeOf[_memories.Count] = _scopes.NumberOf(row.Scope);
            _memories.Add(row);
        }
        _byRoom = ByRoom();
        _scopeBytes = _scopes.ToArray();
        Span<byte> keys = stackalloc byte[2 * sizeof(ulong)];
        RandomNumberGenerator.Fill(keys);
        _layout = new CheckpointLayout(
            _memories.Count, state.VectorCount, _byRoom.Length, state.MemoriesByDocument.Count, _scopeBytes.Length, heads.Length,
            BinaryPrimitives.ReadUInt64LittleEndian(keys), BinaryPrimitives.ReadUInt64LittleEndian(keys[sizeof(ulong)..]));
    }

    /// <summary>Bytes that will be written.</summary>
    public long Length => _layout.Length;

    /// <summary>Bytes of all but the scopes: known before anything is collected, and perhaps more than a checkpoint has room for.</summary>
    public static long LeastLength(DatabaseState state, long headsBytes) => new CheckpointLayout(
        state.Memories.Count, state.VectorCount, state.MemoriesByRoom.Count, state.MemoriesByDocument.Count, ScopesBytes: 0, headsBytes,
        Key1: 0, Key2: 0).Length;

    public void Write(CheckpointWriter writer)
    {
        Span<byte> header = stackalloc byte[CheckpointLayout.Bytes];
        _layout.Encode(header);
        writer.Write(header);
        var first = 0;
        for (var number = 0; number < _memories.Count; number++)
        {
            Look(number);
            var row = _memories[number];
            var vectors = row.VectorCount;
            Write(writer, new StoredMemory(row, Now(row.Location), _scopeOf[number], first, vectors));
            first += vectors;
        }
        foreach (var row in _memories)
        {
            for (var slot = row.Vectors; slot is not null; slot = slot.Next) Write(writer, new StoredVector(slot.Dimension, slot.InverseNorm, Now(slot.Location)));
        }
        var slots = SlotsOf(_memories, _layout);
        writer.Write(MemoryMarshal.AsBytes<int>(_byRoom));
        foreach (var row in _state.MemoriesByDocument.Ascend(new ChildKey(Id.Min, Id.Min))) Write(writer, NumberOf(row.Id, slots));
        _cancellation.ThrowIfCancellationRequested();
        writer.Write(MemoryMarshal.AsBytes<int>(slots));
        writer.Write(_scopeBytes);
        _heads.Write(writer);
    }

    /// <summary>Reads a state back: its memories, and the rows of the other tables.</summary>
    /// <param name="checkpoint">The memories keep it.</param>
    /// <param name="rows">Empty; gets the other rows.</param>
    /// <param name="shared">Nothing has been asked of it yet.</param>
    /// <returns>Null: the checkpoint is none of this kind.</returns>
    /// <exception cref="MessagePackSerializationException">Nor is one of which a head says what cannot be.</exception>
    public static StoredMemories? TryRead(LogCheckpoint checkpoint, LoadedRows rows, SharedValues shared)
    {
        if (!BitConverter.IsLittleEndian || CheckpointLayout.TryDecode(checkpoint.Payload) is not { } layout) return null;
        var payload = checkpoint.Payload;
        var files = new LogFileSizes(checkpoint.FileBytes);
        var scopes = ScopeList.Read(payload.Slice(layout.ScopesAt, layout.ScopesBytes), shared);
        if (!IsSound(payload, layout, scopes, files)) return null;
        CheckpointHeads.Read(payload[layout.HeadsAt..], files, rows, shared);
        return new StoredMemories(checkpoint, layout, scopes);
    }

    // Within a room and a table memories follow each other as they do within the table: they need only be dealt out to the rooms.
    private int[] ByRoom()
    {
        var rooms = new SortedDictionary<(Id Room, int Table), List<int>>();
        var roomOf = _scopes.All.Select(scope =>
        {
            if (scope.RoomId is not { } room) return null;
            if (!rooms.TryGetValue((room, scope.TableNumber), out var numbers)) rooms.Add((room, scope.TableNumber), numbers = []);
            return numbers;
        }).ToArray();
        for (var number = 0; number < _memories.Count; number++) roomOf[_scopeOf[number]]?.Add(number);
        return [.. rooms.Values.SelectMany(static numbers => numbers)];
    }

    // Where a record is, since compaction may have moved it. A memory and a vector keep their length.
    private RecordLocation Now(RecordLocation location)
    {
        var place = _log.PlaceOf(location);
        return new RecordLocation(place.File, place.Offset, location.Length);
    }

    // The table that readers of the checkpoint will find a memory by.
    private int NumberOf(Id id, int[] slots)
    {
        var slot = StoredMemories.SlotOf(id, _layout);
        while (_memories[slots[slot]].Id != id) slot = (slot + 1) & (slots.Length - 1);
        return slots[slot];
    }

    private void Look(int rows)
    {
        if (rows % RowsBetweenLooks == 0) _cancellation.ThrowIfCancellationRequested();
    }

    private static void Write<T>(CheckpointWriter writer, T value)
        where T : unmanaged => writer.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));

    private static int[] SlotsOf(List<MemoryRow> memories, CheckpointLayout layout)
    {
        var slots = new int[layout.Slots];
        Array.Fill(slots, -1);
        for (var number = 0; number < memories.Count; number++)
        {
            var slot = StoredMemories.SlotOf(memories[number].Id, layout);
            while (slots[slot] >= 0) slot = (slot + 1) & (slots.Length - 1);
            slots[slot] = number;
        }
        return slots;
    }

    // Its checksum is right, so it is what was written. Still nothing that it says is followed out of its sections, or out of a file.
    private static bool IsSound(ReadOnlySpan<byte> payload, CheckpointLayout layout, MemoryScope[] scopes, LogFileSizes files)
    {
        var vectors = 0;
        var memories = MemoryMarshal.Cast<byte, StoredMemory>(payload.Slice(CheckpointLayout.MemoriesAt, layout.Memories * StoredMemory.Bytes));
        foreach (ref readonly var memory in memories)
        {
            if ((uint)memory.Scope >= (uint)scopes.Length || memory.FirstVector != vectors || !files.Have(memory.Location) || memory.VectorCount > layout.Vectors - vectors) return false;
            vectors += memory.VectorCount;
        }
        if (vectors != layout.Vectors) return false;
        foreach (ref readonly var vector in MemoryMarshal.Cast<byte, StoredVector>(payload.Slice(layout.VectorsAt, layout.Vectors * StoredVector.Bytes)))
        {
            if (vector.Dimension is < 1 or > Limits.MaxDimension || vector.Location.Length != PutVector.FloatsOffset + (vector.Dimension * sizeof(float)) || !files.Have(vector.Location)) return false;
        }
        var slots = payload.Slice(layout.SlotsAt, layout.Slots * sizeof(int));
        if (!AreNumbers(payload.Slice(layout.ByRoomAt, (layout.ByRoom + layout.ByDocument) * sizeof(int)), 0, layout.Memories) || !AreNumbers(slots, -1, layout.Memories)
            || !MemoryMarshal.Cast<byte, int>(slots).Contains(-1))
            return false;
        foreach (var number in MemoryMarshal.Cast<byte, int>(payload.Slice(layout.ByRoomAt, layout.ByRoom * sizeof(int))))
        {
            if (scopes[memories[number].Scope].RoomId is null) return false;
        }
        foreach (var number in MemoryMarshal.Cast<byte, int>(payload.Slice(layout.ByDocumentAt, layout.ByDocument * sizeof(int))))
        {
            if (scopes[memories[number].Scope].DocumentId is null) return false;
        }
        return true;
    }

    private static bool AreNumbers(ReadOnlySpan<byte> section, int from, int to)
    {
        foreach (var number in MemoryMarshal.Cast<byte, int>(section))
        {
            if (number < from || number >= to) return false;
        }
        return true;
    }

    /// <summary>Scopes with numbers, and the names of tables in the order of theirs.</summary>
    private sealed class ScopeList
    {
        // Equal ones are not always the same object, but most of the time they are, and that is quickly seen.
        private readonly Dictionary<MemoryScope, int> _known = new(ReferenceEqualityComparer.Instance);
        private readonly Dictionary<(int, Id, Id?, Id?, Id?, Id?), int> _numbers = [];
        private readonly List<MemoryScope> _scopes = [];

        /// <summary>By number.</summary>
        public IReadOnlyList<MemoryScope> All => _scopes;

        public int NumberOf(MemoryScope scope)
        {
            if (_known.TryGetValue(scope, out var known)) return known;
            var key = (scope.TableNumber, scope.AgentId, scope.EntityId, scope.RoomId, scope.WorldId, scope.DocumentId);
            if (!_numbers.TryGetValue(key, out var number))
            {
                number = _scopes.Count;
                _scopes.Add(scope);
                _numbers.Add(key, number);
            }
            _known.Add(scope, number);
            return number;
        }

        public byte[] ToArray()
        {
            var written = new ArrayBufferWriter<byte>();
            // Names get their numbers when they are read back: in this order they come in the order they have now.
            var tables = _scopes.OrderBy(static scope => scope.TableNumber).Select(static scope => scope.TableName).Distinct().ToArray();
            Add(written, tables.Length, _scopes.Count);
            foreach (var table in tables)
            {
                Add(written, Encoding.UTF8.GetByteCount(table));
                Encoding.UTF8.GetBytes(table, written);
            }
            foreach (var scope in _scopes)
            {
                Id?[] ids = [scope.EntityId, scope.RoomId, scope.WorldId, scope.DocumentId];
                var present = 0;
                for (var i = 0; i < ids.Length; i++) present |= ids[i] is null ? 0 : 1 << i;
                Add(written, Array.IndexOf(tables, scope.TableName), present);
                Add(written, scope.AgentId);
                foreach (var id in ids)
                {
                    if (id is { } value) Add(written, value);
                }
            }
            return written.WrittenSpan.ToArray();
        }

        /// <exception cref="MessagePackSerializationException">It ends early, or claims what cannot be.</exception>
        public static MemoryScope[] Read(ReadOnlySpan<byte> section, SharedValues shared)
        {
            var reader = new HeadReader(section);
            var (tableCount, scopeCount) = (reader.Int32(), reader.Int32());
            if (tableCount < 0 || tableCount > section.Length || scopeCount < 0 || scopeCount > section.Length) throw HeadReader.Damaged("it has more scopes than bytes");
            var tables = new string[tableCount];
            for (var i = 0; i < tableCount; i++) tables[i] = shared.Name(reader.Text()).Name;
            var scopes = new MemoryScope[scopeCount];
            for (var i = 0; i < scopeCount; i++)
            {
                var (table, present) = (reader.Int32(), reader.Int32());
                if ((uint)table >= (uint)tableCount) throw HeadReader.Damaged($"there is no table {table}");
                var agent = reader.Id();
                scopes[i] = shared.Scope(
                    tables[table],
                    agent,
                    (present & 1) == 0 ? null : reader.Id(),
                    (present & 2) == 0 ? null : reader.Id(),
                    (present & 4) == 0 ? null : reader.Id(),
                    (present & 8) == 0 ? null : reader.Id());
            }
            return scopes;
        }

        private static void Add(ArrayBufferWriter<byte> written, params ReadOnlySpan<int> values)
        {
            foreach (var value in values)
            {
                BinaryPrimitives.WriteInt32LittleEndian(written.GetSpan(sizeof(int)), value);
                written.Advance(sizeof(int));
            }
        }

        private static void Add(ArrayBufferWriter<byte> written, Id id)
        {
            id.Write(written.GetSpan(Id.Bytes));
            written.Advance(Id.Bytes);
        }
    }
}
