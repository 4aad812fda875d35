using ElizaEngine.Storage;
using MessagePack;

namespace ElizaEngine.Local;

/// <summary>Reads the records of a log back as the effects they were. One thread at a time.</summary>
internal sealed class EffectReader(SharedValues shared)
{
    private readonly BodyBuffer _buffer = new();

    /// <summary>The effect of a record, which knows where the record lies. Rows it deletes are those of the set.</summary>
    /// <exception cref="MessagePackSerializationException">The body is none of this kind.</exception>
    public Effect Read(byte kind, ReadOnlySpan<byte> body, RecordLocation location, IRowSet rows) =>
        // A vector stays where it is; of other records the codecs want memory.
        Placed(kind == Effect.VectorKind ? PutVector.Read(body) : Effect.Read(kind, _buffer.Copy(body), rows, shared), location);

    /// <summary>An effect that was read back, told where its record lies: so nothing need be found again to be told.</summary>
    public static Effect Placed(Effect effect, RecordLocation location)
    {
        if (effect is PutRow put) put.Row.Location = location;
        else if (effect is PutVector vector) vector.Location = location;
        return effect;
    }

    /// <summary>The report of a record that cannot be read.</summary>
    public static LogDamagedException Damage(RecordLocation location, MessagePackSerializationException error) =>
        new(WriteAheadLog.FileNameOf(location), location.Offset, 0, What(error));

    /// <summary>What is wrong with a record that cannot be read, in words.</summary>
    public static string What(MessagePackSerializationException error) => $"the record cannot be decoded. {error.Message}";
}
