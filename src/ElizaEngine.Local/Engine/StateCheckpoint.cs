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
internal static class StateCheckpoint
{
    private const int HeadEntryBytes = 17;

    /// <summary>Writes a state. The caller holds a pin.</summary>
    /// <param name="state">Published, and durable.</param>
    /// <param name="log">Where its records lie.</param>
    /// <param name="writer">Where it goes.</param>
    public static void Write(DatabaseState state, WriteAheadLog log, CheckpointWriter writer)
    {
        if (!BitConverter.IsLittleEndian) throw new PlatformNotSupportedException("Checkpoints are little-endian.");
        var memories = new List<MemoryRow>(state.Memories.Count);
        foreach (var row in state.MemoriesByTable.Ascend(new TableMemoryKey(int.MinValue, long.MinValue, Id.Min))) memories.Add(row);
        var numbers = new Dictionary<Id, int>(memories.Count);
        for (var number = 0; number < memories.Count; number++) numbers.Add(memories[number].Id, number);
        var scopes = new ScopeList();
        foreach (var row in memories) scopes.NumberOf(row.Scope);
        var scopeBytes = scopes.ToArray();
        var heads = HeadsOf(state, log);
        Span<byte> keys = stackalloc byte[2 * sizeof(ulong)];
        RandomNumberGenerator.Fill(keys);
        var layout = new CheckpointLayout(
            memories.Count, state.VectorCount, state.MemoriesByRoom.Count, state.MemoriesByDocument.Count, scopeBytes.Length, heads.WrittenCount,
            BinaryPrimitives.ReadUInt64LittleEndian(keys), BinaryPrimitives.ReadUInt64LittleEndian(keys[sizeof(ulong)..]));
        Span<byte> header = stackalloc byte[CheckpointLayout.Bytes];
        layout.Encode(header);
        writer.Write(header);

        var first = 0;
        foreach (var row in memories)
        {
            var vectors = 0;
            for (var slot = row.Vectors; slot is not null; slot = slot.Next) vectors++;
            Write(writer, new StoredMemory(row, Now(log, row.Location), scopes.NumberOf(row.Scope), first, vectors));
            first += vectors;
        }
        foreach (var row in memories)
        {
            for (var slot = row.Vectors; slot is not null; slot = slot.Next) Write(writer, new StoredVector(slot.Dimension, slot.InverseNorm, Now(log, slot.Location)));
        }
        foreach (var row in state.MemoriesByRoom.Ascend(new RoomMemoryKey(Id.Min, int.MinValue, long.MinValue, Id.Min))) Write(writer, numbers[row.Id]);
        foreach (var row in state.MemoriesByDocument.Ascend(new ChildKey(Id.Min, Id.Min))) Write(writer, numbers[row.Id]);
        writer.Write(MemoryMarshal.AsBytes<int>(SlotsOf(memories, layout)));
        writer.Write(scopeBytes);
        writer.Write(heads.WrittenSpan);
    }

    /// <summary>Reads a state back: its memories, and the rows of the other tables.</summary>
    /// <param name="checkpoint">The memories keep it.</param>
    /// <param name="rows">Empty; gets the other rows.</param>
    /// <param name="shared">Nothing has been asked of it yet.</param>
    /// <returns>Null: the checkpoint is none of this kind.</returns>
    public static StoredMemories? TryRead(LogCheckpoint checkpoint, LoadedRows rows, SharedValues shared)
    {
        if (!BitConverter.IsLittleEndian || CheckpointLayout.TryDecode(checkpoint.Payload) is not { } layout) return null;
        try
        {
            var payload = checkpoint.Payload;
            var scopes = ScopeList.Read(payload.Slice(layout.ScopesAt, layout.ScopesBytes), shared);
            if (!IsSound(checkpoint, payload, layout, scopes.Length)) return null;
            ReadHeads(payload.Slice(layout.HeadsAt, layout.HeadsBytes), rows, shared);
            return new StoredMemories(checkpoint, layout, scopes);
        }
        catch (MessagePackSerializationException)
        {
            return null;
        }
    }

    // Where a record is, since compaction may have moved it. A memory and a vector keep their length.
    private static RecordLocation Now(WriteAheadLog log, RecordLocation location)
    {
        var place = log.PlaceOf(location);
        return new RecordLocation(place.File, place.Offset, location.Length);
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

    private static ArrayBufferWriter<byte> HeadsOf(DatabaseState state, WriteAheadLog log)
    {
        var written = new ArrayBufferWriter<byte>(4096);
        var head = new ArrayBufferWriter<byte>(256);
        var heads = new RowHeads();
        foreach (var row in StateCheck.TableRows(state))
        {
            if (row is MemoryRow) continue;
            var body = log.ReadVerified(row.Location, out var kind);
            var place = log.PlaceOf(row.Location);
            head.ResetWrittenCount();
            try
            {
                heads.Write(kind, body, head);
            }
            catch (MessagePackSerializationException error)
            {
                throw EffectReader.Damage(row.Location, error);
            }
            var entry = written.GetSpan(HeadEntryBytes);
            entry[0] = kind;
            BinaryPrimitives.WriteInt32LittleEndian(entry[1..], place.File);
            BinaryPrimitives.WriteInt32LittleEndian(entry[5..], place.Offset);
            BinaryPrimitives.WriteInt32LittleEndian(entry[9..], body.Length);
            BinaryPrimitives.WriteInt32LittleEndian(entry[13..], head.WrittenCount);
            written.Advance(HeadEntryBytes);
            written.Write(head.WrittenSpan);
        }
        return written;
    }

    private static void ReadHeads(ReadOnlySpan<byte> entries, LoadedRows rows, SharedValues shared)
    {
        var heads = new RowHeads();
        while (entries.Length > 0)
        {
            if (entries.Length < HeadEntryBytes || BinaryPrimitives.ReadInt32LittleEndian(entries[13..]) is not (>= 0 and var bytes) || bytes > entries.Length - HeadEntryBytes)
                throw HeadReader.Damaged("it does not fit into its checkpoint");
            var location = new RecordLocation(
                BinaryPrimitives.ReadInt32LittleEndian(entries[1..]), BinaryPrimitives.ReadInt32LittleEndian(entries[5..]), BinaryPrimitives.ReadInt32LittleEndian(entries[9..]));
            EffectReader.Placed(heads.Read(entries[0], entries.Slice(HeadEntryBytes, bytes), rows, shared), location).Apply(rows);
            entries = entries[(HeadEntryBytes + bytes)..];
        }
    }

    // Its checksum is right, so it is what was written. Still nothing that it says is followed out of its sections, or out of a file.
    private static bool IsSound(LogCheckpoint checkpoint, ReadOnlySpan<byte> payload, CheckpointLayout layout, int scopes)
    {
        var bytesOf = new long[checkpoint.FileBytes.Keys.Max() + 1L];
        foreach (var (number, bytes) in checkpoint.FileBytes) bytesOf[number] = bytes;
        var vectors = 0;
        foreach (ref readonly var memory in MemoryMarshal.Cast<byte, StoredMemory>(payload.Slice(CheckpointLayout.MemoriesAt, layout.Memories * StoredMemory.Bytes)))
        {
            if ((uint)memory.Scope >= (uint)scopes || memory.FirstVector != vectors || !IsInside(memory.Location, bytesOf) || memory.VectorCount > layout.Vectors - vectors) return false;
            vectors += memory.VectorCount;
        }
        if (vectors != layout.Vectors) return false;
        foreach (ref readonly var vector in MemoryMarshal.Cast<byte, StoredVector>(payload.Slice(layout.VectorsAt, layout.Vectors * StoredVector.Bytes)))
        {
            if (vector.Dimension is < 1 or > Limits.MaxDimension || !IsInside(vector.Location, bytesOf)) return false;
        }
        return AreNumbers(payload.Slice(layout.ByRoomAt, (layout.ByRoom + layout.ByDocument) * sizeof(int)), 0, layout.Memories)
            && AreNumbers(payload.Slice(layout.SlotsAt, layout.Slots * sizeof(int)), -1, layout.Memories)
            && MemoryMarshal.Cast<byte, int>(payload.Slice(layout.SlotsAt, layout.Slots * sizeof(int))).Contains(-1);
    }

    private static bool IsInside(RecordLocation location, long[] bytesOf) =>
        (uint)location.File < (uint)bytesOf.Length && location.Offset >= 0 && location.Length >= 0 && (long)location.Offset + location.Length <= bytesOf[location.File];

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
        private readonly Dictionary<MemoryScope, int> _numbers = [];
        private readonly List<MemoryScope> _scopes = [];

        public int NumberOf(MemoryScope scope)
        {
            if (_numbers.TryGetValue(scope, out var number)) return number;
            _scopes.Add(scope);
            _numbers.Add(scope, _scopes.Count - 1);
            return _scopes.Count - 1;
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
