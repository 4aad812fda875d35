using System.Text;
using System.Text.Unicode;

namespace ElizaEngine.Cli.Ingest;

/// <summary>A file to be ingested, or why it is not.</summary>
/// <param name="Path">Full path.</param>
/// <param name="SkipReason">Null when it is to be ingested.</param>
internal readonly record struct SourceFile(string Path, string? SkipReason);

/// <summary>
/// Finds the files to ingest. A folder gives its text files, by extension, and those of its folders, in order of path;
/// hidden files and folders and symbolic links are left out. A file that is named itself is taken whatever its extension.
/// </summary>
internal static class SourceFiles
{
    /// <summary>Why a file without a byte is no text.</summary>
    public const string Empty = "empty";

    private const int ProbeBytes = 8192;

    private static readonly HashSet<string> Extensions = new(StringComparer.OrdinalIgnoreCase) { ".txt", ".text", ".md", ".markdown", ".jsonl", ".ndjson" };

    /// <summary>Whether each line of the file is a JSON object.</summary>
    public static bool IsJsonLines(string path) =>
        Path.GetExtension(path).ToUpperInvariant() is ".JSONL" or ".NDJSON";

    /// <summary>Opens a file to be read from its beginning to its end, and again. Others may go on writing it.</summary>
    /// <exception cref="IOException">It cannot be opened, or is a pipe or a device, whose bytes come once.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static FileStream Open(string path)
    {
        const FileShare Share = FileShare.ReadWrite | FileShare.Delete;
        const FileOptions Options = FileOptions.Asynchronous | FileOptions.SequentialScan;
        var file = new FileStream(path, new FileStreamOptions { Share = Share, Options = Options });
        if (file.CanSeek) return file;
        file.Dispose();
        throw new IOException("a pipe or a device can be read only once; write its text into a file, and ingest that");
    }

    /// <summary>All files behind the paths, each once.</summary>
    /// <exception cref="CliException">A path does not exist.</exception>
    public static IReadOnlyList<SourceFile> Find(IReadOnlyList<string> paths)
    {
        foreach (var path in paths)
        {
            if (!Path.Exists(path)) throw new CliException($"There is no file or folder {path}.");
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        var files = new List<SourceFile>();
        foreach (var path in paths.Select(Path.GetFullPath))
        {
            if (!Directory.Exists(path))
            {
                if (seen.Add(path)) files.Add(new SourceFile(path, null));
                continue;
            }
            var options = new EnumerationOptions
            {
                RecurseSubdirectories = true,
                IgnoreInaccessible = true,
                AttributesToSkip = FileAttributes.Hidden | FileAttributes.System | FileAttributes.ReparsePoint,
            };
            foreach (var file in Directory.EnumerateFiles(path, "*", options).Order(StringComparer.Ordinal))
            {
                var extension = Path.GetExtension(file);
                if (seen.Add(file)) files.Add(new SourceFile(file, Extensions.Contains(extension) ? null : $"not a text format ({(extension.Length > 0 ? extension : "no extension")})"));
            }
        }
        return files;
    }

    /// <summary>
    /// Why the beginning of a file is no text; null when it is. Text is UTF-8, or UTF-16 or UTF-32 with a byte order mark.
    /// A file in an older encoding is refused here rather than stored as garbage.
    /// </summary>
    public static string? WhyNotText(Stream stream)
    {
        var probe = new byte[ProbeBytes];
        var count = stream.ReadAtLeast(probe, ProbeBytes, throwOnEndOfStream: false);
        ReadOnlySpan<byte> bytes = probe.AsSpan(0, count);
        if (bytes.IsEmpty) return Empty;
        if (bytes is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..] or [0, 0, 0xFE, 0xFF, ..]) return null;
        if (bytes.Contains((byte)0)) return "binary";
        if (count == ProbeBytes) bytes = WithoutSplitCharacter(bytes);
        return Utf8.IsValid(bytes) ? null : "binary, or not in UTF-8";
    }

    // The probe may end inside a character.
    private static ReadOnlySpan<byte> WithoutSplitCharacter(ReadOnlySpan<byte> bytes)
    {
        for (var back = 1; back <= 3; back++)
        {
            var unit = bytes[^back];
            if (unit < 0x80) return bytes;
            if (unit >= 0xC0) return Rune.DecodeFromUtf8(bytes[^back..], out _, out _) == System.Buffers.OperationStatus.NeedMoreData ? bytes[..^back] : bytes;
        }
        return bytes;
    }
}
