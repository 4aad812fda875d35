using System.Buffers;

namespace ElizaEngine;

/// <summary>
/// The one rule for text, in JSON and in plain fields: U+0000 and lone surrogates become U+FFFD, so that every backend
/// can store every string and both read the same one back.
/// </summary>
internal static class CleanText
{
    private static readonly SearchValues<char> Suspects = SearchValues.Create(
        [.. Enumerable.Range(0xD800, 0x800).Select(unit => (char)unit), '\0']);

    /// <summary>The text itself when it is clean, which costs one vectorised scan.</summary>
    public static string Normalize(string text)
    {
        var first = text.AsSpan().IndexOfAny(Suspects);
        return first < 0 ? text : Replace(text);
    }

    /// <summary>As <see cref="Normalize"/>; null stays null.</summary>
    public static string? NormalizeOrNull(string? text) => text is null ? null : Normalize(text);

    private static string Replace(string text) => string.Create(text.Length, text, static (result, text) =>
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                result[i] = text[i];
                result[++i] = text[i];
            }
            else
            {
                result[i] = text[i] == '\0' || char.IsSurrogate(text[i]) ? '\uFFFD' : text[i];
            }
        }
    });
}
