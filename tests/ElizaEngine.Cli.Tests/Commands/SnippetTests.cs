using ElizaEngine.Cli.Output;
using Xunit;

namespace ElizaEngine.Cli.Tests.Commands;

public class SnippetTests
{
    [Fact]
    public void White_space_and_control_characters_become_single_spaces() =>
        Assert.Equal("a b [31mc d", Snippet.OneLine("  a\r\n\tb \u001B[31mc\0\u009Bd\n"));

    [Fact]
    public void A_short_text_is_shown_whole() => Assert.Equal("One line.", Snippet.Of("One\nline.", "query", 20));

    [Fact]
    public void Of_a_long_text_the_part_with_the_words_is_shown_from_the_start_of_its_sentence()
    {
        var filler = string.Concat(Enumerable.Repeat("Nothing of note happens here. ", 20));
        var snippet = Snippet.Of($"{filler}The hedgehog sleeps under the apple branches. {filler}", "Where does the hedgehog sleep?", 80);
        Assert.StartsWith("…The hedgehog sleeps under the apple branches.", snippet, StringComparison.Ordinal);
        Assert.InRange(snippet.Length, 40, 80);
    }

    [Fact]
    public void Any_text_fits_and_no_pair_is_split()
    {
        const int seed = 41;
        var random = new SeededText(seed);
        for (var round = 0; round < 500; round++)
        {
            var (text, query) = (random.Next(200).Replace("\uD800", "", StringComparison.Ordinal).Replace("\uDC00", "", StringComparison.Ordinal), random.Next(5));
            var snippet = Snippet.Of(text, query, 40);
            Assert.True(snippet.Length <= 40, $"seed {seed}, round {round}: {snippet.Length}");
            Assert.True(string.Concat(snippet.EnumerateRunes()) == snippet, $"seed {seed}, round {round}");
        }
    }
}
