using System.Buffers;
using System.Diagnostics;
using ElizaEngine.Storage;
using MessagePack;

namespace ElizaEngine.Local;

/// <summary>Reads records from the log, checks and decodes them, and lets the cache keep them. Thread-safe.</summary>
internal sealed class RecordReader(RecordCache cache)
{
    private WriteAheadLog? _log;

    private WriteAheadLog Log => _log ?? throw new UnreachableException("the log is open before anything is read");

    public void Attach(WriteAheadLog log) => _log = log;

    /// <summary>The record of a row whose <see cref="Row.Decoded"/> is gone.</summary>
    /// <param name="row">A row that has its place in the log.</param>
    /// <param name="isLocked">The caller holds the log's gate, so the row may be newer than what readers see.</param>
    public object Load(Row row, bool isLocked)
    {
        // Verified under the gate too: what a partial update takes over is written again, with a checksum of its own.
        byte kind;
        var body = isLocked ? Log.ReadLocked(row.Location, out kind) : Log.ReadVerified(row.Location, out kind);
        var length = body.Length;
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            body.CopyTo(buffer);
            var record = Decode(row, kind, buffer.AsMemory(0, length));
            row.Decoded = record;
            // What was compressed takes the room of what it was before.
            cache.Add(row, Math.Max(length, (row as LogRow)?.BodyBytes ?? 0));
            return record;
        }
        catch (MessagePackSerializationException error)
        {
            throw Log.DamageAt(row.Location, $"the record cannot be decoded. {error.Message}");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The floats of a vector, in place.</summary>
    /// <param name="slot">One that has its place in the log.</param>
    /// <param name="verify">Whether to check them first.</param>
    public ReadOnlySpan<float> Floats(VectorSlot slot, bool verify)
    {
        if (!verify) return PutVector.Floats(Log.Read(slot.Location));
        var body = Log.ReadVerified(slot.Location);
        slot.IsVerified = true;
        return PutVector.Floats(body);
    }

    /// <summary>For records that nobody has read yet: their bodies, and their checksums verified, but not in place.</summary>
    public RecordWindow BeginReading() => new(Log);

    private static object Decode(Row row, byte kind, ReadOnlyMemory<byte> body) => row switch
    {
        AgentRow => Rows.DecodeAgent(body),
        EntityRow => Rows.DecodeEntity(body),
        ComponentRow => Rows.DecodeComponent(body),
        MemoryRow memory => Rows.DecodeMemory(body, memory),
        RoomRow => Rows.DecodeRoom(body),
        WorldRow => Rows.DecodeWorld(body),
        RelationshipRow => Rows.DecodeRelationship(body),
        TaskRow => Rows.DecodeTask(body),
        LogRow => kind == Effect.PackedLogKind ? PackedLog.Decode(body) : Rows.DecodeLog(body),
        CacheRow => Rows.DecodeCache(body),
        _ => throw new UnreachableException(),
    };
}
