namespace ElizaEngine.Cli.Ingest;

/// <summary>What became of one file.</summary>
internal enum IngestOutcome
{
    /// <summary>Its document and fragments are new.</summary>
    Added,

    /// <summary>It had changed: its new document is stored, its old one is gone.</summary>
    Replaced,

    /// <summary>The same content is stored under the same path already.</summary>
    Unchanged,

    /// <summary>The same content is stored under another path; the document now names both.</summary>
    Duplicate,

    /// <summary>It has no text any more, for the reason in the note: its old document is gone, or names only other files.</summary>
    Removed,

    /// <summary>It is nothing to ingest, for the reason in the note.</summary>
    Skipped,

    /// <summary>It could not be read, for the reason in the note. Nothing of it counts as stored.</summary>
    Failed,
}

/// <summary>A line that was left out.</summary>
internal readonly record struct LineProblem(long Line, string Reason);

/// <summary>What became of one file, with the figures to report.</summary>
/// <param name="Path">Full path.</param>
/// <param name="Outcome">What became of it.</param>
internal sealed record IngestResult(string Path, IngestOutcome Outcome)
{
    /// <summary>Its document; null when there is none.</summary>
    public Guid? DocumentId { get; init; }

    /// <summary>Fragments of it that were stored now.</summary>
    public int Fragments { get; init; }

    /// <summary>Why it was skipped, failed, or has no document any more.</summary>
    public string? Note { get; init; }

    /// <summary>The first lines that were left out.</summary>
    public IReadOnlyList<LineProblem> Problems { get; init; } = [];

    /// <summary>How many lines were left out.</summary>
    public int ProblemCount { get; init; }

    /// <summary>Of a file without a text, which has been read to its end.</summary>
    public static IngestResult NoText(string path, FragmentReader read) =>
        new(path, IngestOutcome.Skipped) { Note = "no text in it", Problems = read.Problems, ProblemCount = read.ProblemCount };

    /// <summary>Of a file that cannot be read.</summary>
    public static IngestResult Unreadable(string path, Exception error) => new(path, IngestOutcome.Failed) { Note = error.Message };
}
