using System.Security.Cryptography;
using Microsoft.Extensions.AI;

namespace ElizaEngine.Cli.Ingest;

/// <summary>
/// Stores files as documents of one room. What always holds, whatever moment the process dies at:
/// <list type="bullet">
/// <item>A document's own row is written in the same transaction as its last fragments; so a document that is there is whole.</item>
/// <item>The document of an older version of a file goes in that transaction too; so one of the two is there, never none.</item>
/// <item>Fragments of a document too large for one transaction are written before, from position 0 without a gap. A note in the cache
/// says whose they are until the document is whole. The next ingest of that file, or of another with that content, begins by removing
/// them: the file may have been another while it was read, and their texts not those of the content that their ids say.</item>
/// <item>A file that has no text any more has no document. One that cannot be read as text, or of whose lines none can be, keeps the
/// document that it had.</item>
/// <item>Memory is bounded by <see cref="BatchFragments"/>, whatever the size of the file.</item>
/// </list>
/// Not thread-safe: one ingester writes a room at a time.
/// </summary>
internal sealed class DocumentIngester
{
    /// <summary>Fragments that are embedded and stored together at most.</summary>
    internal const int BatchFragments = 256;

    private readonly IDatabaseAdapter _adapter;
    private readonly IEmbeddingGenerator<string, Embedding<float>> _generator;
    private readonly TimeProvider _time;
    private readonly Guid _roomId;
    private readonly string _tableName;
    private readonly DocumentShelf _shelf;
    private readonly TextChunker _chunker = new();

    private DocumentIngester(IDatabaseAdapter adapter, CliEnvironment environment, Guid roomId, string tableName, DocumentShelf shelf)
    {
        _adapter = adapter;
        _generator = environment.Generator;
        _time = environment.Time;
        _roomId = roomId;
        _tableName = tableName;
        _shelf = shelf;
    }

    /// <summary>An ingester for one room, whose fragments lie in <paramref name="tableName"/>.</summary>
    public static async Task<DocumentIngester> CreateAsync(
        IDatabaseAdapter adapter, CliEnvironment environment, Guid roomId, string tableName, CancellationToken cancellationToken) =>
        new(adapter, environment, roomId, tableName, await DocumentShelf.LoadAsync(adapter, roomId, tableName, cancellationToken));

    /// <summary>Stores one file, unless its content is stored already. Reports how many of its bytes have been read.</summary>
    public async Task<IngestResult> IngestAsync(string path, Action<long> reportBytes, CancellationToken cancellationToken)
    {
        try
        {
            await using var file = SourceFiles.Open(path);
            await RemoveUnfinishedAsync(path, cancellationToken);
            if (SourceFiles.WhyNotText(file) is { } reason)
            {
                var skipped = new IngestResult(path, IngestOutcome.Skipped) { Note = reason };
                return reason == SourceFiles.Empty ? await RemoveSourceAsync(skipped, cancellationToken) : skipped;
            }
            file.Position = 0;
            var contentHash = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken));
            var documentId = DocumentRows.DocumentId(_adapter.AgentId, _roomId, _tableName, contentHash);
            if (_shelf.Get(documentId) is { } stored) return await AddSourceAsync(path, stored, cancellationToken);

            // Left by another file with this content, whose note is its own.
            await RemoveFragmentsAsync(documentId, cancellationToken);
            file.Position = 0;
            return await StoreAsync(path, file, documentId, contentHash, reportBytes, cancellationToken);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return IngestResult.Unreadable(path, error);
        }
    }

    private async Task<IngestResult> AddSourceAsync(string path, ShelvedDocument stored, CancellationToken cancellationToken)
    {
        if (stored.Sources.Contains(path)) return new IngestResult(path, IngestOutcome.Unchanged) { DocumentId = stored.Id };
        var old = _shelf.GetBySource(path);
        var shared = stored with { Sources = [.. stored.Sources, path] };
        await _adapter.TransactionAsync(
            async (session, token) =>
            {
                await SetSourcesAsync(session, shared, token);
                if (old is not null) await TakeSourceAsync(session, old, path, token);
            },
            cancellationToken: cancellationToken);
        if (old is not null) ForgetSource(old, path);
        _shelf.Put(shared);
        return new IngestResult(path, old is null ? IngestOutcome.Duplicate : IngestOutcome.Replaced) { DocumentId = stored.Id };
    }

    private async Task<IngestResult> StoreAsync(
        string path, FileStream file, Guid documentId, string contentHash, Action<long> reportBytes, CancellationToken cancellationToken)
    {
        using var reader = new FragmentReader(file, SourceFiles.IsJsonLines(path), _chunker);
        var now = _time.GetUtcNow();
        var batch = new List<Fragment>(BatchFragments);
        var opening = "";
        var count = 0;
        await foreach (var fragment in reader.ReadAsync(cancellationToken))
        {
            if (count == 0 && batch.Count == 0) opening = fragment.Text;
            if (batch.Count == BatchFragments)
            {
                if (count == 0) await _adapter.SetCacheAsync(UnfinishedKey(path), Json.From(documentId.ToString("D")), cancellationToken: cancellationToken);
                await _adapter.CreateMemoriesAsync(await RowsAsync(batch, documentId, path, count, now, cancellationToken), _tableName, cancellationToken);
                count += batch.Count;
                batch.Clear();
                reportBytes(file.Position);
            }
            batch.Add(fragment);
        }

        var result = new IngestResult(path, IngestOutcome.Skipped) { Problems = reader.Problems, ProblemCount = reader.ProblemCount };
        if (reader.ContentHash != contentHash)
        {
            // Of a text that the file never was.
            if (count > 0) await RemoveUnfinishedAsync(path, cancellationToken);
            return result with { Outcome = IngestOutcome.Failed, Note = "changed while it was being read; ingest it again" };
        }
        if (batch.Count == 0)
        {
            var nothing = IngestResult.NoText(path, reader);
            // Lines that cannot be read may have a text all the same, as in another encoding.
            return reader.ProblemCount == 0 ? await RemoveSourceAsync(nothing, cancellationToken) : nothing;
        }

        var rows = await RowsAsync(batch, documentId, path, count, now, cancellationToken);
        var wasSplit = count > 0;
        count += batch.Count;
        var document = DocumentRows.Document(documentId, _adapter.AgentId, _roomId, _tableName, path, contentHash, file.Length, count, opening, now);
        var old = _shelf.GetBySource(path);
        await _adapter.TransactionAsync(
            async (session, token) =>
            {
                await session.CreateMemoriesAsync(rows, _tableName, token);
                await session.CreateMemoriesAsync([document], DocumentRows.DocumentTable, token);
                if (old is not null) await TakeSourceAsync(session, old, path, token);
                if (wasSplit) await session.DeleteCacheAsync([UnfinishedKey(path)], token);
            },
            cancellationToken: cancellationToken);
        if (old is not null) ForgetSource(old, path);
        _shelf.Put(new ShelvedDocument(documentId, [path]));
        reportBytes(file.Length);
        return result with { Outcome = old is null ? IngestOutcome.Added : IngestOutcome.Replaced, DocumentId = documentId, Fragments = count };
    }

    // Of a file without a text: what was stored of it before is found no more.
    private async Task<IngestResult> RemoveSourceAsync(IngestResult result, CancellationToken cancellationToken)
    {
        if (_shelf.GetBySource(result.Path) is not { } old) return result;
        await _adapter.TransactionAsync(
            (session, token) => TakeSourceAsync(session, old, result.Path, token), cancellationToken: cancellationToken);
        ForgetSource(old, result.Path);
        return result with { Outcome = IngestOutcome.Removed };
    }

    private async Task<IReadOnlyList<Memory>> RowsAsync(
        List<Fragment> fragments, Guid documentId, string path, int firstPosition, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var embeddings = await _generator.GenerateAsync(fragments.Select(fragment => fragment.Text), cancellationToken: cancellationToken);
        return [.. fragments.Select((fragment, index) => DocumentRows.Fragment(
            documentId, _adapter.AgentId, _roomId, path, firstPosition + index, fragment, embeddings[index].Vector, now))];
    }

    // Takes one path off a document; the last one takes the document and its fragments with it.
    private static async Task TakeSourceAsync(IDatabaseSession session, ShelvedDocument document, string path, CancellationToken cancellationToken)
    {
        if (document.Sources.Count == 1) await session.DeleteMemoriesAsync([document.Id], cancellationToken);
        else await SetSourcesAsync(session, document with { Sources = [.. document.Sources.Where(source => source != path)] }, cancellationToken);
    }

    private void ForgetSource(ShelvedDocument document, string path)
    {
        _shelf.Remove(document.Id);
        if (document.Sources.Count > 1) _shelf.Put(document with { Sources = [.. document.Sources.Where(source => source != path)] });
    }

    private static async Task SetSourcesAsync(IDatabaseSession session, ShelvedDocument document, CancellationToken cancellationToken)
    {
        var row = await session.GetMemoryByIdAsync(document.Id, includeEmbedding: false, cancellationToken);
        var metadata = (row?.Metadata?.Json ?? Json.EmptyObject)
            .With("source", Json.From(document.Sources[0])).With(DocumentRows.SourcesKey, Json.From(document.Sources));
        await session.UpdateMemoryAsync(new MemoryUpdate(document.Id) { Metadata = new MemoryMetadata(metadata) }, cancellationToken);
    }

    private async Task RemoveUnfinishedAsync(string path, CancellationToken cancellationToken)
    {
        var note = await _adapter.GetCacheAsync(UnfinishedKey(path), cancellationToken);
        if (note is null || !Guid.TryParse(note.ToString().Trim('"'), out var unfinishedId)) return;
        // Another file may have been ingested whole with that content in the meantime.
        if (_shelf.Get(unfinishedId) is null) await RemoveFragmentsAsync(unfinishedId, cancellationToken);
        await _adapter.DeleteCacheAsync(UnfinishedKey(path), cancellationToken);
    }

    // Of a document that is not whole. The last batch goes first, so that those left by an interruption begin at 0 without a gap as before,
    // and a batch without its first fragment is behind the end.
    private async Task RemoveFragmentsAsync(Guid documentId, CancellationToken cancellationToken)
    {
        var end = 0;
        while (await _adapter.GetMemoryByIdAsync(IdOf(end), includeEmbedding: false, cancellationToken) is not null) end += BatchFragments;
        for (var first = end - BatchFragments; first >= 0; first -= BatchFragments)
            await _adapter.DeleteMemoriesAsync([.. Enumerable.Range(first, BatchFragments).Select(IdOf)], cancellationToken);

        Guid IdOf(int position) => DocumentRows.FragmentId(_adapter.AgentId, documentId, position);
    }

    private string UnfinishedKey(string path) =>
        $"eliza:ingest:{_roomId:D}:{Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"{_tableName}\n{path}")))}";
}
