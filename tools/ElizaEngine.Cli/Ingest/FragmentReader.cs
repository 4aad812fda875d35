using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;

namespace ElizaEngine.Cli.Ingest;

/// <summary>A text to be stored and searched.</summary>
/// <param name="Text">The text, without white space around it.</param>
/// <param name="Line">The line of a JSON lines file it comes from; null for other files.</param>
internal readonly record struct Fragment(string Text, long? Line);

/// <summary>
/// Reads one file into fragments, in bounded memory, and computes the hash of what it read on the way. Each line of a JSON
/// lines file is a text of its own; any other file is one text.
/// </summary>
internal sealed class FragmentReader(Stream stream, bool isJsonLines, TextChunker chunker) : IDisposable
{
    private const int MaxProblemsKept = 100;

    private readonly SHA256 _hash = SHA256.Create();
    private readonly List<LineProblem> _problems = [];

    /// <summary>The first lines that had no text in them.</summary>
    public IReadOnlyList<LineProblem> Problems => _problems;

    /// <summary>How many lines had no text in them.</summary>
    public int ProblemCount { get; private set; }

    /// <summary>SHA-256 of the bytes read, in hexadecimal. Only after the last fragment.</summary>
    public string ContentHash => Convert.ToHexStringLower(_hash.Hash ?? throw new InvalidOperationException("The file has not been read to its end."));

    /// <summary>The fragments, in order. Can be read once.</summary>
    public async IAsyncEnumerable<Fragment> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var hashing = new CryptoStream(stream, _hash, CryptoStreamMode.Read, leaveOpen: true);
        if (!isJsonLines)
        {
            using var reader = new StreamReader(hashing, Encoding.UTF8, detectEncodingFromByteOrderMarks: true, bufferSize: 64 << 10);
            await foreach (var chunk in chunker.ChunkAsync(reader, cancellationToken)) yield return new Fragment(chunk.Text.Trim(), null);
            yield break;
        }
        await foreach (var line in JsonLinesReader.ReadAsync(hashing, cancellationToken))
        {
            if (line.Problem is { } problem)
            {
                ProblemCount++;
                if (_problems.Count < MaxProblemsKept) _problems.Add(new LineProblem(line.Number, problem));
                continue;
            }
            using var reader = new StringReader(line.Text!);
            await foreach (var chunk in chunker.ChunkAsync(reader, cancellationToken)) yield return new Fragment(chunk.Text.Trim(), line.Number);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();
}
