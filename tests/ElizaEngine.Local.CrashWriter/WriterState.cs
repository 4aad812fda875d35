namespace ElizaEngine.Local.CrashWriter;

/// <summary>The rows of one writer as they must be after some of its calls. No other writer touches them.</summary>
public sealed class WriterState
{
    public Dictionary<Guid, Memory> Memories { get; private init; } = [];

    public Dictionary<Guid, LogEntry> Logs { get; private init; } = [];

    public Dictionary<string, Json> Cache { get; private init; } = [];

    /// <summary>Every memory there ever was, the deleted ones too.</summary>
    public HashSet<Guid> SeenMemories { get; private init; } = [];

    public HashSet<Guid> SeenLogs { get; private init; } = [];

    public HashSet<string> SeenKeys { get; private init; } = [];

    public WriterState Clone() => new()
    {
        Memories = new(Memories),
        Logs = new(Logs),
        Cache = new(Cache),
        SeenMemories = [.. SeenMemories],
        SeenLogs = [.. SeenLogs],
        SeenKeys = [.. SeenKeys],
    };

    public void Create(Memory memory, string table)
    {
        SeenMemories.Add(memory.Id);
        Memories.TryAdd(memory.Id, memory with { AgentId = Script.AgentId, TableName = table });
    }

    public void Update(Guid id, Content? content, MemoryMetadata? metadata, ReadOnlyMemory<float>? embedding)
    {
        if (!Memories.TryGetValue(id, out var memory)) return;
        if (content is not null) memory = memory with { Content = content };
        if (metadata is not null) memory = memory with { Metadata = metadata };
        if (embedding is { } vector) memory = memory with { Embedding = vector.Span.ContainsAnyExcept(0f) ? embedding : null };
        Memories[id] = memory;
    }
}
