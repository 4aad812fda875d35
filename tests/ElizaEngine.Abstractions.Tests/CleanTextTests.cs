using Xunit;

namespace ElizaEngine.Abstractions.Tests;

public sealed class CleanTextTests
{
    // Not inline data: attributes are stored as UTF-8, which has no lone surrogates.
    private static readonly (string Text, string Expected)[] Texts =
    [
        ("", ""),
        ("plain", "plain"),
        ("\0", "\uFFFD"),
        ("a\0b\0", "a\uFFFDb\uFFFD"),
        ("\ud800", "\uFFFD"),
        ("\udc00", "\uFFFD"),
        ("a\ud83d", "a\uFFFD"),
        ("\ude00\ud83d", "\uFFFD\uFFFD"),
        ("\ud83d\ud83d\ude00", "\uFFFD\U0001F600"),
        ("\ud83d\ude00\ude00", "\U0001F600\uFFFD"),
        ("\U0001F600\0", "\U0001F600\uFFFD"),
        ("\u0001\u001f\u007f\uFFFE\uFFFF", "\u0001\u001f\u007f\uFFFE\uFFFF"),
    ];

    [Fact]
    public void U0000_and_lone_surrogates_are_replaced_and_nothing_else() => Assert.All(Texts, pair =>
    {
        Assert.Equal(pair.Expected, CleanText.Normalize(pair.Text));
        Assert.Equal(pair.Expected, CleanText.Normalize(pair.Expected));
    });

    [Fact]
    public void Clean_text_is_returned_itself()
    {
        var text = new string('x', 100);

        Assert.Same(text, CleanText.Normalize(text));
    }

    [Fact]
    public void Null_stays_null_where_null_is_allowed()
    {
        Assert.Null(CleanText.NormalizeOrNull(null));
        Assert.Equal("\uFFFD", CleanText.NormalizeOrNull("\0"));
    }
}
