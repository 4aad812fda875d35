namespace ElizaEngine.Local.Tests.Linearizability;

/// <summary>What one call saw of a key and made of it. Values are numbers; 0: there is none.</summary>
/// <param name="Key">0 to 3.</param>
/// <param name="Seen">The value that was there; <see cref="SomeValue"/>: one, whichever; null: the call did not say.</param>
/// <param name="Written">The value it left; null: as it was.</param>
internal readonly record struct Touch(int Key, int? Seen, int? Written)
{
    public const int SomeValue = -1;

    public override string ToString() => $"k{Key}{(Seen is { } seen ? $" saw {(seen == SomeValue ? "one" : seen)}" : "")}{(Written is { } written ? $" wrote {written}" : "")}";
}

/// <summary>One call, which took effect on all its keys at once, at some moment between its begin and its end.</summary>
/// <param name="Begin">In the order of all begins and ends.</param>
/// <param name="End">The same.</param>
/// <param name="Touches">Of different keys.</param>
/// <param name="IsCertain">False: nobody knows whether it took effect; if it did, at any moment after its begin.</param>
internal sealed record Observation(long Begin, long End, IReadOnlyList<Touch> Touches, bool IsCertain = true)
{
    public override string ToString() => $"[{Begin}, {(IsCertain ? End : "?")}] {string.Join(", ", Touches)}";
}
