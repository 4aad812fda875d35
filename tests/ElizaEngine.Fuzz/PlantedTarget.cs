using ElizaEngine.Local.Tests.Fuzz;

namespace ElizaEngine.Fuzz;

/// <summary>
/// A decoder with a fault behind a word, which chance alone would guess once in sixteen million inputs: whoever is shown how far each
/// input comes finds it letter by letter. It proves that coverage is seen, and that a fault is kept and reported.
/// </summary>
internal sealed class PlantedTarget : FuzzTarget
{
    public override string Name => "planted";

    public override IEnumerable<byte[]> Seeds() => [new byte[4]];

    public override bool IsRefused(byte[] input)
    {
        if (input.Length < 3) return true;
        if (input[0] != 'b') return false;
        if (input[1] != 'u') return false;
        if (input[2] != 'g') return false;
        throw new IndexOutOfRangeException("the fault that was planted");
    }

    public override long MaxAllocation(int length) => 100_000;
}
