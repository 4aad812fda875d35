using System.Reflection;

namespace ElizaEngine.Conformance;

/// <summary>Every call of the stores with example arguments, all of which name one id: for rules that hold for all calls alike.</summary>
internal static class EveryCall
{
    /// <summary>The id that the examples name as agent, entity, room, world and row.</summary>
    public static Guid Id { get; } = Guid.Parse("aaaaaaaa-0000-4000-8000-000000000001");

    /// <summary>The methods of all stores, in order of name.</summary>
    public static IReadOnlyList<MethodInfo> Methods { get; } =
        [.. typeof(IDatabaseSession).GetInterfaces().SelectMany(store => store.GetMethods()).OrderBy(method => method.Name, StringComparer.Ordinal)];

    /// <summary>Calls a method with arguments that are valid in themselves, or with the given ones, and drains its result.</summary>
    public static async Task CallAsync(
        IDatabaseSession session, MethodInfo method, Func<ParameterInfo, object?>? argument = null, CancellationToken cancellationToken = default)
    {
        var arguments = method.GetParameters()
            .Select(parameter => parameter.ParameterType == typeof(CancellationToken) ? cancellationToken : (argument ?? Argument)(parameter)).ToArray();
        var result = method.Invoke(session, BindingFlags.DoNotWrapExceptions, null, arguments, null);
        switch (result)
        {
            case Task task:
                await task;
                break;
            case IAsyncEnumerable<Memory> memories:
                await foreach (var _ in memories.WithCancellation(cancellationToken)) continue;
                break;
            case IAsyncEnumerable<LogEntry> entries:
                await foreach (var _ in entries.WithCancellation(cancellationToken)) continue;
                break;
            default:
                throw new InvalidOperationException($"{method.Name} returns {method.ReturnType}, which this test does not know.");
        }
    }

    /// <summary>A valid argument: a list of one item, the default where there is one, else an example.</summary>
    public static object? Argument(ParameterInfo parameter)
    {
        var type = parameter.ParameterType;
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
        {
            var list = Array.CreateInstance(type.GenericTypeArguments[0], 1);
            list.SetValue(Value(type.GenericTypeArguments[0]), 0);
            return list;
        }
        return parameter.HasDefaultValue ? parameter.DefaultValue : Value(type);
    }

    private static object? Value(Type type) => true switch
    {
        _ when type == typeof(Guid) => Id,
        _ when type == typeof(string) => "messages",
        _ when type == typeof(int) => 3,
        _ when type == typeof(ParticipantUserState?) => ParticipantUserState.Muted,
        _ when type == typeof(Agent) => new Agent { Id = Id, Name = "changed" },
        _ when type == typeof(AgentUpdate) => new AgentUpdate(Id) { Name = "changed" },
        _ when type == typeof(Entity) => new Entity { Id = Id, Names = ["changed"] },
        _ when type == typeof(Component) => new Component { Id = Id, EntityId = Id, RoomId = Id, Type = "changed" },
        _ when type == typeof(ComponentUpdate) => new ComponentUpdate(Id) { Type = "changed" },
        _ when type == typeof(Memory) => new Memory { Id = Id, Content = Content.FromText("changed"), Embedding = new float[] { 1, 2 } },
        _ when type == typeof(MemoryUpdate) => new MemoryUpdate(Id) { Content = Content.FromText("changed") },
        _ when type == typeof(LogEntry) => new LogEntry { Id = Id, EntityId = Id, RoomId = Id, Type = "changed" },
        _ when type == typeof(World) => new World { Id = Id, Name = "changed" },
        _ when type == typeof(WorldUpdate) => new WorldUpdate(Id) { Name = "changed" },
        _ when type == typeof(Room) => new Room { Id = Id, Source = "s", Type = "changed" },
        _ when type == typeof(RoomUpdate) => new RoomUpdate(Id) { Name = "changed" },
        _ when type == typeof(Relationship) => new Relationship { Id = Id, SourceEntityId = Id, TargetEntityId = Id, Tags = ["changed"] },
        _ when type == typeof(RelationshipUpdate) => new RelationshipUpdate(Id) { Tags = ["changed"] },
        _ when type == typeof(AgentTask) => new AgentTask { Id = Id, Name = "changed", WorldId = Id },
        _ when type == typeof(AgentTaskUpdate) => new AgentTaskUpdate(Id) { Name = "changed" },
        _ when type == typeof(CacheEntry) => new CacheEntry("messages", Json.From("changed")),
        _ when type == typeof(MemoryQuery) => new MemoryQuery("messages"),
        _ when type == typeof(MemorySearch) => new MemorySearch("messages", new float[] { 1, 0 }),
        _ when type == typeof(CachedEmbeddingQuery) => new CachedEmbeddingQuery("messages", "input", "text", 1, 1),
        _ when type == typeof(ComponentQuery) => new ComponentQuery(Id),
        _ when type == typeof(RelationshipQuery) => new RelationshipQuery(),
        _ when type == typeof(TaskQuery) => new TaskQuery(),
        _ when type == typeof(LogQuery) => new LogQuery(),
        _ when type == typeof(LogRetention) => new LogRetention { MaxCount = 0 },
        _ when type == typeof(AgentRunQuery) => new AgentRunQuery(),
        _ => throw new InvalidOperationException($"This test does not know {type}."),
    };
}
