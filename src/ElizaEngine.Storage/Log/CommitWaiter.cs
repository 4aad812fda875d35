using System.Threading.Tasks.Sources;

namespace ElizaEngine.Storage;

/// <summary>
/// What a commit waits on. Pooled: awaiting the ValueTask once gives it back. Continuations never run on the writer thread, nor on a
/// leader's before it is done, because the code of a caller could stall every commit there.
/// </summary>
internal sealed class CommitWaiter : IValueTaskSource
{
    private readonly CommitWaiterPool _pool;
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };

    public CommitWaiter(CommitWaiterPool pool) => _pool = pool;

    public ValueTask Task => new(this, _core.Version);

    /// <summary>Waits for the same frame, behind this one: see <see cref="LogFrame.AddWaiter"/>.</summary>
    public CommitWaiter? Next { get; set; }

    public void Succeed() => _core.SetResult(true);

    /// <summary>The caller goes on inside this call: on a thread that has nothing else to do.</summary>
    public void SucceedHere()
    {
        _core.RunContinuationsAsynchronously = false;
        _core.SetResult(true);
    }

    public void Fail(Exception error) => _core.SetException(error);

    void IValueTaskSource.GetResult(short token)
    {
        try
        {
            _core.GetResult(token);
        }
        finally
        {
            _core.Reset();
            _core.RunContinuationsAsynchronously = true;
            _pool.Return(this);
        }
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}

/// <summary>Keeps waiters for reuse. Any thread.</summary>
internal sealed class CommitWaiterPool
{
    private const int Capacity = 1024;
    private readonly Lock _gate = new();
    private readonly Stack<CommitWaiter> _free = new();

    public CommitWaiter Rent()
    {
        lock (_gate)
        {
            if (_free.TryPop(out var waiter))
                return waiter;
        }

        return new CommitWaiter(this);
    }

    public void Return(CommitWaiter waiter)
    {
        lock (_gate)
        {
            if (_free.Count < Capacity)
                _free.Push(waiter);
        }
    }
}
