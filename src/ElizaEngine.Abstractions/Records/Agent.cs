namespace ElizaEngine;

/// <summary>An agent: the character and its state. Immutable. JSON columns hold any JSON; null in input means the default.</summary>
public sealed record Agent
{
    /// <summary>One with a new id, in time order, unless the initialiser gives another.</summary>
    public Agent() => Id = TimeOrderedId.Next();

    /// <summary>One that has its id: making another, only to lose it, would cost more than all the rest.</summary>
    internal Agent(Guid id) => Id = id;

    /// <summary>The agent's id.</summary>
    public Guid Id { get; init; }

    /// <summary>Its name; two agents may share one.</summary>
    public required string Name { get; init; }

    /// <summary>Whether it is to run; default true.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Its handle; null in input: empty.</summary>
    public string? Username { get; init; }

    /// <summary>System prompt; null in input: empty.</summary>
    public string? System { get; init; }

    /// <summary>A string or an array of strings; default <c>[]</c>.</summary>
    public Json? Bio { get; init; }

    /// <summary>Array of conversations, each an array of <c>{name, content}</c>; default <c>[]</c>.</summary>
    public Json? MessageExamples { get; init; }

    /// <summary>Array of strings; default <c>[]</c>.</summary>
    public Json? PostExamples { get; init; }

    /// <summary>Array of strings; default <c>[]</c>.</summary>
    public Json? Topics { get; init; }

    /// <summary>Array of strings; default <c>[]</c>.</summary>
    public Json? Adjectives { get; init; }

    /// <summary>Array of strings, <c>{path, shared?}</c> or <c>{directory, shared?}</c>; default <c>[]</c>.</summary>
    public Json? Knowledge { get; init; }

    /// <summary>Array of strings; default <c>[]</c>.</summary>
    public Json? Plugins { get; init; }

    /// <summary>Open object; default <c>{}</c>. Secrets live under the key <c>secrets</c>.</summary>
    public Json? Settings { get; init; }

    /// <summary>Object of <c>all</c>, <c>chat</c>, <c>post</c>, each an array of strings; default <c>{}</c>.</summary>
    public Json? Style { get; init; }

    /// <summary>UTC, whole milliseconds; null in input: now.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>UTC, whole milliseconds; null in input: now.</summary>
    public DateTimeOffset? UpdatedAt { get; init; }
}

/// <summary>A change of one agent; null leaves a part as it is.</summary>
/// <param name="Id">The agent to change.</param>
public sealed record AgentUpdate(Guid Id)
{
    /// <summary>The new name; null: it stays.</summary>
    public string? Name { get; init; }

    /// <summary>Whether it is to run from now on; null: as before.</summary>
    public bool? Enabled { get; init; }

    /// <summary>The new handle; null: it stays. Empty text takes it away.</summary>
    public string? Username { get; init; }

    /// <summary>The new system prompt; null: it stays. Empty text takes it away.</summary>
    public string? System { get; init; }

    /// <summary>The new biography, a string or an array of strings; null: it stays.</summary>
    public Json? Bio { get; init; }

    /// <summary>The new conversations, all of them, each an array of <c>{name, content}</c>; null: they stay.</summary>
    public Json? MessageExamples { get; init; }

    /// <summary>The new posts, all of them, an array of strings; null: they stay.</summary>
    public Json? PostExamples { get; init; }

    /// <summary>The new topics, all of them, an array of strings; null: they stay.</summary>
    public Json? Topics { get; init; }

    /// <summary>The new adjectives, all of them, an array of strings; null: they stay.</summary>
    public Json? Adjectives { get; init; }

    /// <summary>The new knowledge, all of it: an array of strings, <c>{path, shared?}</c> or <c>{directory, shared?}</c>; null: it stays.</summary>
    public Json? Knowledge { get; init; }

    /// <summary>The new plugins, all of them, an array of strings; null: they stay.</summary>
    public Json? Plugins { get; init; }

    /// <summary>
    /// Merged into the stored settings: objects merge key by key, <c>null</c> removes a key, everything else replaces;
    /// an object that lost its last key this way is removed too, unless <c>{}</c> was given for it. Null: they stay.
    /// </summary>
    public Json? Settings { get; init; }

    /// <summary>The new style, whole: an object of <c>all</c>, <c>chat</c>, <c>post</c>, each an array of strings; null: it stays.</summary>
    public Json? Style { get; init; }

    /// <summary>UTC; null: now.</summary>
    public DateTimeOffset? UpdatedAt { get; init; }
}

/// <summary>What a list of agents shows of one.</summary>
/// <param name="Id">The agent's id.</param>
/// <param name="Name">Its name.</param>
/// <param name="Bio">A string or an array of strings.</param>
public sealed record AgentSummary(Guid Id, string Name, Json Bio);
