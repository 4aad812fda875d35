using System.Threading.Channels;

namespace ElizaEngine.Storage.Tests;

/// <summary>A clock on which every pause lasts until the test ends it.</summary>
internal sealed class PausedTime : TimeProvider
{
    private readonly Channel<Pause> _begun = Channel.CreateUnbounded<Pause>();

    /// <summary>The next pause that somebody begins, in their order.</summary>
    public Task<Pause> NextAsync() =>
        _begun.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromMinutes(2));

    /// <summary>Whether anybody has begun one that was not looked at.</summary>
    public bool HasBegun => _begun.Reader.TryPeek(out _);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var pause = new Pause(callback, state, dueTime);
        _begun.Writer.TryWrite(pause);
        return pause;
    }

    /// <param name="callback">Whom it tells.</param>
    /// <param name="state">For it.</param>
    /// <param name="length">How long it was to be.</param>
    internal sealed class Pause(TimerCallback callback, object? state, TimeSpan length) : ITimer
    {
        public TimeSpan Length => length;

        public void End() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
