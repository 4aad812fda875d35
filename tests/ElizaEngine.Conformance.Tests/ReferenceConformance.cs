using ElizaEngine.Conformance.Reference;

namespace ElizaEngine.Conformance.Tests;

/// <summary>
/// The backend that the conformance classes of this assembly run against: the reference database, as a rule without a fault.
/// A fault that is set flows to whatever is awaited, and to nothing else.
/// </summary>
internal static class CurrentBackend
{
    private static readonly AsyncLocal<Faults?> Current = new();

    /// <summary>Whether there is a fault, which the suite is to notice.</summary>
    public static bool HasFault => Current.Value is { } faults && !ReferenceEquals(faults, Faults.None);

    public static ITestBackend Create() => new ReferenceBackend(Current.Value);

    public static void SetFaults(Faults faults) => Current.Value = faults;
}

public sealed class ReferenceAgentConformance : AgentConformance
{
    protected override ITestBackend CreateBackend() => CurrentBackend.Create();
}

public sealed class ReferenceEntityConformance : EntityConformance
{
    protected override ITestBackend CreateBackend() => CurrentBackend.Create();
}

public sealed class ReferenceComponentConformance : ComponentConformance
{
    protected override ITestBackend CreateBackend() => CurrentBackend.Create();
}

public sealed class ReferenceMemoryConformance : MemoryConformance
{
    protected override ITestBackend CreateBackend() => CurrentBackend.Create();
}

public sealed class ReferenceMemorySearchConformance : MemorySearchConformance
{
    protected override ITestBackend CreateBackend() => CurrentBackend.Create();
}

public sealed class ReferenceEmbeddingConformance : EmbeddingConformance
{
    protected override ITestBackend CreateBackend() => CurrentBackend.Create();
}

public sealed class ReferenceLogConformance : LogConformance
{
    protected override ITestBackend CreateBackend() => CurrentBackend.Create();
}

public sealed class ReferenceWorldConformance : WorldConformance
{
    protected override ITestBackend CreateBackend() => CurrentBackend.Create();
}

public sealed class ReferenceRoomConformance : RoomConformance
{
    protected override ITestBackend CreateBackend() => CurrentBackend.Create();
}

public sealed class ReferenceParticipantConformance : ParticipantConformance
{
    protected override ITestBackend CreateBackend() => CurrentBackend.Create();
}

public sealed class ReferenceRelationshipConformance : RelationshipConformance
{
    protected override ITestBackend CreateBackend() => CurrentBackend.Create();
}

public sealed class ReferenceCacheConformance : CacheConformance
{
    protected override ITestBackend CreateBackend() => CurrentBackend.Create();
}

public sealed class ReferenceTaskConformance : TaskConformance
{
    protected override ITestBackend CreateBackend() => CurrentBackend.Create();
}

public sealed class ReferenceTransactionConformance : TransactionConformance
{
    protected override ITestBackend CreateBackend() => CurrentBackend.Create();
}

public sealed class ReferenceBadInputConformance : BadInputConformance
{
    protected override ITestBackend CreateBackend() => CurrentBackend.Create();
}

public sealed class ReferenceInjectionConformance : InjectionConformance
{
    protected override ITestBackend CreateBackend() => CurrentBackend.Create();
}

public sealed class ReferenceLifecycleConformance : LifecycleConformance
{
    protected override ITestBackend CreateBackend() => CurrentBackend.Create();
}

public sealed class ReferenceConcurrencyConformance : ConcurrencyConformance
{
    protected override ITestBackend CreateBackend() => CurrentBackend.Create();
}

public sealed class ReferenceJsonConformance : JsonConformance
{
    protected override ITestBackend CreateBackend() => CurrentBackend.Create();
}

public sealed class ReferencePersistenceConformance : PersistenceConformance
{
    protected override ITestBackend CreateBackend() => CurrentBackend.Create();
}

public sealed class ReferenceHistoryConformance : HistoryConformance
{
    protected override ITestBackend CreateBackend() => CurrentBackend.Create();

    // That a fault was noticed is enough: nobody reads the history.
    protected override int ShrinkRunsMax => CurrentBackend.HasFault ? 0 : base.ShrinkRunsMax;
}
