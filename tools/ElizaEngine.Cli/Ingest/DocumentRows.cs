namespace ElizaEngine.Cli.Ingest;

/// <summary>
/// The rows of a document, as elizaOS' knowledge plugin has them: one row in <c>documents</c> for the whole, one row with an
/// embedding for each fragment. Ids follow from room, table and content, so storing the same twice changes nothing.
/// </summary>
internal static class DocumentRows
{
    /// <summary>Table of the whole documents.</summary>
    public const string DocumentTable = "documents";

    /// <summary>Metadata: every path the content was found under.</summary>
    public const string SourcesKey = "sources";

    /// <summary>Metadata: table of the fragments.</summary>
    public const string FragmentTableKey = "fragmentTable";

    // The row of the whole shows how it begins; all of the text is in its fragments, for a file may be larger than a row.
    private const int OpeningLength = 1000;

    /// <summary>Id of the document with this content.</summary>
    public static Guid DocumentId(Guid agentId, Guid roomId, string tableName, string contentHash) =>
        Uuids.CreateUniqueUuid(agentId, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(
            System.Text.Encoding.UTF8.GetBytes($"document:{roomId:D}:{tableName}:{contentHash}"))));

    /// <summary>Id of a fragment of a document.</summary>
    public static Guid FragmentId(Guid agentId, Guid documentId, int position) => Uuids.CreateUniqueUuid(agentId, $"fragment:{documentId:D}:{position}");

    /// <summary>The row of the whole.</summary>
    public static Memory Document(Guid id, Guid agentId, Guid roomId, string tableName, string path, string contentHash, long bytes, int fragments, string opening, DateTimeOffset now) =>
        new()
        {
            Id = id,
            EntityId = agentId,
            RoomId = roomId,
            WorldId = agentId,
            CreatedAt = now,
            Content = Content.FromText(Cut(opening)),
            Unique = true,
            Metadata = new MemoryMetadata
            {
                Type = MemoryTypes.Document,
                DocumentId = id,
                Timestamp = now,
                Source = path,
                ["title"] = Json.From(Title(path, opening)),
                ["filename"] = Json.From(Path.GetFileName(path)),
                ["fileSize"] = Json.From(bytes),
                ["contentHash"] = Json.From($"sha256:{contentHash}"),
                ["fragments"] = Json.From(fragments),
                [FragmentTableKey] = Json.From(tableName),
                [SourcesKey] = Json.From([path]),
            },
        };

    /// <summary>The row of a fragment.</summary>
    public static Memory Fragment(
        Guid documentId, Guid agentId, Guid roomId, string path, int position, Fragment fragment, ReadOnlyMemory<float> embedding, DateTimeOffset now) =>
        new()
        {
            Id = FragmentId(agentId, documentId, position),
            EntityId = agentId,
            RoomId = roomId,
            WorldId = agentId,
            CreatedAt = now,
            Content = Content.FromText(fragment.Text),
            Embedding = embedding,
            Unique = true, // Undecided, each fragment would cost a search for its like.
            Metadata = new MemoryMetadata
            {
                Type = MemoryTypes.Fragment,
                DocumentId = documentId,
                Position = position,
                Timestamp = now,
                Source = path,
                ["line"] = fragment.Line is { } line ? Json.From(line) : null,
            },
        };

    // The first heading of a Markdown file, else the name of the file.
    private static string Title(string path, string opening)
    {
        if (!Path.GetExtension(path).StartsWith(".m", StringComparison.OrdinalIgnoreCase)) return Path.GetFileName(path);
        foreach (var line in opening.AsSpan().EnumerateLines())
        {
            if (line.StartsWith("#") && line.TrimStart('#').Trim() is { IsEmpty: false } title) return title.ToString();
        }
        return Path.GetFileName(path);
    }

    private static string Cut(string text) => text.Length <= OpeningLength ? text
        : text[..(char.IsSurrogatePair(text, OpeningLength - 1) ? OpeningLength - 1 : OpeningLength)];
}
