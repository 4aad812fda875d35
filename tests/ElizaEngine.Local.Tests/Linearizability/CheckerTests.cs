using Xunit;

namespace ElizaEngine.Local.Tests.Linearizability;

/// <summary>That the checker knows one kind of history from the other.</summary>
public sealed class CheckerTests
{
    [Fact]
    public void Calls_that_overlap_may_take_effect_in_either_order()
    {
        Assert.Equal(Finding.Linearizable, Check(Put(0, 9, 1), Get(1, 2, 0), Get(3, 4, 1), Get(5, 6, 1)));
        Assert.Equal(Finding.Linearizable, Check(Put(0, 9, 1), Put(1, 8, 2), Get(10, 11, 1)));
        Assert.Equal(Finding.Linearizable, Check(Put(0, 9, 1), Put(1, 8, 2), Get(10, 11, 2)));
    }

    [Fact]
    public void An_old_value_after_the_new_one_was_acknowledged_is_none() =>
        Assert.Equal(Finding.NotLinearizable, Check(Put(0, 1, 1), Put(2, 3, 2), Get(4, 5, 1)));

    [Fact]
    public void A_value_that_comes_and_goes_is_none() =>
        Assert.Equal(Finding.NotLinearizable, Check(Put(0, 9, 1), Get(1, 2, 1), Get(3, 4, 0)));

    [Fact]
    public void A_value_that_nobody_wrote_is_none() => Assert.Equal(Finding.NotLinearizable, Check(Put(0, 1, 1), Get(2, 3, 7)));

    [Fact]
    public void A_lost_update_is_none()
    {
        Assert.Equal(Finding.NotLinearizable, Check(Put(0, 1, 1), new(2, 8, [new(0, 1, 2)]), new(3, 9, [new(0, 1, 3)])));
        Assert.Equal(Finding.Linearizable, Check(Put(0, 1, 1), new(2, 8, [new(0, 1, 2)]), new(3, 9, [new(0, 2, 3)])));
    }

    [Fact]
    public void A_delete_says_whether_there_was_one()
    {
        Observation there = new(2, 3, [new(0, Touch.SomeValue, 0)]), absent = new(2, 3, [new(0, 0, 0)]);
        Assert.Equal(Finding.Linearizable, Check(Put(0, 1, 1), there, Get(4, 5, 0)));
        Assert.Equal(Finding.NotLinearizable, Check(Put(0, 1, 1), absent));
        Assert.Equal(Finding.NotLinearizable, Check(there));
    }

    [Fact]
    public void Half_of_a_call_of_two_keys_is_none()
    {
        var both = new Observation(0, 9, [new(0, null, 1), new(1, null, 1)]);
        Assert.Equal(Finding.Linearizable, Check(both, new(1, 2, [new(0, 0, null), new(1, 0, null)]), new(3, 4, [new(0, 1, null), new(1, 1, null)])));
        Assert.Equal(Finding.NotLinearizable, Check(both, new(1, 2, [new(0, 1, null), new(1, 0, null)])));
    }

    [Fact]
    public void A_call_of_which_nobody_knows_may_have_been_or_not_but_not_both()
    {
        var unknown = Put(2, 3, 2) with { IsCertain = false };
        Assert.Equal(Finding.Linearizable, Check(Put(0, 1, 1), unknown, Get(4, 5, 1)));
        Assert.Equal(Finding.Linearizable, Check(Put(0, 1, 1), unknown, Get(4, 5, 2)));
        Assert.Equal(Finding.Linearizable, Check(Put(0, 1, 1), unknown, Get(4, 5, 1), Get(6, 7, 2)));
        Assert.Equal(Finding.NotLinearizable, Check(Put(0, 1, 1), unknown, Get(4, 5, 2), Get(6, 7, 1)));
        Assert.Equal(Finding.NotLinearizable, Check(unknown, Get(0, 1, 2)));
    }

    [Fact]
    public void What_is_tried_has_a_limit()
    {
        // All at once, and the one value that cannot be explained: every order would have to be tried.
        Observation[] history = [.. Enumerable.Range(1, 20).Select(static i => Put(i, 100, i)), Get(200, 201, 99)];
        Assert.Equal(Finding.GaveUp, new Checker(statesMax: 10_000).Check(history));
    }

    private static Observation Put(long begin, long end, int value) => new(begin, end, [new(0, null, value)]);

    private static Observation Get(long begin, long end, int value) => new(begin, end, [new(0, value, null)]);

    private static Finding Check(params Observation[] history) => new Checker().Check(history);
}
