using System.Text;

namespace ElizaEngine.Cli;

/// <summary>Random text of many scripts, with paragraphs, sentences, long words, surrogate pairs and lone surrogates. The same for the same seed.</summary>
internal sealed class SeededText(int seed)
{
    private static readonly string[] Pieces =
    [
        " ", " ", " ", " ", " ", " ", "\n", "\r\n", "\n\n", ". ", "! ", "? ", ".\n", ", ", "\"", "。", "\t",
        "a", "the", "harbour", "winter", "unbelievable", "Straße", "ёлка", "γάτα", "猫", "東京", "한국어", "😀", "👩‍🚀", "𝔘", "e\u0301", "\uD800", "\uDC00", "\0",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ];

    private readonly Random _random = new(seed);

    /// <summary>From 0 to below the limit.</summary>
    public int Number(int limit) => _random.Next(limit);

    /// <summary>A text of so many pieces.</summary>
    public string Next(int pieces)
    {
        var text = new StringBuilder();
        for (var piece = 0; piece < pieces; piece++) text.Append(Pieces[_random.Next(Pieces.Length)]);
        return text.ToString();
    }
}
