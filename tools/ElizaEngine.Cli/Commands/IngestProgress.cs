using ElizaEngine.Cli.Ingest;
using ElizaEngine.Cli.Output;
using Spectre.Console;

namespace ElizaEngine.Cli.Commands;

/// <summary>Takes the files to the ingester one by one, and draws how far it is when somebody watches.</summary>
internal static class IngestProgress
{
    /// <summary>What became of each file, in order.</summary>
    public static Task<IReadOnlyList<IngestResult>> RunAsync(
        CommandOutput output, IReadOnlyList<SourceFile> files, DocumentIngester ingester, CancellationToken cancellationToken)
    {
        if (!output.HasProgress) return IngestAllAsync(files, ingester, (_, _) => { }, cancellationToken);
        return output.Screen.Progress().AutoClear(true).HideCompleted(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                var sizes = files.ToDictionary(file => file.Path, file => file.SkipReason is null ? SizeOf(file.Path) : 0);
                var task = context.AddTask("Ingesting", maxValue: Math.Max(1, sizes.Values.Sum()));
                var done = 0L;
                var current = "";
                return await IngestAllAsync(
                    files,
                    ingester,
                    (path, bytes) =>
                    {
                        if (path != current)
                        {
                            if (current.Length > 0) done += sizes[current];
                            current = path;
                            task.Description = Markup.Escape(Shorten(Snippet.OneLine(Path.GetFileName(path)), 32));
                        }
                        task.Value = done + bytes;
                    },
                    cancellationToken);
            });
    }

    private static async Task<IReadOnlyList<IngestResult>> IngestAllAsync(
        IReadOnlyList<SourceFile> files, DocumentIngester ingester, Action<string, long> report, CancellationToken cancellationToken)
    {
        var results = new List<IngestResult>(files.Count);
        foreach (var (path, skipReason) in files)
        {
            cancellationToken.ThrowIfCancellationRequested();
            report(path, 0);
            results.Add(skipReason is null
                ? await ingester.IngestAsync(path, bytes => report(path, bytes), cancellationToken)
                : new IngestResult(path, IngestOutcome.Skipped) { Note = skipReason });
        }
        return results;
    }

    private static long SizeOf(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;

    private static string Shorten(string text, int length) => text.Length <= length ? text : $"{text[..(length - 1)]}…";
}
