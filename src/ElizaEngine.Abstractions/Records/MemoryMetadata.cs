namespace ElizaEngine;

/// <summary>
/// What is known about a memory: an open JSON object. A <c>fragment</c> names its <see cref="DocumentId"/> and
/// <see cref="Position"/>, a <c>document</c> its <see cref="Timestamp"/>; a memory that does not is refused.
/// </summary>
public sealed record MemoryMetadata : OpenObject
{
    /// <summary>An empty one, to be filled by an object initialiser.</summary>
    public MemoryMetadata()
        : base(Json.EmptyObject)
    {
    }

    /// <summary>One of the given JSON object.</summary>
    public MemoryMetadata(Json json)
        : base(json)
    {
    }

    /// <summary>One of <see cref="MemoryTypes"/>, or a word of the caller's own.</summary>
    public string? Type { get => Json.GetString("type"); init => Set("type", value); }

    /// <summary>Where it came from.</summary>
    public string? Source { get => Json.GetString("source"); init => Set("source", value); }

    /// <summary>Its id there.</summary>
    public string? SourceId { get => Json.GetString("sourceId"); init => Set("sourceId", value); }

    /// <summary><c>shared</c>, <c>private</c> or <c>room</c>.</summary>
    public string? Scope { get => Json.GetString("scope"); init => Set("scope", value); }

    /// <summary>A moment, stored as Unix milliseconds.</summary>
    public DateTimeOffset? Timestamp { get => GetTime("timestamp"); init => Set("timestamp", value); }

    /// <summary>Tags.</summary>
    public IReadOnlyList<string>? Tags { get => Json.GetStrings("tags"); init => Set("tags", value); }

    /// <summary>The document a fragment is part of; deleting the document deletes the fragment.</summary>
    public Guid? DocumentId { get => Json.GetGuid("documentId"); init => Set("documentId", value); }

    /// <summary>Place of a fragment in its document, from 0.</summary>
    public long? Position { get => (long?)Json.GetNumber("position"); init => Set("position", value is { } place ? Json.From(place) : null); }
}

/// <summary>Values of <see cref="MemoryMetadata.Type"/> that elizaOS knows.</summary>
public static class MemoryTypes
{
#pragma warning disable CS1591 // The names are the documentation.
    public const string Document = "document";
    public const string Fragment = "fragment";
    public const string Message = "message";
    public const string Description = "description";
    public const string Custom = "custom";
#pragma warning restore CS1591
}
