namespace ElizaEngine.Cli.Ingest;

/// <summary>A document that is stored.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Sources">The paths its content was found under; at least one.</param>
internal sealed record ShelvedDocument(Guid Id, IReadOnlyList<string> Sources);

/// <summary>
/// Which documents of one room and table are stored, and which file each came from. Read from the <c>documents</c> table once,
/// then kept up to date by its one writer. Not thread-safe.
/// </summary>
internal sealed class DocumentShelf
{
    private readonly Dictionary<Guid, ShelvedDocument> _documents = [];
    private readonly Dictionary<string, Guid> _bySource = new(StringComparer.Ordinal);

    /// <summary>Reads what is stored.</summary>
    public static async Task<DocumentShelf> LoadAsync(IDatabaseAdapter adapter, Guid roomId, string tableName, CancellationToken cancellationToken)
    {
        var shelf = new DocumentShelf();
        var query = new MemoryQuery(DocumentRows.DocumentTable) { RoomId = roomId, AgentId = adapter.AgentId, IncludeEmbeddings = false };
        await foreach (var row in adapter.StreamMemoriesAsync(query, cancellationToken))
        {
            if (row.Metadata is not { } metadata || metadata.Json.GetString(DocumentRows.FragmentTableKey) != tableName) continue;
            if (metadata.Json.GetStrings(DocumentRows.SourcesKey) is { Count: > 0 } sources) shelf.Put(new ShelvedDocument(row.Id, sources));
        }
        return shelf;
    }

    /// <summary>The document with this id, or null.</summary>
    public ShelvedDocument? Get(Guid id) => _documents.GetValueOrDefault(id);

    /// <summary>The document that came from this file, or null.</summary>
    public ShelvedDocument? GetBySource(string path) => _bySource.TryGetValue(path, out var id) ? _documents[id] : null;

    /// <summary>Adds a document, or changes its sources.</summary>
    public void Put(ShelvedDocument document)
    {
        Remove(document.Id);
        _documents[document.Id] = document;
        foreach (var source in document.Sources) _bySource[source] = document.Id;
    }

    /// <summary>Takes a document away.</summary>
    public void Remove(Guid id)
    {
        if (!_documents.Remove(id, out var document)) return;
        foreach (var source in document.Sources)
        {
            if (_bySource.GetValueOrDefault(source) == id) _bySource.Remove(source);
        }
    }
}
