using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using MessagePack;

namespace ElizaEngine.Local;

/// <summary>
/// The heads of the records of one index file: what opening wants to know of each, in few bytes. Memories and log entries come in
/// thousands and say little that is new: a scope, or a kind of log entry, is written once and then called by its number. Every other
/// record is its own head. Byte picture: <c>RECORDS.md</c>, "Heads".
/// </summary>
internal sealed class RowHeads
{
    /// <summary>Bytes of the head of a log entry; of the first of its type the type is more.</summary>
    public const int LeastLogBytes = 1 + (2 * sizeof(int)) + (3 * Id.Bytes) + sizeof(long);

    private const byte IsUnique = 1;
    private const byte IsNew = 2;
    private const byte HasEntity = 4;
    private const byte HasRoom = 8;
    private const byte HasWorld = 16;
    private const byte HasDocument = 32;

    private readonly SharedValues _written = new();
    private readonly Dictionary<MemoryScope, int> _scopeNumbers = [];
    private readonly List<MemoryScope> _scopes = [];
    private readonly Dictionary<string, int> _typeNumbers = new(StringComparer.Ordinal);
    private readonly List<string> _types = [];
    private readonly BodyBuffer _buffer = new();

    /// <exception cref="MessagePackSerializationException">The body is none of this kind.</exception>
    public void Write(byte kind, ReadOnlySpan<byte> body, IBufferWriter<byte> head)
    {
        switch (kind)
        {
            case (byte)Table.Memories:
                Write(Rows.ReadMemory(_buffer.Copy(body), _written), head);
                break;
            case (byte)Table.Logs:
                Write(Rows.ReadLog(_buffer.Copy(body), _written), head);
                break;
            case Effect.PackedLogKind:
                Write(PackedLog.ReadRow(_buffer.Copy(body), _written), head);
                break;
            case (byte)Table.Cache:
                head.Write(Rows.HeadOfCache(_buffer.Copy(body)).Span);
                break;
            case Effect.VectorKind:
                head.Write(body[..PutVector.FloatsOffset]);
                break;
            default:
                head.Write(body);
                break;
        }
    }

    /// <summary>The effect of a head. Rows it deletes are those of the set.</summary>
    /// <exception cref="MessagePackSerializationException">The head is none of this kind.</exception>
    public Effect Read(byte kind, ReadOnlySpan<byte> head, IRowSet rows, SharedValues shared)
    {
        var reader = new HeadReader(head);
        return kind switch
        {
            (byte)Table.Memories => new PutRow(ReadMemory(ref reader, shared)),
            (byte)Table.Logs or Effect.PackedLogKind => new PutRow(ReadLog(ref reader, shared)),
            Effect.VectorKind => PutVector.ReadHead(head),
            _ => Effect.Read(kind, _buffer.Copy(head), rows, shared),
        };
    }

    private void Write(MemoryRow row, IBufferWriter<byte> head)
    {
        var scope = row.Scope;
        var isNew = !_scopeNumbers.TryGetValue(scope, out var number);
        if (isNew) _scopeNumbers.Add(scope, number = _scopeNumbers.Count);
        var flags = (row.IsUnique ? IsUnique : 0) | (isNew ? IsNew : 0) | (scope.EntityId is null ? 0 : HasEntity) | (scope.RoomId is null ? 0 : HasRoom)
            | (scope.WorldId is null ? 0 : HasWorld) | (scope.DocumentId is null ? 0 : HasDocument);
        Write(head, (byte)flags);
        Write(head, number);
        Write(head, row.Id);
        Write(head, row.CreatedMs);
        if (!isNew) return;
        Write(head, scope.TableName);
        Write(head, scope.AgentId);
        foreach (var id in (Id?[])[scope.EntityId, scope.RoomId, scope.WorldId, scope.DocumentId])
        {
            if (id is { } present) Write(head, present);
        }
    }

    private MemoryRow ReadMemory(ref HeadReader reader, SharedValues shared)
    {
        var flags = reader.Byte();
        var number = reader.Int32();
        var id = reader.Id();
        var createdMs = reader.TimeMs();
        if ((flags & IsNew) != 0)
        {
            if (number != _scopes.Count) throw HeadReader.Damaged($"scope {number} comes after {_scopes.Count} others");
            _scopes.Add(shared.Scope(
                reader.Text(),
                reader.Id(),
                (flags & HasEntity) == 0 ? null : reader.Id(),
                (flags & HasRoom) == 0 ? null : reader.Id(),
                (flags & HasWorld) == 0 ? null : reader.Id(),
                (flags & HasDocument) == 0 ? null : reader.Id()));
        }
        if ((uint)number >= (uint)_scopes.Count) throw HeadReader.Damaged($"there is no scope {number}");
        return new MemoryRow { Id = id, Scope = _scopes[number], CreatedMs = createdMs, IsUnique = (flags & IsUnique) != 0 };
    }

    /// <summary>The head of a log entry, of which memory has all.</summary>
    public void Write(LogRow row, IBufferWriter<byte> head)
    {
        var isNew = !_typeNumbers.TryGetValue(row.Type, out var number);
        if (isNew) _typeNumbers.Add(row.Type, number = _typeNumbers.Count);
        Write(head, isNew ? IsNew : (byte)0);
        Write(head, number);
        Write(head, row.Id);
        Write(head, row.CreatedMs);
        Write(head, row.EntityId);
        Write(head, row.RoomId);
        Write(head, row.BodyBytes);
        if (isNew) Write(head, row.Type);
    }

    private LogRow ReadLog(ref HeadReader reader, SharedValues shared)
    {
        var flags = reader.Byte();
        var number = reader.Int32();
        var (id, createdMs, entityId, roomId, bodyBytes) = (reader.Id(), reader.TimeMs(), reader.Id(), reader.Id(), reader.Int32());
        if ((flags & IsNew) != 0)
        {
            if (number != _types.Count) throw HeadReader.Damaged($"type {number} comes after {_types.Count} others");
            _types.Add(shared.Text(reader.Text()));
        }
        if ((uint)number >= (uint)_types.Count) throw HeadReader.Damaged($"there is no type {number}");
        return new LogRow { Id = id, EntityId = entityId, RoomId = roomId, Type = _types[number], CreatedMs = createdMs, BodyBytes = bodyBytes };
    }

    private static void Write(IBufferWriter<byte> head, byte value)
    {
        head.GetSpan(1)[0] = value;
        head.Advance(1);
    }

    private static void Write(IBufferWriter<byte> head, int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(head.GetSpan(sizeof(int)), value);
        head.Advance(sizeof(int));
    }

    private static void Write(IBufferWriter<byte> head, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(head.GetSpan(sizeof(long)), value);
        head.Advance(sizeof(long));
    }

    private static void Write(IBufferWriter<byte> head, Id id)
    {
        id.Write(head.GetSpan(Id.Bytes));
        head.Advance(Id.Bytes);
    }

    private static void Write(IBufferWriter<byte> head, string text)
    {
        Write(head, Encoding.UTF8.GetByteCount(text));
        Encoding.UTF8.GetBytes(text, head);
    }
}
