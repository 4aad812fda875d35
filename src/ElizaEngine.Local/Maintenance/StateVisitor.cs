using ElizaEngine.Storage;
using MessagePack;

namespace ElizaEngine.Local;

/// <summary>Collects the rows of all records that can be read, and says of the others what they were.</summary>
internal sealed class StateVisitor(SharedValues shared) : ILogVisitor
{
    private const string WithoutMemory = "its memory is lost";

    private readonly EffectReader _reader = new(shared);
    private readonly LoadedRows _rows = new();
    private readonly List<(LostBytes Bytes, LostKey Key, RecordLocation? Older)> _losses = [];
    private readonly HashSet<Id> _withoutMemory = []; // Of vectors that met none.

    /// <summary>The state that the rows amount to; once everything has been read.</summary>
    public DatabaseState BuildState() => DatabaseState.Of(_rows);

    public string? Visit(byte kind, ReadOnlySpan<byte> body, RecordLocation location, ulong lsn)
    {
        try
        {
            _reader.Read(kind, body, location, _rows).Apply(_rows);
            // Opening leaves the stream alone; whoever verifies wants to know.
            if (kind == Effect.PackedLogKind) PackedLog.Decode(body.ToArray());
        }
        catch (MessagePackSerializationException error)
        {
            return EffectReader.What(error);
        }

        if (kind == Effect.VectorKind) NoteVector(body, location, lsn);
        else if (kind == Effect.DeleteKind + (byte)Table.Memories) NoteDeleted(body);
        return null;
    }

    public void VisitLost(in LostBytes lost, ReadOnlySpan<byte> body)
    {
        var key = lost.Kind is { } kind ? LostKey.Read(kind, body) : LostKey.Unknown;
        _losses.Add((lost, key, key.FindIn(_rows)?.Location));
    }

    /// <summary>What is lost, once everything has been read.</summary>
    public IReadOnlyList<LostRecord> Losses() =>
    [
        .. _losses.Select(loss => new LostRecord(
            loss.Key.What, loss.Key.Text, Consequence(loss.Key, loss.Older), loss.Bytes.File, loss.Bytes.Offset, loss.Bytes.Bytes, loss.Bytes.FirstLsn,
            loss.Bytes.EndLsn, loss.Bytes.What)),
    ];

    // A vector without its memory is lost with that. Whatever was lost before it may be the memory: neither kind nor id of it are certain.
    private void NoteVector(ReadOnlySpan<byte> body, RecordLocation location, ulong lsn)
    {
        if (LostKey.Read(Effect.VectorKind, body) is not { Id: { } id } key || _rows.FindMemory(id) is not null || _losses.Count == 0) return;
        var start = location.Offset - LogFormat.RecordHeaderBytes;
        var bytes = LogFormat.RecordHeaderBytes + LogFormat.RoundUp(location.Length, 8);
        _losses.Add((new LostBytes(WriteAheadLog.FileNameOf(location), start, bytes, lsn, lsn, Effect.VectorKind, WithoutMemory), key, null));
        _withoutMemory.Add(id);
    }

    // Compaction leaves vectors without their memory, too, but only in front of its deletion.
    private void NoteDeleted(ReadOnlySpan<byte> body)
    {
        for (var rest = body; _withoutMemory.Count > 0 && rest.Length >= Id.Bytes; rest = rest[Id.Bytes..])
        {
            var id = Id.Read(rest);
            if (_withoutMemory.Remove(id)) _losses.RemoveAll(loss => loss.Bytes.What == WithoutMemory && loss.Key.Id == id);
        }
    }

    private string Consequence(LostKey key, RecordLocation? older)
    {
        if (!key.IsPut) return key.Otherwise;
        if (key.FindIn(_rows)?.Location is not { } now) return "it is gone";
        return older is not null && now == older ? "an older version of it is there" : "none: a newer version of it is there";
    }
}
