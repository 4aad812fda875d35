using ElizaEngine.Storage;

namespace ElizaEngine.Local;

/// <summary>Builds the state from all records that can be read, and says of the others what they were.</summary>
internal sealed class StateVisitor(TableNames names) : ILogVisitor
{
    private readonly StateRecovery _recovery = new(names);
    private readonly List<(LostBytes Bytes, LostKey Key, RecordLocation? Older)> _losses = [];
    private readonly HashSet<Id> _lostMemories = [];

    public DatabaseState State => _recovery.State;

    public string? Visit(byte kind, ReadOnlySpan<byte> body, RecordLocation location, ulong lsn)
    {
        try
        {
            _recovery.Replay(kind, body, location);
        }
        catch (LogDamagedException error)
        {
            return error.What;
        }

        // A vector without its memory is lost with it.
        if (kind == Effect.VectorKind && LostKey.Read(kind, body) is { Id: { } id } key && _lostMemories.Contains(id) && State.Memories.Find(id) is null)
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
        _losses.Add((lost, key, key.FindIn(State)?.Location));
    }

    /// <summary>What is lost, once everything has been read.</summary>
    public IReadOnlyList<LostRecord> Losses() =>
    [
        .. _losses.Select(loss => new LostRecord(
            loss.Key.What, loss.Key.Text, Consequence(loss.Key, loss.Older), loss.Bytes.File, loss.Bytes.Offset, loss.Bytes.Bytes, loss.Bytes.FirstLsn,
            loss.Bytes.EndLsn, loss.Bytes.What)),
    ];

    private string Consequence(LostKey key, RecordLocation? older)
    {
        if (!key.IsPut) return key.Otherwise;
        if (key.FindIn(State)?.Location is not { } now) return "it is gone";
        return older is not null && now == older ? "an older version of it is there" : "none: a newer version of it is there";
    }
}
