using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace ElizaEngine.Cli.Ingest;

/// <summary>The text of one line, or why it has none.</summary>
/// <param name="Number">Number of the line, from 1.</param>
/// <param name="Text">The text; null when the line is no good.</param>
/// <param name="Problem">Why it is no good; null when it is.</param>
internal readonly record struct JsonLine(long Number, string? Text, string? Problem);

/// <summary>
/// Reads one text from each line of a file of JSON objects: the string under <c>text</c>, else <c>content</c>, else
/// <c>message</c>; the last two may be objects that have the string under <c>text</c>, as elizaOS' memories do.
/// Blank lines are skipped, bad ones reported. Memory is bounded by <see cref="MaxLineBytes"/>.
/// </summary>
internal static class JsonLinesReader
{
    /// <summary>Bytes of a line at most.</summary>
    public const int MaxLineBytes = 16 << 20;

    private static readonly byte[] ByteOrderMark = [0xEF, 0xBB, 0xBF];

    /// <summary>The lines, in order.</summary>
    public static async IAsyncEnumerable<JsonLine> ReadAsync(Stream stream, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 64 << 10, leaveOpen: true));
        var number = 1L;
        var isTooLong = false;
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken);
            var buffer = read.Buffer;
            while (TryTakeLine(ref buffer, read.IsCompleted, out var line))
            {
                if (isTooLong || line.Length > MaxLineBytes) yield return TooLong(number);
                else if (Parse(line, number) is { } parsed) yield return parsed;
                isTooLong = false;
                number++;
            }
            if (read.IsCompleted) break;

            // What is left has no end yet. Too much of it is thrown away, up to the end of the line.
            isTooLong |= buffer.Length > MaxLineBytes;
            reader.AdvanceTo(isTooLong ? buffer.End : buffer.Start, buffer.End);
        }
        if (isTooLong) yield return TooLong(number);
        await reader.CompleteAsync();
    }

    private static JsonLine TooLong(long number) => new(number, null, $"longer than {MaxLineBytes >> 20} MiB");

    private static bool TryTakeLine(ref ReadOnlySequence<byte> buffer, bool isLast, out ReadOnlySequence<byte> line)
    {
        if (buffer.PositionOf((byte)'\n') is { } end)
        {
            line = buffer.Slice(0, end);
            buffer = buffer.Slice(buffer.GetPosition(1, end));
            return true;
        }
        line = buffer;
        if (!isLast || buffer.IsEmpty) return false;
        buffer = buffer.Slice(buffer.End);
        return true;
    }

    private static JsonLine? Parse(ReadOnlySequence<byte> line, long number)
    {
        if (number == 1 && line.Length >= 3 && line.Slice(0, 3).ToArray().AsSpan().SequenceEqual(ByteOrderMark)) line = line.Slice(3);
        if (IsBlank(line)) return null;
        try
        {
            using var document = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = Limits.MaxJsonDepth });
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object) return new JsonLine(number, null, "not a JSON object");
            var text = TextOf(root);
            return string.IsNullOrWhiteSpace(text)
                ? new JsonLine(number, null, "no text under text, content or message")
                : new JsonLine(number, text, null);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // GetString throws InvalidOperationException for half a surrogate pair and for bytes that are no UTF-8.
            return new JsonLine(number, null, error is JsonException ? "not JSON" : "not valid Unicode");
        }
    }

    private static string? TextOf(JsonElement line)
    {
        if (StringOf(line, "text") is { } text) return text;
        foreach (var key in (ReadOnlySpan<string>)["content", "message"])
        {
            if (StringOf(line, key) is { } direct) return direct;
            if (line.TryGetProperty(key, out var inner) && inner.ValueKind == JsonValueKind.Object && StringOf(inner, "text") is { } nested) return nested;
        }
        return null;
    }

    private static string? StringOf(JsonElement element, string key) =>
        element.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static bool IsBlank(ReadOnlySequence<byte> line)
    {
        foreach (var part in line)
        {
            if (part.Span.IndexOfAnyExcept(" \t\r"u8) >= 0) return false;
        }
        return true;
    }
}
