namespace ElizaEngine;

/// <summary>What a memory says: an open JSON object. Keys elizaOS does not know are kept as they are.</summary>
public sealed record Content : OpenObject
{
    /// <summary>An empty content, to be filled by an object initialiser.</summary>
    public Content()
        : base(Json.EmptyObject)
    {
    }

    /// <summary>A content of the given JSON object.</summary>
    /// <exception cref="InvalidInputException">The JSON is no object.</exception>
    public Content(Json json)
        : base(json)
    {
    }

    /// <summary>A content that holds only a text.</summary>
    public static Content FromText(string text) => new() { Text = text };

    /// <summary>The agent's reasoning, not shown to users.</summary>
    public string? Thought { get => Json.GetString("thought"); init => Set("thought", value); }

    /// <summary>The text said. Read once it is remembered: reading it again costs nothing.</summary>
    public string? Text { get => ReadText(); init => Set("text", value); }

    /// <summary>Names of actions to run.</summary>
    public IReadOnlyList<string>? Actions { get => Json.GetStrings("actions"); init => Set("actions", value); }

    /// <summary>Names of providers that were asked.</summary>
    public IReadOnlyList<string>? Providers { get => Json.GetStrings("providers"); init => Set("providers", value); }

    /// <summary>Where it came from: <c>discord</c>, <c>direct</c>, ...</summary>
    public string? Source { get => Json.GetString("source"); init => Set("source", value); }

    /// <summary>Where it is to go.</summary>
    public string? Target { get => Json.GetString("target"); init => Set("target", value); }

    /// <summary>Address of the original.</summary>
    public string? Url { get => Json.GetString("url"); init => Set("url", value); }

    /// <summary>The memory this one answers.</summary>
    public Guid? InReplyTo { get => Json.GetGuid("inReplyTo"); init => Set("inReplyTo", value); }

    /// <summary>Files and links that came with it.</summary>
    public IReadOnlyList<Media>? Attachments
    {
        get => Json["attachments"] is { Kind: System.Text.Json.JsonValueKind.Array } items
            ? items.Items().Where(item => item.Kind == System.Text.Json.JsonValueKind.Object).Select(item => new Media(item)).ToList()
            : null;
        init => Set("attachments", value is null ? null : Json.From(value.Select(media => media.Json)));
    }

    /// <summary>Kind of channel, one of <see cref="ChannelTypes"/>.</summary>
    public string? ChannelType { get => Json.GetString("channelType"); init => Set("channelType", value); }

    /// <summary>How the agent was addressed.</summary>
    public MentionContext? MentionContext
    {
        get => Json["mentionContext"] is { Kind: System.Text.Json.JsonValueKind.Object } json ? new MentionContext(json) : null;
        init => Set("mentionContext", value?.Json);
    }

    /// <summary>The memory that holds the response.</summary>
    public Guid? ResponseMessageId { get => Json.GetGuid("responseMessageId"); init => Set("responseMessageId", value); }
}

/// <summary>A file or link that came with a message: an open JSON object.</summary>
public sealed record Media : OpenObject
{
    /// <summary>An empty one, to be filled by an object initialiser.</summary>
    public Media()
        : base(Json.EmptyObject)
    {
    }

    /// <summary>One of the given JSON object.</summary>
    public Media(Json json)
        : base(json)
    {
    }

    /// <summary>Id within the message.</summary>
    public string? Id { get => Json.GetString("id"); init => Set("id", value); }

    /// <summary>Where it lies.</summary>
    public string? Url { get => Json.GetString("url"); init => Set("url", value); }

    /// <summary>Title.</summary>
    public string? Title { get => Json.GetString("title"); init => Set("title", value); }

    /// <summary>Where it came from.</summary>
    public string? Source { get => Json.GetString("source"); init => Set("source", value); }

    /// <summary>What it shows.</summary>
    public string? Description { get => Json.GetString("description"); init => Set("description", value); }

    /// <summary>The text in it.</summary>
    public string? Text { get => Json.GetString("text"); init => Set("text", value); }

    /// <summary><c>image</c>, <c>video</c>, <c>audio</c>, <c>document</c> or <c>link</c>.</summary>
    public string? ContentType { get => Json.GetString("contentType"); init => Set("contentType", value); }
}

/// <summary>How the agent was addressed on its platform: an open JSON object.</summary>
public sealed record MentionContext : OpenObject
{
    /// <summary>An empty one, to be filled by an object initialiser.</summary>
    public MentionContext()
        : base(Json.EmptyObject)
    {
    }

    /// <summary>One of the given JSON object.</summary>
    public MentionContext(Json json)
        : base(json)
    {
    }

    /// <summary>The agent was named.</summary>
    public bool? IsMention { get => Json.GetBoolean("isMention"); init => Set("isMention", value is { } flag ? Json.From(flag) : null); }

    /// <summary>The message answers the agent.</summary>
    public bool? IsReply { get => Json.GetBoolean("isReply"); init => Set("isReply", value is { } flag ? Json.From(flag) : null); }

    /// <summary>The message stands in a thread.</summary>
    public bool? IsThread { get => Json.GetBoolean("isThread"); init => Set("isThread", value is { } flag ? Json.From(flag) : null); }

    /// <summary><c>platform_mention</c>, <c>reply</c>, <c>thread</c> or <c>none</c>.</summary>
    public string? MentionType { get => Json.GetString("mentionType"); init => Set("mentionType", value); }
}

/// <summary>elizaOS' kinds of channel.</summary>
public static class ChannelTypes
{
#pragma warning disable CS1591 // The names are the documentation.
    public const string Self = "SELF";
    public const string Dm = "DM";
    public const string Group = "GROUP";
    public const string VoiceDm = "VOICE_DM";
    public const string VoiceGroup = "VOICE_GROUP";
    public const string Feed = "FEED";
    public const string Thread = "THREAD";
    public const string World = "WORLD";
    public const string Forum = "FORUM";
    public const string Api = "API";
#pragma warning restore CS1591
}
