namespace ElizaEngine.Postgres;

/// <summary>
/// An index of ours on a table of elizaOS. Indexes belong to no version: which ones are there is looked up at each opening, and a
/// missing one is made, since elizaOS may drop them (decision 0005). An index that should become another one gets a new name.
/// <para>
/// elizaOS' own names, <c>idx_...</c>, are left to it: its upgrades create them without asking whether they are there. Where one
/// that we need is missing, ours stands in for it.
/// </para>
/// </summary>
/// <param name="Name">Its name, in the schema <c>public</c>; begins with <c>eliza_</c>.</param>
/// <param name="Table">The table, in the schema <c>public</c>.</param>
/// <param name="Definition">What follows the name of the table in the statement that makes it.</param>
/// <param name="StandsInFor">elizaOS' index without which ours is needed; null: always.</param>
internal sealed record EngineIndex(string Name, string Table, string Definition, string? StandsInFor = null)
{
    private const string LogKey = "eliza_logs_id";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<EngineIndex> All { get; } =
    [
        new(LogKey, "logs", "(id)"),

        // The reads of a turn.
        new("eliza_memories_room", "memories", "(room_id, type, created_at DESC, id DESC)"),
        new("eliza_memories_agent", "memories", "(agent_id, type, created_at DESC, id DESC)"),
        new("eliza_memories_type", "memories", "(type, created_at DESC, id DESC)"),
        new("eliza_memories_document", "memories", "(lower(metadata ->> 'documentId')) WHERE metadata ->> 'documentId' IS NOT NULL"),
        new("eliza_logs_room", "logs", "(room_id, created_at DESC, id DESC)"),
        new("eliza_logs_time", "logs", "(created_at DESC, id DESC)"),
        new("eliza_components_entity", "components", "(entity_id, created_at, id)"),
        new("eliza_entities_agent", "entities", "(agent_id, id)"),
        new("eliza_rooms_world", "rooms", "(world_id)"),
        new("eliza_rooms_agent", "rooms", "(agent_id)"),
        new("eliza_worlds_agent", "worlds", "(agent_id)"),
        new("eliza_tasks_agent", "tasks", "(agent_id)"),

        // Each write of the cache looks for entries whose life is over.
        new("eliza_cache_expiry", "cache", "(agent_id, expires_at) WHERE expires_at IS NOT NULL"),

        // What the foreign keys look for when a row goes.
        new("eliza_memories_entity", "memories", "(entity_id)"),
        new("eliza_logs_entity", "logs", "(entity_id)"),
        new("eliza_components_room", "components", "(room_id)"),
        new("eliza_components_source", "components", "(source_entity_id) WHERE source_entity_id IS NOT NULL"),
        new("eliza_components_world", "components", "(world_id) WHERE world_id IS NOT NULL"),
        new("eliza_relationships_target", "relationships", "(target_entity_id)"),

        // What elizaOS should have.
        new("eliza_embeddings_memory", "embeddings", "(memory_id)", "idx_embedding_memory"),
        new("eliza_memories_world", "memories", "(world_id)", "idx_memories_world_id"),
        new("eliza_participants_entity", "participants", "(entity_id)", "idx_participants_user"),
        new("eliza_participants_room", "participants", "(room_id)", "idx_participants_room"),
    ];

    /// <summary>Whether statements fail without it; without the others they are only slow.</summary>
    public bool IsEssential => Name == LogKey;

    /// <summary>The statements that make it. Writers of the table wait.</summary>
    public string Create => Name == LogKey ? CreateLogKey : $"CREATE INDEX {Name} ON public.{Table} {Definition};\n";

    /// <summary>
    /// As <see cref="Create"/>, but writers of the table go on. Not for a transaction; one that is broken off leaves an index that
    /// is not whole. Null: there is no such way.
    /// </summary>
    public string? CreateConcurrently => Name == LogKey ? null : $"CREATE INDEX CONCURRENTLY {Name} ON public.{Table} {Definition};\n";

    /// <summary>The statement that removes it, for one that is not whole.</summary>
    public string Drop => $"DROP INDEX public.{Name};\n";

    // elizaOS' logs have no key. Entries that share an id, as a restore done twice leaves them, get new ones; nothing names an
    // entry by its id. As a rule there are none, and nobody looks for them.
    private static string CreateLogKey => $"""
        DO $index$
        BEGIN
            CREATE UNIQUE INDEX {LogKey} ON public.logs (id);
        EXCEPTION WHEN unique_violation THEN
            LOCK TABLE public.logs IN SHARE ROW EXCLUSIVE MODE;
            UPDATE public.logs SET id = gen_random_uuid()
            WHERE ctid IN (SELECT ctid FROM (SELECT ctid, row_number() OVER (PARTITION BY id ORDER BY ctid) AS place FROM public.logs) AS entry WHERE place > 1);
            CREATE UNIQUE INDEX {LogKey} ON public.logs (id);
        END
        $index$;

        """;
}
