namespace ElizaEngine.Postgres;

/// <summary>Counts the calls under way, so that closing can wait for them and refuse later ones. Thread-safe.</summary>
internal sealed class InFlight(string what)
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;
    private bool _isClosed;

    public bool IsClosed
    {
        get
        {
            lock (_gate) return _isClosed;
        }
    }

    /// <exception cref="DatabaseClosedException">It is closed.</exception>
    public Call Begin()
    {
        lock (_gate)
        {
            if (_isClosed) throw new DatabaseClosedException(what);
            _count++;
            return new Call(this);
        }
    }

    public void ThrowIfClosed()
    {
        if (IsClosed) throw new DatabaseClosedException(what);
    }

    /// <summary>Refuses calls from now on, and waits for those under way.</summary>
    public Task CloseAsync()
    {
        lock (_gate)
        {
            _isClosed = true;
            if (_count == 0) _drained.TrySetResult();
        }
        return _drained.Task;
    }

    private void End()
    {
        lock (_gate)
        {
            if (--_count == 0 && _isClosed) _drained.TrySetResult();
        }
    }

    /// <summary>A call under way, until it is disposed.</summary>
    public readonly struct Call(InFlight owner) : IDisposable
    {
        public void Dispose() => owner.End();
    }
}
