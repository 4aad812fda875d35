namespace ElizaEngine.Postgres;

/// <summary>
/// A trigger of ours on a table of elizaOS. Version 2 makes them; one that went with its table, when that was restored from a
/// backup, is made again at the next opening.
/// </summary>
/// <param name="Name">Its name; begins with <c>eliza_</c>.</param>
/// <param name="Definition">The rest of the statement that makes it.</param>
internal sealed record EngineTrigger(string Name, string Definition)
{
    /// <summary>The version whose script makes them, and the functions they call.</summary>
    public const int Version = 2;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<EngineTrigger> All { get; } =
    [
        new("eliza_note_dimension", """
            AFTER INSERT ON public.embeddings
                FOR EACH ROW WHEN (NEW.id IS DISTINCT FROM NEW.memory_id) EXECUTE FUNCTION eliza_engine.note_dimension()
            """),
        new("eliza_forget_dimension", "AFTER DELETE ON public.agents FOR EACH ROW EXECUTE FUNCTION eliza_engine.forget_dimension()"),
    ];

    /// <summary>The statement that makes it; also where it is switched off.</summary>
    public string Create => $"CREATE OR REPLACE TRIGGER {Name} {Definition};\n";
}
