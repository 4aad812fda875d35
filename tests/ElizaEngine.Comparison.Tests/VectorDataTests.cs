using System.Numerics.Tensors;
using ElizaEngine.Comparison.Data;
using Xunit;

namespace ElizaEngine.Comparison.Tests;

/// <summary>The vectors that engines are compared with: what they must be for a comparison to mean something.</summary>
public sealed class VectorDataTests
{
    private const int Dimension = 48;
    private const int Count = 600;

    private readonly VectorSet _set;

    public VectorDataTests()
    {
        var vectors = new ClusteredVectors(Dimension, 9);
        _set = new VectorSet("small", Dimension, vectors.Rows(Count), vectors.Queries(40));
    }

    [Fact]
    public void A_row_is_the_same_whatever_the_number_of_rows_and_no_query()
    {
        Assert.Equal(new ClusteredVectors(Dimension, 9).Rows(7).AsSpan(6 * Dimension, Dimension), _set.Row(6));
        Assert.NotEqual(_set.Query(0).ToArray(), _set.Row(0).ToArray());
        Assert.NotEqual(new ClusteredVectors(Dimension, 10).Rows(1), _set.Row(0).ToArray());
    }

    [Fact]
    public void Vectors_are_of_unit_length_and_lie_in_clusters()
    {
        for (var row = 0; row < Count; row++) Assert.Equal(1, TensorPrimitives.Norm(_set.Row(row)), 1e-5f);
        var nearest = ExactTruth.Find(_set.Rows, _set.Queries, Dimension, 1, null);
        var ofNearest = Enumerable.Range(0, _set.QueryCount).Average(query => Similarity(query, nearest[query][0]));
        var ofAny = Enumerable.Range(0, _set.QueryCount).Average(query => Similarity(query, query));
        Assert.InRange(ofNearest - ofAny, 0.3, 1);
    }

    [Fact]
    public void The_truth_is_what_sorting_all_rows_gives()
    {
        var truth = ExactTruth.Find(_set.Rows, _set.Queries, Dimension, 10, null);
        for (var query = 0; query < _set.QueryCount; query++)
            Assert.Equal(Enumerable.Range(0, Count).OrderByDescending(row => Similarity(query, row)).Take(10), truth[query]);
    }

    [Fact]
    public void Every_filter_lets_its_share_pass_and_its_truth_lies_in_its_room()
    {
        foreach (var layout in (FilterLayout[])[FilterLayout.Scattered(_set), FilterLayout.Regions(_set)])
        {
            Assert.Equal([300, 60, 6, 1], Enumerable.Range(0, 4).Select(room => layout.Rooms.Count(one => one == room)));
            foreach (var one in layout.Cases.Where(one => one.Room is not null))
            {
                Assert.Equal(layout.Rooms.Count(room => room == one.Room), one.Rows);
                Assert.All(one.Truth, nearest => Assert.Equal(Math.Min(10, one.Rows), nearest.Length));
                Assert.All(one.Truth.SelectMany(nearest => nearest), row => Assert.Equal(one.Room, layout.Rooms[row]));
            }
        }
    }

    [Fact]
    public void Queries_near_a_region_are_more_like_its_rows_than_those_far_from_it()
    {
        var cases = FilterLayout.Regions(_set).Cases;
        foreach (var room in cases.GroupBy(one => one.Room))
            Assert.True(Best(room.Single(one => one.Name.EndsWith("near", StringComparison.Ordinal))) > Best(room.Single(one => one.Name.EndsWith("far", StringComparison.Ordinal))));

        double Best(FilterCase one) => Enumerable.Range(0, one.Queries.Length).Average(i => Similarity(one.Queries[i], one.Truth[i][0]));
    }

    private float Similarity(int query, int row) => TensorPrimitives.Dot(_set.Query(query).Span, _set.Row(row));
}
