using ElizaEngine.Conformance;
using Xunit;

namespace ElizaEngine.Postgres.Tests;

// The whole contract, held against PostgreSQL. A difference would be an override here, with its reason.

[Trait("Stage", "Postgres")]
public sealed class PostgresAgentConformance : AgentConformance
{
    protected override ITestBackend CreateBackend() => new PostgresBackend();
}

[Trait("Stage", "Postgres")]
public sealed class PostgresBadInputConformance : BadInputConformance
{
    protected override ITestBackend CreateBackend() => new PostgresBackend();
}

[Trait("Stage", "Postgres")]
public sealed class PostgresCacheConformance : CacheConformance
{
    protected override ITestBackend CreateBackend() => new PostgresBackend();
}

[Trait("Stage", "Postgres")]
public sealed class PostgresComponentConformance : ComponentConformance
{
    protected override ITestBackend CreateBackend() => new PostgresBackend();
}

[Trait("Stage", "Postgres")]
public sealed class PostgresConcurrencyConformance : ConcurrencyConformance
{
    protected override ITestBackend CreateBackend() => new PostgresBackend();
}

[Trait("Stage", "Postgres")]
public sealed class PostgresEmbeddingConformance : EmbeddingConformance
{
    protected override ITestBackend CreateBackend() => new PostgresBackend();
}

[Trait("Stage", "Postgres")]
public sealed class PostgresEntityConformance : EntityConformance
{
    protected override ITestBackend CreateBackend() => new PostgresBackend();
}

[Trait("Stage", "Postgres")]
public sealed class PostgresInjectionConformance : InjectionConformance
{
    protected override ITestBackend CreateBackend() => new PostgresBackend();
}

[Trait("Stage", "Postgres")]
public sealed class PostgresJsonConformance : JsonConformance
{
    protected override ITestBackend CreateBackend() => new PostgresBackend();
}

[Trait("Stage", "Postgres")]
public sealed class PostgresLifecycleConformance : LifecycleConformance
{
    protected override ITestBackend CreateBackend() => new PostgresBackend();
}

[Trait("Stage", "Postgres")]
public sealed class PostgresLogConformance : LogConformance
{
    protected override ITestBackend CreateBackend() => new PostgresBackend();
}

[Trait("Stage", "Postgres")]
public sealed class PostgresMemoryConformance : MemoryConformance
{
    protected override ITestBackend CreateBackend() => new PostgresBackend();
}

[Trait("Stage", "Postgres")]
public sealed class PostgresMemorySearchConformance : MemorySearchConformance
{
    protected override ITestBackend CreateBackend() => new PostgresBackend();
}

[Trait("Stage", "Postgres")]
public sealed class PostgresParticipantConformance : ParticipantConformance
{
    protected override ITestBackend CreateBackend() => new PostgresBackend();
}

[Trait("Stage", "Postgres")]
public sealed class PostgresPersistenceConformance : PersistenceConformance
{
    protected override ITestBackend CreateBackend() => new PostgresBackend();
}

[Trait("Stage", "Postgres")]
public sealed class PostgresRelationshipConformance : RelationshipConformance
{
    protected override ITestBackend CreateBackend() => new PostgresBackend();
}

[Trait("Stage", "Postgres")]
public sealed class PostgresRoomConformance : RoomConformance
{
    protected override ITestBackend CreateBackend() => new PostgresBackend();
}

[Trait("Stage", "Postgres")]
public sealed class PostgresTaskConformance : TaskConformance
{
    protected override ITestBackend CreateBackend() => new PostgresBackend();
}

[Trait("Stage", "Postgres")]
public sealed class PostgresTransactionConformance : TransactionConformance
{
    protected override ITestBackend CreateBackend() => new PostgresBackend();
}

[Trait("Stage", "Postgres")]
public sealed class PostgresWorldConformance : WorldConformance
{
    protected override ITestBackend CreateBackend() => new PostgresBackend();
}

[Trait("Stage", "Postgres")]
public sealed class PostgresHistoryConformance : HistoryConformance
{
    protected override ITestBackend CreateBackend() => new PostgresBackend();
}
