using ElizaEngine.Storage;
using MessagePack;

namespace ElizaEngine.Local;

/// <summary>Builds the state from the log, at opening: reads each record as the effect it was, and applies it.</summary>
internal sealed class StateRecovery(SharedValues shared) : ILogReplay
{
    private byte[] _buffer = new byte[64 << 10];

    public DatabaseState State { get; } = new DatabaseState().EditableBy(DatabaseState.NewPrivateOwner());

    public void Replay(byte kind, ReadOnlySpan<byte> body, RecordLocation location)
    {
        // A vector stays where it is; of other records the reader wants memory, not mapped bytes.
        Effect effect;
        try
        {
            effect = kind == Effect.VectorKind ? PutVector.Read(body) : Effect.Read(kind, Copy(body), State, shared);
        }
        catch (MessagePackSerializationException error)
        {
            throw new LogDamagedException(WriteAheadLog.FileNameOf(location), location.Offset, 0, $"the record cannot be decoded. {error.Message}");
        }
        effect.Apply(State);
        effect.Place(State, location);
    }

    private ReadOnlyMemory<byte> Copy(ReadOnlySpan<byte> body)
    {
        if (_buffer.Length < body.Length) _buffer = new byte[body.Length];
        body.CopyTo(_buffer);
        return _buffer.AsMemory(0, body.Length);
    }
}
