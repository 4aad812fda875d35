using System.Runtime.CompilerServices;

namespace ElizaEngine.Cli.Ingest;

/// <summary>A piece of a text.</summary>
/// <param name="Start">Where it starts in the text, in UTF-16 units.</param>
/// <param name="Text">The piece, exactly as it stands in the text.</param>
internal readonly record struct TextChunk(long Start, string Text);

/// <summary>
/// Cuts a text of any length into overlapping pieces, in memory for two pieces.
/// <list type="bullet">
/// <item>No piece is over <see cref="MaxTokens"/>; two neighbours share at most <see cref="OverlapTokens"/>.</item>
/// <item>Every character that is not white space is in a piece. Pieces of nothing but white space are left out.</item>
/// <item>A piece ends where a paragraph ends, else a sentence, else a line, else a word, if there is such a place in its second
/// half. The shared part starts with a sentence, else with a word, if there is such a place in its first half.</item>
/// <item>A surrogate pair is never split.</item>
/// </list>
/// Tokens are estimated, for a tokenizer belongs to a model: four characters of Latin text to a token, two of other alphabets,
/// one Han, kana or Hangul character, one surrogate pair.
/// </summary>
internal sealed class TextChunker
{
    private const int UnitsPerToken = 4;

    private readonly int _maxUnits;
    private readonly int _overlapUnits;

    /// <summary>A chunker. Sizes are elizaOS' own unless given; the overlap must be less than half a piece.</summary>
    public TextChunker(int maxTokens = 500, int overlapTokens = 100)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxTokens, 4);
        ArgumentOutOfRangeException.ThrowIfNegative(overlapTokens);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(overlapTokens, maxTokens / 2);
        MaxTokens = maxTokens;
        OverlapTokens = overlapTokens;
        _maxUnits = maxTokens * UnitsPerToken;
        _overlapUnits = overlapTokens * UnitsPerToken;
    }

    /// <summary>Estimated tokens of a piece at most.</summary>
    public int MaxTokens { get; }

    /// <summary>Estimated tokens that a piece shares with the one before, at most.</summary>
    public int OverlapTokens { get; }

    /// <summary>Estimated tokens of a text, rounded up.</summary>
    public static int EstimateTokens(ReadOnlySpan<char> text)
    {
        var units = 0;
        foreach (var character in text) units += Units(character);
        return (units + UnitsPerToken - 1) / UnitsPerToken;
    }

    /// <summary>The pieces of a text, in order.</summary>
    public async IAsyncEnumerable<TextChunk> ChunkAsync(TextReader reader, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        // A character is at least one unit, so this many characters hold a whole piece and what follows it.
        var buffer = new char[2 * _maxUnits];
        var count = 0;
        var start = 0L;
        while (true)
        {
            var ended = false;
            while (count < buffer.Length && !ended)
            {
                var read = await reader.ReadAsync(buffer.AsMemory(count), cancellationToken);
                count += read;
                ended = read == 0;
            }

            var limit = FittingLength(buffer.AsSpan(0, count));
            var isLast = limit == count;
            var length = isLast ? count : EndOfPiece(buffer.AsSpan(0, count), limit);
            if (!buffer.AsSpan(0, length).IsWhiteSpace()) yield return new TextChunk(start, new string(buffer, 0, length));
            if (isLast) yield break;

            var next = StartOfNextPiece(buffer.AsSpan(0, count), length);
            buffer.AsSpan(next, count - next).CopyTo(buffer);
            count -= next;
            start += next;
        }
    }

    private static int Units(char character) => character switch
    {
        < '\u0370' => 1,
        < '\u2E80' => 2,
        _ when char.IsSurrogate(character) => 2,
        _ => 4,
    };

    // The longest beginning that is no larger than a piece may be.
    private int FittingLength(ReadOnlySpan<char> text)
    {
        var units = 0;
        for (var length = 0; length < text.Length; length++)
        {
            units += Units(text[length]);
            if (units > _maxUnits) return SplitsPair(text, length) ? length - 1 : length;
        }
        return text.Length;
    }

    private int EndOfPiece(ReadOnlySpan<char> text, int limit)
    {
        // More than half a piece is kept, so the next one, which starts within the overlap, starts later than this one.
        var (minimum, units) = (0, 0);
        while (units < _maxUnits / 2) units += Units(text[minimum++]);

        var (end, rank) = (limit, BorderRank.None);
        for (var place = limit; place > minimum; place--)
        {
            var found = RankOf(text, place);
            if (found <= rank) continue;
            (end, rank) = (place, found);
            if (rank == BorderRank.Paragraph) break;
        }
        return end;
    }

    private int StartOfNextPiece(ReadOnlySpan<char> text, int end)
    {
        var (first, units) = (end, 0);
        while (first > 0 && (units += Units(text[first - 1])) <= _overlapUnits) first--;
        if (SplitsPair(text, first)) first++;

        var (start, rank) = (first, BorderRank.None);
        for (var place = first; place < first + (end - first) / 2; place++)
        {
            var found = RankOf(text, place);
            if (found <= rank) continue;
            (start, rank) = (place, found);
            if (rank >= BorderRank.Sentence) break;
        }
        return start;
    }

    // How good a place between two characters is for a cut.
    private static BorderRank RankOf(ReadOnlySpan<char> text, int place)
    {
        if (place <= 0 || place >= text.Length) return BorderRank.None;
        var before = text[place - 1];
        if (before is '。' or '！' or '？') return BorderRank.Sentence;
        if (!char.IsWhiteSpace(before) || char.IsWhiteSpace(text[place])) return BorderRank.None;

        var gap = place;
        var lines = 0;
        while (gap > 0 && char.IsWhiteSpace(text[gap - 1]))
        {
            if (text[--gap] == '\n' && ++lines == 2) return BorderRank.Paragraph;
        }
        while (gap > 0 && text[gap - 1] is '"' or '\'' or ')' or ']' or '\u201D' or '\u2019' or '*' or '_') gap--;
        if (gap > 0 && text[gap - 1] is '.' or '!' or '?' or '\u2026') return BorderRank.Sentence;
        return lines == 1 ? BorderRank.Line : BorderRank.Word;
    }

    private static bool SplitsPair(ReadOnlySpan<char> text, int place) =>
        place > 0 && place < text.Length && char.IsSurrogatePair(text[place - 1], text[place]);

    private enum BorderRank
    {
        None,
        Word,
        Line,
        Sentence,
        Paragraph,
    }
}
