using ElizaEngine.Storage;
using MessagePack;

namespace ElizaEngine.Local;

/// <summary>Collects the rows of all records that can be read, and says of the others what they were.</summary>
internal sealed class StateVisitor(SharedValues shared) : ILogVisitor
{
    private readonly EffectReader _reader = new(shared);
    private readonly LoadedRows _rows = new();
    private readonly List<(LostBytes Bytes, LostKey Key, RecordLocation? Older)> _losses = [];

    // Vectors that met no memory: by that and their dimension the place of the loss; and those places that are no loss after all.
    private readonly Dictionary<Id, Dictionary<int, int>> _withoutMemory = [];
    private readonly HashSet<int> _settled = [];

    /// <summary>The state that the rows amount to; once everything has been read.</summary>
    public DatabaseState BuildState() => DatabaseState.Of(_rows);

    public string? Visit(byte kind, ReadOnlySpan<byte> body, RecordLocation location, ulong lsn)
    {
        Effect effect;
        try
        {
            effect = _reader.Read(kind, body, location, _rows);
            effect.Apply(_rows);
            // Opening leaves the stream alone; whoever verifies wants to know.
            if (kind == Effect.PackedLogKind) PackedLog.Decode(body.ToArray());
        }
        catch (MessagePackSerializationException error)
        {
            return EffectReader.What(error);
        }

        switch (effect)
        {
            case PutVector vector:
                NoteVector(vector, body, location, lsn);
                break;
            case DropVector dropped:
                Settle(dropped.MemoryId, dropped.Dimension);
                break;
            // It knows only of the rows that are there.
            case DeleteRows when kind == Effect.DeleteKind + (byte)Table.Memories:
                for (var rest = body; _withoutMemory.Count > 0 && rest.Length > 0; rest = rest[Id.Bytes..]) Settle(Id.Read(rest), dimension: null);
                break;
        }
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
        .. _losses.Where((_, place) => !_settled.Contains(place)).Select(loss => new LostRecord(
            loss.Key.What, loss.Key.Text, Consequence(loss.Key, loss.Older), loss.Bytes.File, loss.Bytes.Offset, loss.Bytes.Bytes, loss.Bytes.FirstLsn,
            loss.Bytes.EndLsn, loss.Bytes.What)),
    ];

    // A vector without its memory is lost with that. Whatever was lost before it may be the memory: neither kind nor id of it are certain.
    private void NoteVector(PutVector vector, ReadOnlySpan<byte> body, RecordLocation location, ulong lsn)
    {
        Settle(vector.MemoryId, vector.Dimension);
        if (_rows.FindMemory(vector.MemoryId) is not null || _losses.Count == 0) return;
        if (!_withoutMemory.TryGetValue(vector.MemoryId, out var ofMemory)) _withoutMemory.Add(vector.MemoryId, ofMemory = []);
        ofMemory.Add(vector.Dimension, _losses.Count);
        var start = location.Offset - LogFormat.RecordHeaderBytes;
        var bytes = LogFormat.RecordHeaderBytes + LogFormat.RoundUp(location.Length, 8);
        _losses.Add(
            (new LostBytes(WriteAheadLog.FileNameOf(location), start, bytes, lsn, lsn, Effect.VectorKind, "its memory is lost"), LostKey.Read(Effect.VectorKind, body), null));
    }

    // It is replaced, dropped or deleted: nobody misses it. Compaction leaves such without their memory, too.
    private void Settle(Id memory, int? dimension)
    {
        if (!_withoutMemory.TryGetValue(memory, out var ofMemory)) return;
        foreach (var (of, loss) in ofMemory)
        {
            if (dimension is null || dimension == of) _settled.Add(loss);
        }
        if (dimension is { } one) ofMemory.Remove(one);
        else _withoutMemory.Remove(memory);
    }

    private string Consequence(LostKey key, RecordLocation? older)
    {
        if (!key.IsPut) return key.Otherwise;
        if (key.FindIn(_rows)?.Location is not { } now) return "it is gone";
        return older is not null && now == older ? "an older version of it is there" : "none: a newer version of it is there";
    }
}
