using ElizaEngine.Conformance.Reference;

namespace ElizaEngine.Conformance.Tests;

/// <summary>
/// The backend that the conformance classes of this assembly run against: the reference database, as a rule without a fault.
/// A fault that is set flows to whatever is awaited, and to nothing else.
/// </summary>
internal static class CurrentBackend
{
    private static readonly AsyncLocal<Faults?> Current = new();

    public static ITestBackend Create() => new ReferenceBackend(Current.Value);

    public static void SetFaults(Faults faults) => Current.Value = faults;
}

public sealed class ReferenceMemoryConformance : MemoryConformance
{
    protected override ITestBackend CreateBackend() => CurrentBackend.Create();
}
