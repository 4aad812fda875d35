using ElizaEngine.Storage;
using MessagePack;

namespace ElizaEngine.Local;

/// <summary>Collects the rows of all records that can be read, and says of the others what they were.</summary>
internal sealed class StateVisitor(SharedValues shared) : ILogVisitor
{
    private readonly LoadedRows _rows = new();
    private readonly List<(LostBytes Bytes, LostKey Key, RecordLocation? Older)> _losses = [];
    private readonly HashSet<Id> _lostMemories = [];
    private byte[] _buffer = new byte[64 << 10];

    /// <summary>The state that the rows amount to; once everything has been read.</summary>
    public DatabaseState BuildState() => DatabaseState.Of(_rows);

    public string? Visit(byte kind, ReadOnlySpan<byte> body, RecordLocation location, ulong lsn)
    {
        try
        {
            var effect = kind == Effect.VectorKind ? PutVector.Read(body) : Effect.Read(kind, Copy(body), _rows, shared);
            effect.Apply(_rows);
            effect.Place(_rows, location);
        }
        catch (MessagePackSerializationException error)
        {
            return $"the record cannot be decoded. {error.Message}";
        }

        // A vector without its memory is lost with it.
        if (kind == Effect.VectorKind && LostKey.Read(kind, body) is { Id: { } id } key && _lostMemories.Contains(id) && _rows.FindMemory(id) is null)
        {
            var start = location.Offset - LogFormat.RecordHeaderBytes;
            var bytes = LogFormat.RecordHeaderBytes + LogFormat.RoundUp(location.Length, 8);
            _losses.Add((new LostBytes(WriteAheadLog.FileNameOf(location), start, bytes, lsn, lsn, kind, "its memory is lost"), key, null));
        }

        return null;
    }

    public void VisitLost(in LostBytes lost, ReadOnlySpan<byte> body)
    {
        var key = lost.Kind is { } kind ? LostKey.Read(kind, body) : LostKey.Unknown;
        if (key is { Table: Table.Memories, Id: { } id, IsPut: true }) _lostMemories.Add(id);
        _losses.Add((lost, key, key.FindIn(_rows)?.Location));
    }

    /// <summary>What is lost, once everything has been read.</summary>
    public IReadOnlyList<LostRecord> Losses() =>
    [
        .. _losses.Select(loss => new LostRecord(
            loss.Key.What, loss.Key.Text, Consequence(loss.Key, loss.Older), loss.Bytes.File, loss.Bytes.Offset, loss.Bytes.Bytes, loss.Bytes.FirstLsn,
            loss.Bytes.EndLsn, loss.Bytes.What)),
    ];

    private ReadOnlyMemory<byte> Copy(ReadOnlySpan<byte> body)
    {
        if (_buffer.Length < body.Length) _buffer = new byte[body.Length];
        body.CopyTo(_buffer);
        return _buffer.AsMemory(0, body.Length);
    }

    private string Consequence(LostKey key, RecordLocation? older)
    {
        if (!key.IsPut) return key.Otherwise;
        if (key.FindIn(_rows)?.Location is not { } now) return "it is gone";
        return older is not null && now == older ? "an older version of it is there" : "none: a newer version of it is there";
    }
}
