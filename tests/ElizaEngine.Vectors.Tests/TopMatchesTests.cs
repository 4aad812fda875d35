using Xunit;

namespace ElizaEngine.Vectors.Tests;

public class TopMatchesTests
{
    [Fact]
    public void The_best_are_those_of_a_full_sort_on_random_similarities_with_many_ties()
    {
        var matches = new TopMatches();
        for (var seed = 0; seed < 3000; seed++)
        {
            var random = new Random(seed);
            var offered = RandomMatches(random, random.Next(0, 200));
            var count = random.Next(0, 30);
            float? threshold = random.Next(2) == 0 ? null : random.Next(-4, 5) / 4f;
            if (random.Next(2) == 0)
                random.Shuffle(offered);

            matches.Begin(count, threshold);
            foreach (var match in offered)
                matches.Offer(match.Ordinal, match.Similarity);

            AssertSame(Sorted(offered, count, threshold), matches.Results(), $"seed {seed}, count {count}, threshold {threshold}");
        }
    }

    [Fact]
    public void Results_can_be_read_while_matches_still_arrive()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var offered = RandomMatches(random, 60);
            var matches = new TopMatches();
            matches.Begin(10, null);
            for (var i = 0; i < offered.Length; i++)
            {
                matches.Offer(offered[i].Ordinal, offered[i].Similarity);
                AssertSame(Sorted(offered[..(i + 1)], 10, null), matches.Results(), $"seed {seed}, after {i + 1}");
            }
        }
    }

    [Fact]
    public void Equal_similarities_come_in_the_order_of_their_ordinals()
    {
        var matches = new TopMatches();
        matches.Begin(3, null);
        foreach (var ordinal in new[] { 7, 2, 9, 4, 0 })
            matches.Offer(ordinal, 0.5f);

        Assert.Equal([0, 2, 4], Ordinals(matches));
    }

    [Fact]
    public void The_two_zeros_tie()
    {
        var matches = new TopMatches();
        matches.Begin(2, 0f);
        matches.Offer(0, -0f);
        matches.Offer(1, 0f);
        matches.Offer(2, -0f);

        Assert.Equal([0, 1], Ordinals(matches));
        Assert.False(float.IsNegative(matches.Results()[0].Similarity));
    }

    [Fact]
    public void A_similarity_equal_to_the_threshold_is_kept()
    {
        var matches = new TopMatches();
        matches.Begin(10, 0.7f);
        matches.Offer(0, MathF.BitDecrement(0.7f));
        matches.Offer(1, 0.7f);
        matches.Offer(2, MathF.BitIncrement(0.7f));

        Assert.Equal([2, 1], Ordinals(matches));
    }

    [Fact]
    public void Threshold_zero_is_a_threshold_and_null_is_none()
    {
        var matches = new TopMatches();
        matches.Begin(10, 0f);
        matches.Offer(0, -0.1f);
        Assert.True(matches.Results().IsEmpty);

        matches.Begin(10, null);
        matches.Offer(0, -1f);
        Assert.Equal([0], Ordinals(matches));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(-1f)]
    public void Count_zero_keeps_nothing(float? threshold)
    {
        var matches = new TopMatches();
        matches.Begin(0, threshold);
        matches.Offer(0, 1f);

        Assert.True(matches.Results().IsEmpty);
    }

    [Fact]
    public void A_count_of_int_MaxValue_keeps_all_and_reserves_nothing()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var matches = new TopMatches();
        matches.Begin(int.MaxValue, null);
        for (var ordinal = 0; ordinal < 100; ordinal++)
            matches.Offer(ordinal, ordinal / 100f);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(Enumerable.Range(0, 100).Reverse(), Ordinals(matches));
        Assert.InRange(allocated, 0, 100_000);
    }

    [Fact]
    public void NaN_is_never_kept()
    {
        foreach (var count in new[] { 1, 2, 10 })
        {
            var matches = new TopMatches();
            matches.Begin(count, null);
            matches.Offer(0, float.NaN);
            matches.Offer(1, -1f);
            matches.Offer(2, float.NaN);
            matches.Offer(3, 1f);
            matches.Offer(4, float.NaN);

            Assert.Equal(count == 1 ? [3] : [3, 1], Ordinals(matches));
        }
    }

    [Fact]
    public void The_largest_ordinal_and_the_extreme_similarities_come_back_as_given()
    {
        var matches = new TopMatches();
        matches.Begin(4, null);
        matches.Offer(int.MaxValue, -1f);
        matches.Offer(0, -float.Epsilon);
        matches.Offer(1, float.Epsilon);
        matches.Offer(2, 1f);

        Assert.Equal(
            [new(2, 1f), new(1, float.Epsilon), new(0, -float.Epsilon), new Match(int.MaxValue, -1f)],
            matches.Results().ToArray());
    }

    [Fact]
    public void A_new_search_forgets_the_last_one()
    {
        var matches = new TopMatches();
        matches.Begin(2, 0.9f);
        for (var ordinal = 0; ordinal < 5; ordinal++)
            matches.Offer(ordinal, 1f);

        matches.Begin(3, null);
        matches.Offer(8, 0.1f);

        Assert.Equal([8], Ordinals(matches));
    }

    [Fact]
    public void A_negative_count_and_a_NaN_threshold_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new TopMatches().Begin(-1, null));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TopMatches().Begin(1, float.NaN));
    }

    private static Match[] RandomMatches(Random random, int length)
    {
        // Few different values, so that most tie.
        var values = random.Next(1, 12);
        return [.. Enumerable.Range(0, length).Select(ordinal => new Match(ordinal, (random.Next(2 * values) - values) / (float)values))];
    }

    private static Match[] Sorted(IEnumerable<Match> offered, int count, float? threshold) =>
        [.. offered.Where(x => threshold is null || x.Similarity >= threshold)
            .OrderByDescending(x => x.Similarity).ThenBy(x => x.Ordinal).Take(count)];

    private static int[] Ordinals(TopMatches matches) => [.. matches.Results().ToArray().Select(x => x.Ordinal)];

    private static void AssertSame(Match[] expected, ReadOnlySpan<Match> actual, string where) =>
        Assert.True(expected.AsSpan().SequenceEqual(actual), $"Expected {string.Join(' ', expected)}, got {string.Join(' ', actual.ToArray())}: {where}");
}
