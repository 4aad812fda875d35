using ElizaEngine.Local.Tests.Codecs;
using MessagePack;

namespace ElizaEngine.Local.Tests.Fuzz;

/// <summary>The body of a record, behind one byte for its kind: as opening reads it, and as reading decodes it.</summary>
internal sealed class RowTarget : FuzzTarget
{
    private readonly Dictionary<byte, Action<byte[]>> _decoders = [];

    public RowTarget()
    {
        foreach (var (kind, _, decode) in Samples.Bodies()) _decoders.TryAdd(kind, decode);
    }

    public override string Name => "row";

    public override IEnumerable<byte[]> Seeds()
    {
        foreach (var (kind, body, _) in Samples.Bodies())
        {
            if (body.Length < 1_000) yield return [kind, .. body];
        }
        foreach (var effect in (Effect[])[new PutVector(Samples.Guid(1), [1, 2, 3], 0.25f), new DropVector(Samples.Guid(1), 3)])
        {
            var body = new byte[effect.Length];
            effect.Write(body);
            yield return [effect.Kind, .. body];
        }
        foreach (var table in Enum.GetValues<Table>()) yield return [(byte)(Effect.DeleteKind + (byte)table), .. new byte[96]];
    }

    public override bool IsRefused(byte[] input)
    {
        if (input.Length == 0) return true;
        var (kind, body) = (input[0], input[1..]);
        var isRefused = Refuses(() => Effect.Read(kind, body, new DatabaseState(), new SharedValues()).Apply(new DatabaseState().EditableBy(1)));
        if (_decoders.TryGetValue(kind, out var decode)) isRefused |= Refuses(() => decode(body));
        return isRefused;
    }

    public override long MaxAllocation(int length) => 100_000 + (64L * length);

    private static bool Refuses(Action read)
    {
        try
        {
            read();
            return false;
        }
        catch (MessagePackSerializationException)
        {
            return true;
        }
    }
}
