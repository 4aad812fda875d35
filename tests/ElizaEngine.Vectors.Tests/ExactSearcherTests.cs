using Xunit;

namespace ElizaEngine.Vectors.Tests;

public class ExactSearcherTests
{
    private const int Seed = 20254;

    [Theory]
    [InlineData(10, null)]
    [InlineData(1, null)]
    [InlineData(0, null)]
    [InlineData(5000, null)]
    [InlineData(int.MaxValue, 0.05f)]
    [InlineData(10, 0f)]
    [InlineData(10, 2f)]
    public void The_result_is_the_sorted_list_of_all_candidates_cut_at_threshold_and_count(int count, float? threshold)
    {
        var random = new Random(Seed);
        var rows = RandomRows(random, 1000, 384);
        var query = TestVectors.Random(random, 384);
        var expected = rows.Select((row, ordinal) => new Match(ordinal, TestVectors.Similarity(query, row)))
            .Where(x => threshold is null || x.Similarity >= threshold)
            .OrderByDescending(x => x.Similarity).ThenBy(x => x.Ordinal).Take(count);

        Assert.Equal(expected, Search(query, rows, count, threshold, new TopMatches()));
    }

    [Fact]
    public void Identical_vectors_tie_and_come_in_the_order_they_were_added()
    {
        var random = new Random(Seed);
        var rows = RandomRows(random, 50, 100);
        foreach (var copy in new[] { 3, 17, 18, 40 })
            rows[copy] = rows[7];

        var found = Search(rows[7], rows, 4, null, new TopMatches());

        Assert.Equal([3, 7, 17, 18], found.Select(x => x.Ordinal));
        Assert.Single(found.Select(x => x.Similarity).Distinct());
    }

    [Fact]
    public void A_candidate_can_carry_an_ordinal_of_the_caller()
    {
        var searcher = new ExactSearcher([1f, 0f], 1, 2, null, new TopMatches());
        searcher.Add(900, [1f, 0f], 1);
        searcher.Add(12, [1f, 0f], 1);
        searcher.Add(7, [0f, 1f], 1);

        Assert.Equal([new(12, 1f), new Match(900, 1f)], searcher.Results().ToArray());
    }

    [Fact]
    public void The_length_of_a_vector_does_not_matter_only_its_direction()
    {
        float[][] rows = [[2e-12f, 0f], [3e11f, 3e11f], [0f, -5f]];

        var found = Search([1e12f, 0f], rows, 3, null, new TopMatches());

        Assert.Equal([0, 1, 2], found.Select(x => x.Ordinal));
        Assert.Equal(1f, found[0].Similarity, 1e-6f);
        Assert.Equal(0.70710678f, found[1].Similarity, 1e-6f);
        Assert.Equal(0f, found[2].Similarity);
    }

    [Fact]
    public void A_candidate_of_another_dimension_is_refused()
    {
        Assert.Throws<ArgumentException>(() =>
        {
            var searcher = new ExactSearcher(new float[384], 1, 10, null, new TopMatches());
            searcher.Add(new float[1536], 1);
        });
    }

    [Fact]
    public void Asking_for_a_prefetch_changes_nothing_even_of_no_memory()
    {
        ExactSearcher.Prefetch([]);
        ExactSearcher.Prefetch(new float[1]);
        ExactSearcher.Prefetch(new float[4000]);
    }

    [Fact]
    public void A_search_with_grown_scratch_allocates_nothing()
    {
        var random = new Random(Seed);
        var rows = RandomRows(random, 300, 64);
        var inverseNorms = rows.Select(row => Norm.InverseOf(row)).ToArray();
        var matches = new TopMatches();
        long Allocated()
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var searcher = new ExactSearcher(rows[0], inverseNorms[0], 100, 0f, matches);
            for (var i = 0; i < rows.Length; i++)
                searcher.Add(rows[i], inverseNorms[i]);
            Assert.False(searcher.Results().IsEmpty);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Allocated();

        Assert.Equal(0, Allocated());
    }

    private static float[][] RandomRows(Random random, int count, int dimension) =>
        [.. Enumerable.Range(0, count).Select(_ => TestVectors.Random(random, dimension))];

    private static Match[] Search(float[] query, float[][] rows, int count, float? threshold, TopMatches matches)
    {
        var searcher = new ExactSearcher(query, Norm.InverseOf(query), count, threshold, matches);
        foreach (var row in rows)
            searcher.Add(row, Norm.InverseOf(row));
        return searcher.Results().ToArray();
    }
}
