using Xunit;

namespace ElizaEngine.Abstractions.Tests;

public sealed class LevenshteinTests
{
    [Theory]
    [InlineData("", "", 0)]
    [InlineData("", "abc", 3)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("flaw", "lawn", 2)]
    [InlineData("abc", "cab", 2)]
    [InlineData("Abc", "abc", 1)]
    [InlineData("é", "e\u0301", 2)]
    [InlineData("😀", "", 1)]
    [InlineData("😀", "😁", 1)]
    [InlineData("a😀b", "ab", 1)]
    [InlineData("😀😁", "😁😀", 2)]
    public void Edits_are_counted_in_code_points(string left, string right, int edits)
    {
        Assert.Equal(edits, Distance(left, right, edits));
        Assert.Equal(edits, Distance(right, left, edits));
        Assert.Equal(edits, Distance(left, right, int.MaxValue));
        Assert.Null(Distance(left, right, edits - 1));
    }

    [Fact]
    public void A_lone_surrogate_is_one_character()
    {
        Assert.Equal(['a', 0xFFFD, 'b', 0x1F600, 0xFFFD], Levenshtein.CodePoints("a\ud83db\ud83d\ude00\ude00"));
        Assert.Equal(0, Distance("a\ud83d", "a\uFFFD", 0));
    }

    [Fact]
    public void Random_texts_have_the_distance_the_whole_table_gives_for_every_limit()
    {
        const int Seed = 20260105;
        var random = new Random(Seed);
        string[] letters = ["a", "b", "c", "é", "😀", "😁"];
        string Text() => string.Concat(Enumerable.Range(0, random.Next(25)).Select(_ => letters[random.Next(letters.Length)]));
        for (var round = 0; round < 2000; round++)
        {
            var (left, right) = (Text(), Text());
            if (random.Next(2) == 0) right = left + right[..(right.Length > 0 && !char.IsSurrogate(right[0]) ? 1 : 0)];
            var edits = Naive(Levenshtein.CodePoints(left), Levenshtein.CodePoints(right));
            for (var limit = -1; limit < 28; limit++)
                Assert.True(Distance(left, right, limit) == (edits <= limit ? edits : null), $"seed {Seed}, round {round}, limit {limit}: \"{left}\", \"{right}\"");
        }
    }

    private static int? Distance(string left, string right, int limit) => Levenshtein.Distance(Levenshtein.CodePoints(left), Levenshtein.CodePoints(right), limit);

    // The whole table, as in the paper.
    private static int Naive(int[] left, int[] right)
    {
        var table = new int[left.Length + 1, right.Length + 1];
        for (var i = 0; i <= left.Length; i++)
        {
            for (var j = 0; j <= right.Length; j++)
            {
                table[i, j] = i == 0 || j == 0
                    ? i + j
                    : Math.Min(Math.Min(table[i - 1, j], table[i, j - 1]) + 1, table[i - 1, j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1));
            }
        }
        return table[left.Length, right.Length];
    }

    [Fact]
    public void A_long_comparison_ends_when_it_is_cancelled()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() => Levenshtein.Distance([1, 2, 3], [3, 2, 1], 9, cancelled.Token));
    }
}
