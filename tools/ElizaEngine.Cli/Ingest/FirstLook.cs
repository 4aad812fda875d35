namespace ElizaEngine.Cli.Ingest;

/// <summary>Looks at files before there is a database: none is made where there is nothing to store in it.</summary>
internal static class FirstLook
{
    /// <summary>What becomes of the files when none has a text; null: one has.</summary>
    public static async Task<IReadOnlyList<IngestResult>?> FindNothingAsync(IReadOnlyList<SourceFile> files, CancellationToken cancellationToken)
    {
        var results = new List<IngestResult>(files.Count);
        foreach (var (path, skipReason) in files)
        {
            var result = skipReason is null ? await FindNothingAsync(path, cancellationToken) : new IngestResult(path, IngestOutcome.Skipped) { Note = skipReason };
            if (result is null) return null;
            results.Add(result);
        }
        return results;
    }

    // As far as the first text only: the file is read from its beginning when it is stored.
    private static async Task<IngestResult?> FindNothingAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            await using var file = SourceFiles.Open(path);
            if (SourceFiles.WhyNotText(file) is { } reason) return new IngestResult(path, IngestOutcome.Skipped) { Note = reason };
            file.Position = 0;
            using var reader = new FragmentReader(file, SourceFiles.IsJsonLines(path), new TextChunker());
            await foreach (var fragment in reader.ReadAsync(cancellationToken)) return null;
            return IngestResult.NoText(path, reader);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return IngestResult.Unreadable(path, error);
        }
    }
}
