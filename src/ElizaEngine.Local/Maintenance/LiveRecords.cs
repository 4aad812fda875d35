using ElizaEngine.Storage;
using MessagePack;

namespace ElizaEngine.Local;

/// <summary>
/// Says which records of a range of the log a state still rests on.
/// <list type="bullet">
/// <item>A row, or a vector, counts if the state has it exactly there.</item>
/// <item>What removes something does not: the range begins the log, and what is removed does not count either.</item>
/// <item>The body of a log entry that becomes smaller so is compressed; see <see cref="PackedLog"/>.</item>
/// <item>A vector wants its memory in front of it. A content that was written later than the vector is brought forward: to the vector, or, where
/// that lies behind the range, to where the range has an older content of the memory.</item>
/// </list>
/// Log entries are a family of their own, so that a range in which their time is over costs nothing.
/// </summary>
/// <param name="state">Durable, and no older than the range; newer, where others write.</param>
/// <param name="log">Where the records lie.</param>
/// <param name="range">Numbers of the files of the range, which begins the log.</param>
internal sealed class LiveRecords(DatabaseState state, WriteAheadLog log, IReadOnlySet<int> range) : IRecordChoice
{
    private readonly EffectReader _reader = new(new SharedValues());
    private readonly BodyBuffer _buffer = new();
    private readonly HashSet<Id> _brought = [];

    public int Families => 2;

    public int FamilyOf(byte kind) => kind is (byte)Table.Logs or Effect.PackedLogKind or Effect.DeleteKind + (byte)Table.Logs ? 1 : 0;

    /// <summary>Bytes of records that a state rests on, as they lie now. Under a pin.</summary>
    /// <param name="state">The state.</param>
    /// <param name="log">Where the records lie.</param>
    /// <param name="counts">Which records to count.</param>
    public static long BytesOf(DatabaseState state, WriteAheadLog log, Func<RecordLocation, bool> counts)
    {
        var bytes = 0L;
        foreach (var row in StateCheck.TableRows(state))
        {
            // Only log entries become shorter when they are moved; looking is a look into the file.
            Count(row is LogRow ? row.Location with { Length = log.LengthOf(row.Location) } : row.Location);
            for (var slot = (row as MemoryRow)?.Vectors; slot is not null; slot = slot.Next) Count(slot.Location);
        }
        return bytes;

        void Count(RecordLocation location)
        {
            if (counts(location)) bytes += WriteAheadLog.RecordBytes(location.Length);
        }
    }

    public void Choose(byte kind, ReadOnlySpan<byte> body, RecordLocation location, ICopies copies)
    {
        // The range is not let go of before its compaction is done. But a record in front of it may have been moved twice by compactions before
        // this one, whose files are let go of in the background, as nobody holds a pin: on the way from one to the next they must be there.
        using var pin = log.Pin();
        try
        {
            switch (kind)
            {
                case Effect.VectorKind:
                    ChooseVector(body, location, copies);
                    break;
                case Effect.DropVectorKind or > Effect.DeleteKind:
                    break;
                default:
                    ChooseRow(kind, body, location, copies);
                    break;
            }
        }
        catch (MessagePackSerializationException error)
        {
            throw EffectReader.Damage(location, error);
        }
    }

    private void ChooseRow(byte kind, ReadOnlySpan<byte> body, RecordLocation location, ICopies copies)
    {
        if (_reader.Read(kind, body, location, state) is not PutRow { Row: var row }) return;
        var live = state.Find(row);
        if (live is null || !IsAt(live.Location, location))
        {
            // The state may be newer than the range: behind that, a vector of the memory may lie in front of its content.
            if (live is MemoryRow memory) BringBefore(FirstVectorOf(memory), memory, copies);
            return;
        }
        if (row is MemoryRow && _brought.Contains(row.Id)) return;
        if (row is LogRow { BodyBytes: >= PackedLog.MinJsonBytes } && kind != Effect.PackedLogKind && PackedLog.TryPack(_buffer.Copy(body)) is { } packed)
            copies.Add(Effect.PackedLogKind, packed, location);
        else
            copies.Add(kind, body, location);
    }

    private void ChooseVector(ReadOnlySpan<byte> body, RecordLocation location, ICopies copies)
    {
        var vector = PutVector.Read(body);
        if (state.FindMemory(vector.MemoryId) is not { } memory || memory.Vector(vector.Dimension) is not { } slot || !IsAt(slot.Location, location)) return;
        BringBefore(log.LsnOf(location), memory, copies);
        copies.Add(Effect.VectorKind, body, location, PutVector.FloatsAlignment, PutVector.FloatsOffset);
    }

    // The content of a memory that was written later than something that wants it in front of itself.
    private void BringBefore(ulong lsn, MemoryRow memory, ICopies copies)
    {
        if (log.LsnOf(memory.Location) <= lsn || !_brought.Add(memory.Id)) return;
        var content = log.ReadVerified(memory.Location);
        var place = log.PlaceOf(memory.Location);
        copies.Add((byte)Table.Memories, content, range.Contains(place.File) ? new RecordLocation(place.File, place.Offset, content.Length) : null);
    }

    private ulong FirstVectorOf(MemoryRow memory)
    {
        var first = ulong.MaxValue;
        for (var slot = memory.Vectors; slot is not null; slot = slot.Next) first = Math.Min(first, log.LsnOf(slot.Location));
        return first;
    }

    private bool IsAt(RecordLocation row, RecordLocation record) => log.PlaceOf(row) == new RecordPlace(record.File, record.Offset);
}
