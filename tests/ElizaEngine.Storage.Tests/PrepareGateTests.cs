namespace ElizaEngine.Storage.Tests;

/// <summary>The background leaves the disk to commits, but keeps nobody waiting who needs what it prepares.</summary>
public sealed class PrepareGateTests
{
    private readonly PrepareGate _gate = new(Timeout.InfiniteTimeSpan);

    [Fact]
    public async Task Who_comes_to_the_gate_ends_the_pause_of_the_background()
    {
        using var inside = new ManualResetEventSlim();
        var background = Task.Run(() =>
        {
            using (_gate.EnterUnhurried())
            {
                inside.Set();
                _gate.Pause();
                _gate.Pause();
            }
        });
        inside.Wait();
        var waiter = Task.Run(() =>
        {
            using (_gate.Enter())
                return background.Status;
        });

        await background;
        await waiter;
    }

    [Fact]
    public void Who_is_waited_for_does_not_pause()
    {
        using (_gate.Enter())
            _gate.Pause();
    }

    [Fact]
    public async Task After_the_last_hurry_nobody_pauses_again()
    {
        var background = Task.Run(() =>
        {
            using (_gate.EnterUnhurried())
            {
                for (var i = 0; i < 100; i++)
                    _gate.Pause();
            }
        });
        _gate.Hurry();
        await background;
    }
}
