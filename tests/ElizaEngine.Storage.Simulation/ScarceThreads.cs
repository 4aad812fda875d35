namespace ElizaEngine.Storage.Simulation;

/// <summary>Starts a thread for whatever asks <see cref="OwnThread"/> for one, until a test says that there are none left.</summary>
internal sealed class ScarceThreads : TaskScheduler
{
    private volatile bool _areNone;
    private int _refused;

    public bool AreNone
    {
        get => _areNone;
        set => _areNone = value;
    }

    /// <summary>How many were asked for in vain.</summary>
    public int Refused => Volatile.Read(ref _refused);

    protected override void QueueTask(Task task)
    {
        if (_areNone)
        {
            Interlocked.Increment(ref _refused);
            // What the runtime throws, whatever it was that the system had none of.
            throw new OutOfMemoryException();
        }

        new Thread(() => TryExecuteTask(task)) { IsBackground = true }.UnsafeStart();
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks() => [];
}
