using ElizaEngine.Storage;
using MessagePack;

namespace ElizaEngine.Local;

/// <summary>Reads every record as the effect it was, and keeps nothing: what can be read here can be opened.</summary>
internal sealed class RecordCheck : ILogReplay
{
    private readonly SharedValues _shared = new();
    private readonly LoadedRows _nothing = new();
    private byte[] _buffer = new byte[64 << 10];

    public void Replay(byte kind, ReadOnlySpan<byte> body, RecordLocation location)
    {
        if (ProblemOf(kind, body) is { } problem)
            throw new LogDamagedException(WriteAheadLog.FileNameOf(location), location.Offset, 0, $"the record cannot be decoded. {problem}");
    }

    /// <summary>Why a body is no effect; null when it is one.</summary>
    public string? ProblemOf(byte kind, ReadOnlySpan<byte> body)
    {
        try
        {
            if (kind == Effect.VectorKind)
            {
                PutVector.Read(body);
                return null;
            }

            if (_buffer.Length < body.Length) _buffer = new byte[body.Length];
            body.CopyTo(_buffer);
            Effect.Read(kind, _buffer.AsMemory(0, body.Length), _nothing, _shared);
            return null;
        }
        catch (MessagePackSerializationException error)
        {
            return error.Message;
        }
    }
}
