using ElizaEngine.Storage;
using MessagePack;

namespace ElizaEngine.Local;

/// <summary>Reads every record as the effect it was, and keeps nothing: what can be read here can be opened.</summary>
internal sealed class RecordCheck : ILogReplay
{
    private readonly EffectReader _reader = new(new SharedValues());
    private readonly LoadedRows _nothing = new();

    public void Replay(byte kind, ReadOnlySpan<byte> body, RecordLocation location)
    {
        try
        {
            _reader.Read(kind, body, location, _nothing);
        }
        catch (MessagePackSerializationException error)
        {
            throw EffectReader.Damage(location, error);
        }
    }
}
