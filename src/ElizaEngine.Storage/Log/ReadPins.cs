using System.Numerics;
using System.Runtime.InteropServices;

namespace ElizaEngine.Storage;

/// <summary>Keeps every log file mapped until it is disposed, once. The default value pins nothing.</summary>
internal readonly struct ReadPin : IDisposable
{
    private readonly ReadPins? _pins;
    private readonly int _stripe;

    public ReadPin(ReadPins pins, int stripe)
    {
        _pins = pins;
        _stripe = stripe;
    }

    public void Dispose() => _pins?.Release(_stripe);
}

/// <summary>
/// Counts readers, one counter per processor so that readers do not share a cache line. After <see cref="CloseAsync"/> began no pin is
/// given; when it completes none is held. Any thread; no allocation for a reader.
/// <para>
/// Each processor has two counters, of which new pins take the current one: whoever waits for the pins of before turns to the other one
/// and waits for this one to become empty, and does so once more. A pin that was slow to count itself, on a counter that was no longer
/// the current one, is waited for the second time, or has seen what was done before the waiting began.
/// </para>
/// </summary>
internal sealed class ReadPins
{
    private static readonly TimeSpan s_drainInterval = TimeSpan.FromMilliseconds(5);

    private readonly Counter[] _counters = new Counter[2 * BitOperations.RoundUpToPowerOf2((uint)Environment.ProcessorCount)];
    private volatile TaskCompletionSource? _released;
    private volatile int _current; // 0 or 1.
    private volatile bool _closing;

    /// <exception cref="LogClosedException">The log is closing.</exception>
    public ReadPin Pin()
    {
        var stripe = (2 * (Thread.GetCurrentProcessorId() & ((_counters.Length / 2) - 1))) + _current;
        // A full fence: either this thread sees the closing flag, or the closer sees this count.
        Interlocked.Increment(ref _counters[stripe].Value);
        if (!_closing)
            return new ReadPin(this, stripe);
        Release(stripe);
        throw new LogClosedException();
    }

    public void Release(int stripe)
    {
        Interlocked.Decrement(ref _counters[stripe].Value);
        if (_closing)
            _released?.TrySetResult();
    }

    /// <summary>Completes when every pin that was held when it was called is gone. One call at a time.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        for (var round = 0; round < 2; round++)
        {
            var before = _current;
            _current = 1 - before;
            Interlocked.MemoryBarrier();
            // Looked at now and then: a reader must not pay for telling, and nobody waits for this.
            while (IsAnyHeld(before, 2))
                await Task.Delay(s_drainInterval, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Completes when the last pin is gone. Called once, when nobody drains any more.</summary>
    public async Task CloseAsync()
    {
        _closing = true;
        while (true)
        {
            // Set before counting: whoever lets go after the count sees it.
            var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _released = released;
            Interlocked.MemoryBarrier();
            if (!IsAnyHeld(0, 1))
                return;
            await released.Task.ConfigureAwait(false);
        }
    }

    private bool IsAnyHeld(int first, int step)
    {
        for (var i = first; i < _counters.Length; i += step)
        {
            if (Interlocked.Read(ref _counters[i].Value) != 0)
                return true;
        }

        return false;
    }

    [StructLayout(LayoutKind.Explicit, Size = 128)]
    private struct Counter
    {
        [FieldOffset(64)]
        public long Value;
    }
}
