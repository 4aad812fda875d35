using ElizaEngine.Storage;
using MessagePack;

namespace ElizaEngine.Local;

/// <summary>Collects the rows of the log, at opening: takes each record, or the head of it, as the effect it was, and applies it.</summary>
internal sealed class StateRecovery(SharedValues shared) : ILogReplay
{
    private byte[] _buffer = new byte[64 << 10];
    private LoadedRows _rows = new();

    /// <summary>The state after the log; once, when all of it has been replayed.</summary>
    public DatabaseState TakeState()
    {
        var rows = _rows;
        // Heads are asked for as long as the log is open: the rows need not stay.
        (_rows, _buffer) = (new LoadedRows(), []);
        return DatabaseState.Of(rows);
    }

    public void Replay(byte kind, ReadOnlySpan<byte> body, RecordLocation location)
    {
        try
        {
            // A vector stays where it is; of other records the reader wants memory, not mapped bytes.
            Apply(kind == Effect.VectorKind ? PutVector.Read(body) : Effect.Read(kind, Copy(body), _rows, shared), location);
        }
        catch (MessagePackSerializationException error)
        {
            throw Damage(location, error);
        }
    }

    public IRecordHeads NewHeads() => new Heads(this);

    // Its place is known before it is applied, so nothing need be found again to be told.
    private void Apply(Effect effect, RecordLocation location)
    {
        if (effect is PutRow put) put.Row.Location = location;
        else if (effect is PutVector vector) vector.Location = location;
        effect.Apply(_rows);
    }

    private ReadOnlyMemory<byte> Copy(ReadOnlySpan<byte> body)
    {
        if (_buffer.Length < body.Length) _buffer = new byte[body.Length];
        body.CopyTo(_buffer);
        return _buffer.AsMemory(0, body.Length);
    }

    private static LogDamagedException Damage(RecordLocation location, MessagePackSerializationException error) =>
        new(WriteAheadLog.FileNameOf(location), location.Offset, 0, $"the record cannot be decoded. {error.Message}");

    private sealed class Heads(StateRecovery recovery) : IRecordHeads
    {
        private readonly RowHeads _heads = new();

        public void Write(byte kind, ReadOnlySpan<byte> body, System.Buffers.IBufferWriter<byte> head)
        {
            try
            {
                _heads.Write(kind, body, head);
            }
            catch (MessagePackSerializationException error)
            {
                throw new LogDamagedException("a log file", 0, 0, $"the record cannot be decoded. {error.Message}");
            }
        }

        public void Replay(byte kind, ReadOnlySpan<byte> head, RecordLocation location)
        {
            try
            {
                recovery.Apply(_heads.Read(kind, head, recovery._rows, recovery.Shared), location);
            }
            catch (MessagePackSerializationException error)
            {
                throw Damage(location, error);
            }
        }
    }

    private SharedValues Shared => shared;
}
