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
/// given; when it completes none is held. Any thread; no allocation.
/// </summary>
internal sealed class ReadPins
{
    private readonly Counter[] _counters = new Counter[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Environment.ProcessorCount)];
    private volatile TaskCompletionSource? _released;
    private volatile bool _closing;

    /// <exception cref="LogClosedException">The log is closing.</exception>
    public ReadPin Pin()
    {
        var stripe = Thread.GetCurrentProcessorId() & (_counters.Length - 1);
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

    /// <summary>Completes when the last pin is gone. Called once.</summary>
    public async Task CloseAsync()
    {
        _closing = true;
        while (true)
        {
            // Set before counting: whoever lets go after the count sees it.
            var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _released = released;
            Interlocked.MemoryBarrier();
            if (!IsAnyHeld())
                return;
            await released.Task.ConfigureAwait(false);
        }
    }

    private bool IsAnyHeld()
    {
        foreach (ref var counter in _counters.AsSpan())
        {
            if (Interlocked.Read(ref counter.Value) != 0)
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
