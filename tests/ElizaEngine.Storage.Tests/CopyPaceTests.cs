using System.Diagnostics;

namespace ElizaEngine.Storage.Tests;

/// <summary>When a copy steps aside. A pause under a token that was cancelled throws: so every test sees whether there would be one.</summary>
public sealed class CopyPaceTests
{
    private const int Slice = 64 << 10;
    private const long Fast = 1L << 40;

    private readonly CancellationToken _cancelled = new(canceled: true);

    [Fact]
    public void A_slice_during_which_somebody_committed_is_followed_by_a_pause()
    {
        var commits = 0L;
        var pace = new CopyPace(Fast, () => commits, _cancelled);
        pace.Spend(Slice);
        commits++;
        pace.Spend(Slice - 1);
        Assert.Throws<OperationCanceledException>(() => pace.Spend(1));
    }

    [Fact]
    public void Where_nobody_commits_only_the_limit_counts()
    {
        var free = new CopyPace(Fast, static () => 7, _cancelled);
        for (var i = 0; i < 1000; i++) free.Spend(Slice);
        // A byte a second: whatever time goes by before the first look, a pause is due.
        var limited = new CopyPace(1, static () => 7, _cancelled);
        Assert.Throws<OperationCanceledException>(() => limited.Spend(Slice));
    }

    [Fact]
    public void Without_a_limit_there_is_no_pause_at_all()
    {
        var commits = 0L;
        var pace = new CopyPace(0, () => ++commits, _cancelled);
        for (var i = 0; i < 1000; i++) pace.Spend(Slice);
    }

    [Fact]
    public void However_many_commits_there_are_it_goes_on_after_a_while()
    {
        var commits = 0L;
        var pace = new CopyPace(Fast, () => ++commits, TestContext.Current.CancellationToken);
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < 5; i++) pace.Spend(Slice);
        // A millisecond each at least; what it is at most is the machine's, too.
        Assert.InRange(Stopwatch.GetElapsedTime(started).TotalMilliseconds, 5, 30_000);
    }
}
