namespace ElizaEngine.Local.Tests.State;

/// <summary>Rows of all kinds whose ids, parents and times come from small pools, so that they meet again and again.</summary>
internal sealed class RandomRows(Random random)
{
    private static readonly string[] s_tables = ["messages", "facts", "documents"];
    private readonly SharedValues _shared = new();

    public static Id IdOf(int number) => new(0xe11a_0000_0000_4000UL + (ulong)number, 0x8000_0000_0000_0000UL);

    public Row Next() => random.Next(12) switch
    {
        0 => new AgentRow { Id = Id(6), CreatedMs = Time() },
        1 => new EntityRow { Id = Id(40), AgentId = Id(4) },
        2 => Component(),
        3 or 4 or 5 => Memory(),
        6 => random.Next(2) == 0
            ? new RoomRow { Id = Id(20), AgentId = Id(4), WorldId = Maybe(3), CreatedMs = Time() }
            : new WorldRow { Id = Id(12), AgentId = Id(4), CreatedMs = Time() },
        7 => new ParticipantRow { Id = Id(1_000), EntityId = Id(10), RoomId = Id(8), AgentId = Id(3), State = null },
        8 => new RelationshipRow { Id = Id(50), SourceId = Id(6), TargetId = Id(6), AgentId = Id(2), CreatedMs = Time() },
        9 => new TaskRow { Id = Id(40), AgentId = Id(4), CreatedMs = Time() },
        10 => new LogRow { Id = Id(90), EntityId = Id(10), RoomId = Id(8), Type = "t", CreatedMs = Time(), BodyBytes = 2 },
        _ => random.Next(2) == 0
            ? new CacheRow { Id = Id(4), Key = $"key {random.Next(20)}", ExpiresMs = null }
            : new DimensionRow { Id = Id(6), Dimension = random.Next(1, 5) },
    };

    private ComponentRow Component() => new()
    {
        Id = Id(60),
        EntityId = Id(10),
        AgentId = Id(4),
        RoomId = Id(6),
        WorldId = Maybe(3),
        SourceEntityId = Maybe(10),
        Type = "t",
        CreatedMs = Time(),
    };

    private MemoryRow Memory() => new()
    {
        Id = Id(150),
        Scope = _shared.Scope(s_tables[random.Next(s_tables.Length)], Id(4), Maybe(10), Maybe(8), Maybe(3), Maybe(5)),
        CreatedMs = Time(),
        IsUnique = random.Next(2) == 0,
        Vectors = Vectors(),
    };

    private VectorSlot? Vectors()
    {
        VectorSlot? slot = null;
        for (var dimension = random.Next(4); dimension > 0; dimension--) slot = new VectorSlot { Dimension = dimension, InverseNorm = 1, Next = slot };
        return slot;
    }

    private Id Id(int pool) => IdOf(random.Next(pool));

    private Id? Maybe(int pool) => random.Next(3) == 0 ? null : Id(pool);

    // Few moments, so that ids decide often.
    private long Time() => random.Next(-3, 12);
}
