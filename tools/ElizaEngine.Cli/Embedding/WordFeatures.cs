using System.Globalization;
using System.Text;

namespace ElizaEngine.Cli.Embedding;

/// <summary>
/// Takes a text apart into the features that <see cref="LexicalEmbeddingGenerator"/> hashes: per word its stem and the
/// three- and four-letter pieces of the word; in scripts written without spaces, single characters and pairs of neighbours.
/// A feature is named by a 64-bit hash; the same text gives the same features in the same order, always.
/// </summary>
internal sealed class WordFeatures
{
    // Longer runs of letters are no words (base64, hashes): they are taken in pieces of this many characters.
    private const int MaxWordLength = 64;
    private const float StopWordWeight = 0.05f;
    private const float PieceShare = 0.7f;

    // What the accented letters U+00E0 to U+00FF are without their accent: .NET's own decomposition is off when globalization is.
    private const string WithoutAccent = "aaaaaaaceeeeiiiidnooooo÷ouuuuypy";

    private readonly Dictionary<ulong, Feature> _features = [];

    private WordFeatures()
    {
    }

    /// <summary>Each feature of the text once, in order of first appearance.</summary>
    public static IReadOnlyCollection<KeyValuePair<ulong, Feature>> Of(string text)
    {
        var features = new WordFeatures();
        Span<char> word = stackalloc char[MaxWordLength];
        var length = 0;
        ulong previous = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            var category = Rune.GetUnicodeCategory(rune);
            if (category is UnicodeCategory.NonSpacingMark or UnicodeCategory.Format) continue;
            if (!Rune.IsLetterOrDigit(rune))
            {
                // don't, Mara's: an apostrophe inside a word does not end it.
                if (rune.Value is '\'' or 0x2019 && length > 0) continue;
                features.AddWord(word[..length]);
                (length, previous) = (0, 0);
            }
            else if (HasNoSpaces(rune))
            {
                features.AddWord(word[..length]);
                length = 0;
                previous = features.AddCharacter(rune, previous);
            }
            else
            {
                previous = 0;
                if (length + 2 > MaxWordLength)
                {
                    features.AddWord(word[..length]);
                    length = 0;
                }
                length += Lower(rune).EncodeToUtf16(word[length..]);
            }
        }
        features.AddWord(word[..length]);
        return features._features;
    }

    private void AddWord(ReadOnlySpan<char> word)
    {
        if (word.IsEmpty) return;
        if (StopWords.Contains(word))
        {
            Add(Hash('w', word), StopWordWeight);
            return;
        }
        Add(Hash('w', Stem(word)), 1);
        if (word.Length < 3) return;

        Span<char> framed = stackalloc char[MaxWordLength + 2];
        framed[0] = '^';
        word.CopyTo(framed[1..]);
        framed[word.Length + 1] = '$';
        framed = framed[..(word.Length + 2)];
        var pieces = (framed.Length - 2) + (framed.Length - 3);
        var weight = PieceShare / MathF.Sqrt(pieces);
        for (var size = 3; size <= 4; size++)
        {
            for (var start = 0; start + size <= framed.Length; start++) Add(Hash('p', framed.Slice(start, size)), weight);
        }
    }

    private ulong AddCharacter(Rune rune, ulong previous)
    {
        Span<char> units = stackalloc char[2];
        var single = Hash('c', units[..rune.EncodeToUtf16(units)]);
        Add(single, 0.3f);
        if (previous != 0) Add(Mix(previous * 31 + single), 1);
        return single;
    }

    private void Add(ulong hash, float weight)
    {
        ref var feature = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_features, hash, out _);
        feature = new Feature(weight, feature.Count + 1);
    }

    // Enough to bring "bakes", "baked", "baking" and "bake" together; what else it confuses, the pieces of the word keep apart.
    private static ReadOnlySpan<char> Stem(ReadOnlySpan<char> word)
    {
        if (word.Length < 4) return word;
        if (word.EndsWith("ies")) word = word[..^2];
        else if (word.EndsWith("sses")) word = word[..^2];
        else if (word.EndsWith("s") && !word.EndsWith("ss") && !word.EndsWith("us")) word = word[..^1];
        if (word.Length > 5 && word.EndsWith("ing")) word = Undouble(word[..^3]);
        else if (word.Length > 4 && word.EndsWith("ed")) word = Undouble(word[..^2]);
        else if (word.Length > 5 && word.EndsWith("er")) word = Undouble(word[..^2]);
        else if (word.Length > 5 && word.EndsWith("ly")) word = word[..^2];
        if (word.Length > 3 && word[^1] is 'e' or 'y') word = word[..^1];
        return word.Length > 3 && word[^1] == 'i' ? word[..^1] : word;
    }

    private static ReadOnlySpan<char> Undouble(ReadOnlySpan<char> word) =>
        word.Length > 3 && word[^1] == word[^2] && word[^1] is not ('l' or 's' or 'e' or 'o') ? word[..^1] : word;

    private static Rune Lower(Rune rune)
    {
        var lower = Rune.ToLowerInvariant(rune);
        return lower.Value is >= 0xE0 and <= 0xFF ? new Rune(WithoutAccent[lower.Value - 0xE0]) : lower;
    }

    // Thai to Khmer, kana, Han, and Han beyond the first plane. Korean is written with spaces.
    private static bool HasNoSpaces(Rune rune) =>
        rune.Value is (>= 0x0E00 and <= 0x0EFF) or (>= 0x1000 and <= 0x109F) or (>= 0x1780 and <= 0x17FF)
            or (>= 0x3040 and <= 0x30FF) or (>= 0x3400 and <= 0x9FFF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x20000 and <= 0x3FFFF);

    /// <summary>Spreads a hash: a bijection, after which every bit depends on all bits. The finish of MurmurHash3.</summary>
    internal static ulong Mix(ulong hash)
    {
        hash = (hash ^ (hash >> 33)) * 0xFF51AFD7ED558CCD;
        hash = (hash ^ (hash >> 33)) * 0xC4CEB9FE1A85EC53;
        return hash ^ (hash >> 33);
    }

    // FNV-1a over the UTF-16 units, then mixed, for FNV's low bits alone are too regular.
    private static ulong Hash(char kind, ReadOnlySpan<char> text)
    {
        var hash = (0xCBF29CE484222325 ^ kind) * 0x100000001B3;
        foreach (var unit in text) hash = (hash ^ unit) * 0x100000001B3;
        return Mix(hash);
    }

    /// <summary>How much a feature says, and how often it occurs.</summary>
    internal readonly record struct Feature(float Weight, int Count);
}
