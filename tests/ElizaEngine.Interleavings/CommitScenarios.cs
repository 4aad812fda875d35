using System.Reflection;
using ElizaEngine.Storage;
using Microsoft.Coyote.Specifications;

namespace ElizaEngine.Interleavings;

/// <summary>
/// Callers commit in the order of a gate; what is acknowledged has been written, flushed and published, in that order, by one thread at a
/// time; when the writer thread has ended nobody writes; nobody waits for ever.
/// </summary>
internal static class CommitScenarios
{
    private const int Callers = 2;
    private const int CommitsOfEach = 2;

    public static Task CommitAsync() => RunAsync(failingFlush: 0, poisons: false);

    public static Task FailAsync() => RunAsync(failingFlush: 2, poisons: false);

    public static Task PoisonAsync() => RunAsync(failingFlush: 0, poisons: true);

    /// <summary>A fault that is meant: callers lead who were not told to.</summary>
    public static Task LeadUnaskedAsync() => RunAsync(failingFlush: 0, poisons: false, leadsUnasked: true);

    private static async Task RunAsync(int failingFlush, bool poisons, bool leadsUnasked = false)
    {
        using var world = new World(failingFlush, leadsUnasked);
        var writer = Task.Run(world.Write);
        var callers = Enumerable.Range(0, Callers).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < CommitsOfEach; i++)
            {
                if (!world.TryCommit()) return;
            }
        })).ToList();
        if (poisons) callers.Add(Task.Run(world.Poison));
        await Task.WhenAll(callers);
        world.Commits.Stop();
        await writer;
        Specification.Assert(failingFlush > 0 || poisons || world.Published == Callers * CommitsOfEach, "a commit is missing");
    }

    private sealed class World : IDisposable
    {
        private static readonly Action<GroupCommit> s_write = typeof(GroupCommit).GetMethod("Run", BindingFlags.Instance | BindingFlags.NonPublic)!
            .CreateDelegate<Action<GroupCommit>>();

        private readonly object _gate = new();
        private readonly MemoryFileSystem _memory = new();
        private readonly WatchedFiles _files;
        private readonly LogFile _file;
        private readonly CommitWaiterPool _waiters = new();
        private readonly bool _leadsUnasked;
        private LogFrame? _newest;
        private int _sequenced;
        private volatile int _published;

        public World(int failingFlush, bool leadsUnasked)
        {
            _leadsUnasked = leadsUnasked;
            _memory.CreateDirectory("/log");
            _files = new WatchedFiles(_memory);
            var header = new LogFileHeader(Guid.Empty, 1, 7, 64 << 10, LogFormat.MaxBlockBytes, 0);
            _file = LogFile.Create(_files, "/log", header, pause: static () => { });
            _files.FailingFlush = failingFlush;
            var options = new LogOptions { CohortWait = false, LeaderFlushMax = TimeSpan.FromHours(1) };
            Buffers = new FrameBuffers(LogFrame.BufferBytes(4096));
            Commits = new GroupCommit(options, new PendingBytes(1 << 20), Buffers, 0, state =>
            {
                Specification.Assert((int)state > _published, "a state was published out of order");
                _published = (int)state;
            });
        }

        public GroupCommit Commits { get; }

        public int Published => _published;

        private FrameBuffers Buffers { get; }

        /// <summary>The writer thread. When it has ended a log that is being closed lets go of its files.</summary>
        public void Write()
        {
            s_write(Commits);
            _files.End();
        }

        public void Poison() => Commits.Poison("poisoned", new InvalidOperationException("poisoned"));

        /// <returns>False: the log takes no more.</returns>
        public bool TryCommit()
        {
            Task done;
            int mine;
            ulong end;
            bool leads;
            lock (_gate)
            {
                LogFrame frame;
                try
                {
                    frame = Commits.TakeOpen() ?? NextFrame();
                }
                catch (LogPoisonedException)
                {
                    return false;
                }
                frame.Append(1, 8, 8, 0, out _).Clear();
                var waiter = _waiters.Rent();
                done = waiter.Task.AsTask();
                frame.AddWaiter(waiter);
                frame.State = mine = ++_sequenced;
                end = frame.EndLsn;
                leads = Commits.ReturnOpen(frame, mayLead: true);
            }
            // Taken by another, perhaps while the next caller joins, or when it has been taken back.
            if (leads && mine % 2 == 0 && Commits.TryOffer()) _ = Task.Run(Commits.LeadOffered);
            else if (leads || _leadsUnasked) Commits.Lead();
            // Not awaited: who completes it is no task that can be steered.
            while (!done.IsCompleted) Thread.Yield();
            if (done.IsFaulted) return false;
            Specification.Assert(Commits.DurableLsn >= end, "a commit was acknowledged before it was durable");
            Specification.Assert(_published >= mine, "a commit was acknowledged before it was published");
            return true;
        }

        public void Dispose()
        {
            Buffers.FreeAll();
            _file.Dispose();
            _memory.Dispose();
        }

        private LogFrame NextFrame()
        {
            var offset = _newest is null ? LogFormat.FileHeaderBytes : _newest.Offset + _newest.OccupiedBytes;
            return _newest = new LogFrame(
                _sequenced, _file, offset, _newest?.EndLsn ?? 0, 1024, FrameFlags.None, Buffers.Rent(LogFrame.BufferBytes(1024)));
        }
    }
}
