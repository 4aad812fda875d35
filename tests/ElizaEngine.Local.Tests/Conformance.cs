using ElizaEngine.Conformance;
using Xunit;

namespace ElizaEngine.Local.Tests;

// The whole contract, held against the local engine on disk and in memory. A difference would be an override here, with its reason.

public sealed class LocalAgentConformance : AgentConformance
{
    protected override ITestBackend CreateBackend() => new LocalBackend();
}

public sealed class InMemoryAgentConformance : AgentConformance
{
    protected override ITestBackend CreateBackend() => new MemoryBackend();
}

public sealed class LocalBadInputConformance : BadInputConformance
{
    protected override ITestBackend CreateBackend() => new LocalBackend();
}

public sealed class InMemoryBadInputConformance : BadInputConformance
{
    protected override ITestBackend CreateBackend() => new MemoryBackend();
}

public sealed class LocalCacheConformance : CacheConformance
{
    protected override ITestBackend CreateBackend() => new LocalBackend();
}

public sealed class InMemoryCacheConformance : CacheConformance
{
    protected override ITestBackend CreateBackend() => new MemoryBackend();
}

public sealed class LocalComponentConformance : ComponentConformance
{
    protected override ITestBackend CreateBackend() => new LocalBackend();
}

public sealed class InMemoryComponentConformance : ComponentConformance
{
    protected override ITestBackend CreateBackend() => new MemoryBackend();
}

public sealed class LocalConcurrencyConformance : ConcurrencyConformance
{
    protected override ITestBackend CreateBackend() => new LocalBackend();
}

public sealed class InMemoryConcurrencyConformance : ConcurrencyConformance
{
    protected override ITestBackend CreateBackend() => new MemoryBackend();
}

public sealed class LocalEmbeddingConformance : EmbeddingConformance
{
    protected override ITestBackend CreateBackend() => new LocalBackend();
}

public sealed class InMemoryEmbeddingConformance : EmbeddingConformance
{
    protected override ITestBackend CreateBackend() => new MemoryBackend();
}

public sealed class LocalEntityConformance : EntityConformance
{
    protected override ITestBackend CreateBackend() => new LocalBackend();
}

public sealed class InMemoryEntityConformance : EntityConformance
{
    protected override ITestBackend CreateBackend() => new MemoryBackend();
}

public sealed class LocalInjectionConformance : InjectionConformance
{
    protected override ITestBackend CreateBackend() => new LocalBackend();
}

public sealed class InMemoryInjectionConformance : InjectionConformance
{
    protected override ITestBackend CreateBackend() => new MemoryBackend();
}

public sealed class LocalJsonConformance : JsonConformance
{
    protected override ITestBackend CreateBackend() => new LocalBackend();
}

public sealed class InMemoryJsonConformance : JsonConformance
{
    protected override ITestBackend CreateBackend() => new MemoryBackend();
}

public sealed class LocalLifecycleConformance : LifecycleConformance
{
    protected override ITestBackend CreateBackend() => new LocalBackend();
}

public sealed class InMemoryLifecycleConformance : LifecycleConformance
{
    protected override ITestBackend CreateBackend() => new MemoryBackend();
}

public sealed class LocalLogConformance : LogConformance
{
    protected override ITestBackend CreateBackend() => new LocalBackend();
}

public sealed class InMemoryLogConformance : LogConformance
{
    protected override ITestBackend CreateBackend() => new MemoryBackend();
}

public sealed class LocalMemoryConformance : MemoryConformance
{
    protected override ITestBackend CreateBackend() => new LocalBackend();
}

public sealed class InMemoryMemoryConformance : MemoryConformance
{
    protected override ITestBackend CreateBackend() => new MemoryBackend();
}

public sealed class LocalMemorySearchConformance : MemorySearchConformance
{
    protected override ITestBackend CreateBackend() => new LocalBackend();
}

public sealed class InMemoryMemorySearchConformance : MemorySearchConformance
{
    protected override ITestBackend CreateBackend() => new MemoryBackend();
}

public sealed class LocalParticipantConformance : ParticipantConformance
{
    protected override ITestBackend CreateBackend() => new LocalBackend();
}

public sealed class InMemoryParticipantConformance : ParticipantConformance
{
    protected override ITestBackend CreateBackend() => new MemoryBackend();
}

public sealed class LocalPersistenceConformance : PersistenceConformance
{
    protected override ITestBackend CreateBackend() => new LocalBackend();
}

public sealed class InMemoryPersistenceConformance : PersistenceConformance
{
    protected override ITestBackend CreateBackend() => new MemoryBackend();
}

public sealed class LocalRelationshipConformance : RelationshipConformance
{
    protected override ITestBackend CreateBackend() => new LocalBackend();
}

public sealed class InMemoryRelationshipConformance : RelationshipConformance
{
    protected override ITestBackend CreateBackend() => new MemoryBackend();
}

public sealed class LocalRoomConformance : RoomConformance
{
    protected override ITestBackend CreateBackend() => new LocalBackend();
}

public sealed class InMemoryRoomConformance : RoomConformance
{
    protected override ITestBackend CreateBackend() => new MemoryBackend();
}

public sealed class LocalTaskConformance : TaskConformance
{
    protected override ITestBackend CreateBackend() => new LocalBackend();
}

public sealed class InMemoryTaskConformance : TaskConformance
{
    protected override ITestBackend CreateBackend() => new MemoryBackend();
}

public sealed class LocalTransactionConformance : TransactionConformance
{
    protected override ITestBackend CreateBackend() => new LocalBackend();
}

public sealed class InMemoryTransactionConformance : TransactionConformance
{
    protected override ITestBackend CreateBackend() => new MemoryBackend();
}

public sealed class LocalWorldConformance : WorldConformance
{
    protected override ITestBackend CreateBackend() => new LocalBackend();
}

public sealed class InMemoryWorldConformance : WorldConformance
{
    protected override ITestBackend CreateBackend() => new MemoryBackend();
}

public sealed class LocalHistoryConformance : HistoryConformance
{
    protected override ITestBackend CreateBackend() => new LocalBackend();
}

// A compaction copies what counts when it begins, while others write: what it leaves must be all of it, whatever comes meanwhile.
[Trait("Stage", "Disk")]
public sealed class CompactedHistoryConformance : HistoryConformance
{
    protected override ITestBackend CreateBackend() => new LocalBackend(isCompacted: true);
}

public sealed class InMemoryHistoryConformance : HistoryConformance
{
    protected override ITestBackend CreateBackend() => new MemoryBackend();
}
