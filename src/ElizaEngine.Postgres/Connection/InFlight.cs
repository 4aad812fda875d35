namespace ElizaEngine.Postgres;

/// <summary>Counts the calls under way, so that closing can wait for them and refuse later ones. Thread-safe.</summary>
/// <param name="what">What is closed, for the error.</param>
/// <param name="whole">What this is a part of: each call is one of the whole too. Null: of nothing.</param>
internal sealed class InFlight(string what, InFlight? whole = null)
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
        }
        try
        {
            whole?.Begin();
            return new Call(this);
        }
        catch (DatabaseClosedException)
        {
            Leave();
            throw;
        }
    }

    /// <exception cref="DatabaseClosedException">It is closed, or the whole is.</exception>
    public void ThrowIfClosed()
    {
        if (IsClosed) throw new DatabaseClosedException(what);
        whole?.ThrowIfClosed();
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
        whole?.End();
        Leave();
    }

    private void Leave()
    {
        lock (_gate)
        {
            if (--_count == 0 && _isClosed) _drained.TrySetResult();
        }
    }

    /// <summary>A call under way, until it is disposed. The default is none.</summary>
    public readonly struct Call(InFlight? owner) : IDisposable
    {
        public void Dispose() => owner?.End();
    }
}
