namespace ElizaEngine.Storage;

/// <summary>
/// Bounds the bytes that were appended and not yet written. A soft bound: callers that were let in at the same moment may together pass
/// it by what they append. First come, first served. Any thread.
/// <para>Somebody lets in the first of those who wait: while bytes are pending whoever writes them, and otherwise a caller that was let in
/// before. So such a caller appends something, which is written, or says that it did not: <see cref="PassOn"/>.</para>
/// </summary>
internal sealed class PendingBytes(long limit)
{
    private readonly Lock _gate = new();
    private readonly LinkedList<Waiter> _waiters = new();
    private long _bytes;
    private Func<Exception>? _ended;

    public bool IsOverLimit => Volatile.Read(ref _bytes) > limit;

    /// <summary>Completes when there is room for <paramref name="bytes"/> more, or nothing at all is pending.</summary>
    /// <exception cref="OperationCanceledException">Cancelled while waiting.</exception>
    public ValueTask WaitAsync(long bytes, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (_ended is not null)
                throw _ended();
            if (_waiters.Count == 0 && HasRoom(bytes))
                return ValueTask.CompletedTask;
            var waiter = new Waiter(bytes);
            var node = _waiters.AddLast(waiter);
            return new ValueTask(AwaitAsync(node, cancellationToken));
        }
    }

    public void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);

    /// <summary>Lets in the callers that fit now.</summary>
    public void Remove(long bytes)
    {
        lock (_gate)
        {
            Interlocked.Add(ref _bytes, -bytes);
            long admitted = 0;
            while (_waiters.First is { } first
                && (admitted == 0 ? HasRoom(first.Value.Bytes) : _bytes + admitted + first.Value.Bytes <= limit))
            {
                admitted += first.Value.Bytes;
                _waiters.RemoveFirst();
                first.Value.Done.TrySetResult();
            }
        }
    }

    /// <summary>A caller that was let in has appended nothing: its place is free for those who wait.</summary>
    public void PassOn() => Remove(0);

    /// <summary>Fails every caller that waits, and every later one.</summary>
    public void End(Func<Exception> reason)
    {
        lock (_gate)
        {
            _ended ??= reason;
            foreach (var waiter in _waiters)
                waiter.Done.TrySetException(reason());
            _waiters.Clear();
        }
    }

    private bool HasRoom(long bytes)
    {
        var pending = Volatile.Read(ref _bytes);
        return pending == 0 || pending + bytes <= limit;
    }

    private async Task AwaitAsync(LinkedListNode<Waiter> node, CancellationToken cancellationToken)
    {
        using var registration = cancellationToken.UnsafeRegister(
            static (state, token) => ((Waiter)state!).Done.TrySetCanceled(token), node.Value);
        try
        {
            await node.Value.Done.Task.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            lock (_gate)
            {
                if (node.List is not null)
                    _waiters.Remove(node);
            }

            PassOn();
            throw;
        }
    }

    private sealed record Waiter(long Bytes)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
