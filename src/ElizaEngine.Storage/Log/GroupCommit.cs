using System.Diagnostics;

namespace ElizaEngine.Storage;

/// <summary>
/// One flush for many waiting commits. The appender hands frames over; one thread at a time checksums, writes and flushes them,
/// publishes their states and completes their waiters, always in the order of the log. As a rule that is the log's own writer thread.
/// A caller that waits alone, on a quick disk, leads: it does all of it itself, which spares waking two threads. It may also offer the lead
/// to its thread for when it has begun to wait, so that what it begins before can join.
/// <list type="bullet">
/// <item>Of the writer thread and a leader only one is at work; the one hands over to the other under <see cref="_sync"/>.</item>
/// <item>A commit is acknowledged only after its frame, and every frame before it, is as durable as the level asks.</item>
/// <item>A state is published before any of its commits is acknowledged.</item>
/// <item>After a fault, a failed write or flush here or in the background, nothing is written, published or acknowledged any more, and
/// nothing is tried again.</item>
/// <item>When the writer thread has ended nobody writes, whatever ended it: a leader at work is waited for, because the directory may have
/// another owner then.</item>
/// <item>The writer thread never takes the gate, so a caller may wait for it while holding the gate. A leader has left the gate, and
/// never takes it either before it is done. A lead that is only offered nobody waits for: the writer thread takes it back.</item>
/// </list>
/// </summary>
internal sealed class GroupCommit
{
    /// <summary>The writer waits for the commits that are about to come at most this long, and at most a quarter of a flush.</summary>
    private static readonly long s_cohortTicksMax = Stopwatch.Frequency / 10_000; // 100 us

    private const ulong BytesBetweenLooks = 2 << 20;

    private static readonly List<TaskCompletionSource> s_noRequests = [];

    private readonly object _sync = new();
    private readonly LogOptions _options;
    private readonly Action<object> _published;
    private readonly PendingBytes _pending;
    private readonly Queue<LogFrame> _queued = new();
    private readonly List<LogFrame> _writing = [];
    private readonly List<LogFrame> _led = [];
    private readonly FrameBuffers _buffers;
    private readonly FrameWriter _writer;
    private readonly LeadOffer _offer = new();
    private readonly List<TaskCompletionSource> _flushRequests = [];
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private LogFrame? _open;
    private volatile LogFault? _fault;
    private volatile int _waitingCommits;
    private bool _stopping;
    private bool _isThreadAtWork;
    private bool _isLed;
    private int _ledBytes;
    private bool _threadWaitsForLeader;
    private int _waitingForRoom;
    private int _expectedCommits;
    private long _commits;
    private ulong _lookedAtLsn;

    public GroupCommit(LogOptions options, PendingBytes pending, FrameBuffers buffers, ulong durableLsn, Action<object> published)
    {
        _options = options;
        _pending = pending;
        _buffers = buffers;
        _published = published;
        _writer = new FrameWriter(options, durableLsn);
        _lookedAtLsn = durableLsn;
    }

    public LogFault? Fault => _fault;

    /// <summary>Every frame below it is durable.</summary>
    public ulong DurableLsn => _writer.DurableLsn;

    /// <summary>Every frame below it is in a file.</summary>
    public ulong WrittenLsn => _writer.WrittenLsn;

    /// <summary>Whether the byte at this lsn went into a file.</summary>
    public bool WasWritten(ulong lsn) => lsn < WrittenLsn;

    /// <summary>Completes when nobody writes any more, nor will: after <see cref="Stop"/> or a fault.</summary>
    public Task Stopped => _stopped.Task;

    /// <summary>Acknowledged commits.</summary>
    public long Commits => Volatile.Read(ref _commits);

    /// <summary>What was written so far.</summary>
    public (long Bytes, long Flushes, long Frames, long Records) Counters => _writer.Counters;

    /// <summary>Called each time the log has grown by 2 MiB, by whoever writes it, not under the gate. Must be quick, and must not throw.</summary>
    public Action Grown { get; set; } = static () => { };

    public void Start() => new Thread(Run) { IsBackground = true, Name = "ElizaEngine log writer" }.Start();

    /// <summary>Takes the open frame away from the writer; null when there is none. Under the gate.</summary>
    /// <exception cref="LogPoisonedException">A write failed.</exception>
    public LogFrame? TakeOpen()
    {
        lock (_sync)
        {
            ThrowIfFaulted();
            var open = _open;
            _open = null;
            return open;
        }
    }

    /// <summary>
    /// Gives the open frame back: the writer takes it as soon as it is free. Under the gate. True: the caller leads, and must call
    /// <see cref="Lead"/> when it has left the gate; until then nobody writes.
    /// </summary>
    /// <param name="frame">The open frame.</param>
    /// <param name="mayLead">Whether the caller is ready to.</param>
    public bool ReturnOpen(LogFrame frame, bool mayLead)
    {
        lock (_sync)
        {
            if (_fault is { } fault)
            {
                Drop(frame, fault.Error);
                return false;
            }

            _open = frame;
            _waitingCommits = CountWaiting();
            if (mayLead && IsAlone(frame))
            {
                _ledBytes = frame.PayloadBytes;
                return _isLed = true;
            }

            _offer.NoteCommit();
            if (!_isLed)
                Monitor.PulseAll(_sync);
            return false;
        }
    }

    /// <summary>
    /// Writes, flushes, publishes and acknowledges what waits, on the caller's thread. Whatever fails is reported to those who wait, the
    /// caller among them. Not under the gate.
    /// </summary>
    public void Lead()
    {
        lock (_sync)
            TakeFrames(_led);
        LeadTaken(keepsLast: false, together: 0);
    }

    /// <summary>
    /// Leaves the lead to whoever calls <see cref="LeadOffered"/> first, where that is worth it; what is committed until then joins. Where
    /// somebody cannot wait for that, the writer thread comes first. Not under the gate.
    /// </summary>
    /// <returns>False: nothing is offered, the caller must lead itself.</returns>
    public bool TryOffer()
    {
        lock (_sync)
        {
            if (_options.Durability != Durability.PowerLoss || _stopping || _fault is not null || _queued.Count > 0 || _flushRequests.Count > 0
                || _waitingForRoom > 0)
                return false;
            return _offer.TryOpen(_ledBytes);
        }
    }

    /// <summary>
    /// Leads where that was offered and nobody came before. The last of those who waited goes on inside this call, when all is done.
    /// </summary>
    public void LeadOffered()
    {
        int together;
        lock (_sync)
        {
            if (!_offer.TryTake(out together))
                return;
            TakeFrames(_led);
        }

        LeadTaken(keepsLast: true, together)?.SucceedHere();
    }

    /// <summary>Hands over a frame that takes no more batches. Under the gate.</summary>
    public void Enqueue(LogFrame frame)
    {
        lock (_sync)
        {
            if (_fault is { } fault)
            {
                Drop(frame, fault.Error);
                return;
            }

            _queued.Enqueue(frame);
            _waitingCommits = CountWaiting();
            TakeBackOffer();
            Monitor.PulseAll(_sync);
        }
    }

    /// <summary>Waits, holding the gate, until the bytes not yet written are back under their limit.</summary>
    /// <exception cref="LogPoisonedException">A write failed.</exception>
    public void WaitForRoom()
    {
        lock (_sync)
        {
            _waitingForRoom++;
            if (TakeBackOffer())
                Monitor.PulseAll(_sync);
            while (_pending.IsOverLimit && _fault is null)
                Monitor.Wait(_sync);
            _waitingForRoom--;
            ThrowIfFaulted();
        }
    }

    /// <summary>The body of a record whose frame is not yet in the file. Under the gate; valid until the next append.</summary>
    public bool TryRead(RecordLocation location, out ReadOnlySpan<byte> body)
    {
        lock (_sync)
        {
            if (_open is { } open && open.TryRead(location, out body))
                return true;
            foreach (var frame in _queued)
            {
                if (frame.TryRead(location, out body))
                    return true;
            }

            foreach (var frame in _writing)
            {
                if (frame.TryRead(location, out body))
                    return true;
            }
        }

        body = default;
        return false;
    }

    /// <summary>Completes when everything committed before the call is durable.</summary>
    public Task FlushAsync()
    {
        lock (_sync)
        {
            if (_fault is { } fault)
                return Task.FromException(new LogPoisonedException(fault.Reason, fault.Error));
            if (_stopping)
                return Task.FromException(new LogClosedException());
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _flushRequests.Add(done);
            TakeBackOffer();
            Monitor.PulseAll(_sync);
            return done.Task;
        }
    }

    /// <summary>Writes and flushes what was handed over, then ends the thread.</summary>
    public void Stop()
    {
        lock (_sync)
        {
            _stopping = true;
            TakeBackOffer();
            Monitor.PulseAll(_sync);
        }
    }

    /// <summary>Fails every commit that is not acknowledged and refuses every later one.</summary>
    public void Poison(string reason, Exception error)
    {
        lock (_sync)
        {
            if (_fault is not null)
                return;
            _fault = new LogFault(reason, error);
            foreach (var frame in _writing)
                Fail(frame, error);
            foreach (var frame in _queued)
                Drop(frame, error);
            _queued.Clear();
            if (_open is { } open)
                Drop(open, error);
            _open = null;
            foreach (var request in _flushRequests)
                request.TrySetException(new LogPoisonedException(reason, error));
            _flushRequests.Clear();
            _waitingCommits = 0;
            // Nobody may ever come for it, and the thread ends only without a leader.
            TakeBackOffer();
            Monitor.PulseAll(_sync);
        }

        _pending.End(() => new LogPoisonedException(reason, error));
    }

    public void ThrowIfFaulted()
    {
        if (_fault is { } fault)
            throw new LogPoisonedException(fault.Reason, fault.Error);
    }

    private void Run()
    {
        var group = new List<LogFrame>();
        var requests = new List<TaskCompletionSource>();
        try
        {
            while (TakeWork(group, requests))
                Commit(group, requests);
            _writer.Flush();
        }
        catch (Exception error)
        {
            GiveUp(group, requests, error);
        }

        _stopped.TrySetResult();
    }

    /// <summary>
    /// Commits the frames that were taken to lead, and ends the lead. The last of those who wait is not told, but returned, if asked to.
    /// </summary>
    private CommitWaiter? LeadTaken(bool keepsLast, int together)
    {
        CommitWaiter? last = null;
        var wasFlushMissing = _writer.IsFlushMissing;
        try
        {
            last = Commit(_led, s_noRequests, keepsLast, together);
        }
        catch (Exception error)
        {
            GiveUp(_led, s_noRequests, error);
        }

        lock (_sync)
        {
            _led.Clear();
            _isLed = false;
            // The writer goes on with what came meanwhile, and looks after a flush that will be due.
            if (_threadWaitsForLeader || HasWork() || _stopping || _fault is not null || wasFlushMissing != _writer.IsFlushMissing)
                Monitor.PulseAll(_sync);
        }

        return last;
    }

    /// <summary>The writer thread will lead. Under <see cref="_sync"/>, before it is woken.</summary>
    private bool TakeBackOffer()
    {
        if (!_offer.Close())
            return false;
        _isLed = false;
        return true;
    }

    private CommitWaiter? Commit(List<LogFrame> group, List<TaskCompletionSource> requests, bool keepsLast = false, int together = 0)
    {
        WriteGroup(group);
        FlushIfDue(group, requests);
        Publish(group);
        if (_writer.WrittenLsn - _lookedAtLsn >= BytesBetweenLooks)
        {
            _lookedAtLsn = _writer.WrittenLsn;
            Grown();
        }

        return Acknowledge(group, requests, keepsLast, together);
    }

    /// <summary>
    /// Whatever it was, the frames in hand are neither known to be durable nor known not to be. A fault from elsewhere came first and
    /// stays.
    /// </summary>
    private void GiveUp(List<LogFrame> group, List<TaskCompletionSource> requests, Exception error)
    {
        Poison(error.Message, error);
        var fault = _fault!;
        foreach (var frame in group)
            Fail(frame, fault.Error);
        foreach (var request in requests)
            request.TrySetException(new LogPoisonedException(fault.Reason, fault.Error));
    }

    /// <summary>Whether nobody is at work, and nobody else waits or was there at the last flush.</summary>
    private bool IsAlone(LogFrame frame) =>
        !_isLed && !_isThreadAtWork && !_stopping && _queued.Count == 0 && frame.Commits == 1 && _flushRequests.Count == 0
        && _expectedCommits <= 1
        && _options.Durability switch
        {
            Durability.PowerLoss => TimeSpan.FromSeconds((double)_writer.FlushTicks / Stopwatch.Frequency) <= _options.LeaderFlushMax,
            Durability.ProcessCrash => true,
            _ => false,
        };

    private bool HasWork() => _queued.Count > 0 || _open is { Commits: > 0 } || _flushRequests.Count > 0;

    private void TakeFrames(List<LogFrame> group)
    {
        _writing.AddRange(_queued);
        _queued.Clear();
        if (_open is { Commits: > 0 } open)
        {
            _writing.Add(open);
            _open = null;
        }

        group.AddRange(_writing);
        _waitingCommits = 0;
    }

    /// <summary>Waits for frames, a flush that is asked for or due, or the end. False at the end.</summary>
    private bool TakeWork(List<LogFrame> group, List<TaskCompletionSource> requests)
    {
        group.Clear();
        requests.Clear();
        // One alone has nobody to wait for, and leads when it comes.
        if (_options.CohortWait && _expectedCommits > 1)
            WaitForCohort();
        lock (_sync)
        {
            _isThreadAtWork = false;
            while (true)
            {
                // After a fault too: the leader may be inside a write.
                if (_isLed)
                {
                    _threadWaitsForLeader = true;
                    Monitor.Wait(_sync);
                    _threadWaitsForLeader = false;
                    continue;
                }

                if (_fault is not null)
                    return false;
                if (HasWork())
                    break;
                if (_stopping)
                    return false;
                if (!_writer.IsFlushMissing || _options.Durability != Durability.ProcessCrash)
                    Monitor.Wait(_sync);
                else if (_writer.MillisecondsToFlush is > 0 and var milliseconds)
                    Monitor.Wait(_sync, milliseconds);
                else
                    break; // Nothing to write, a flush is due.
            }

            _isThreadAtWork = true;
            TakeFrames(group);
            requests.AddRange(_flushRequests);
            _flushRequests.Clear();
            return true;
        }
    }

    /// <summary>
    /// Without a wait the commits that were just acknowledged come back while the others are being flushed, so each flush can serve one
    /// half only. A short wait lets both halves into one flush. It ends as soon as as many wait as there were at the last flush, and at
    /// the latest at its deadline, which is all that a caller who stays away costs the others. No numbers here: they belong to a disk.
    /// To measure, run DurableCreateBenchmark (benchmarks/ElizaEngine.Benchmarks), which puts creates beside R, the durable writes of
    /// the same disk in the same run; then once more with the default of <see cref="LogOptions.CohortWait"/> turned to false.
    /// </summary>
    private void WaitForCohort()
    {
        var deadline = Stopwatch.GetTimestamp() + Math.Min(s_cohortTicksMax, _writer.FlushTicks / 4);
        while (_waitingCommits < _expectedCommits && _fault is null && Stopwatch.GetTimestamp() < deadline)
            Thread.Yield();
    }

    private void WriteGroup(List<LogFrame> group)
    {
        long bytes = 0;
        foreach (var frame in group)
        {
            _writer.GoTo(frame.File);
            ThrowIfFaulted();
            _writer.Write(frame);
            bytes += frame.PayloadBytes;
        }

        if (group.Count == 0)
            return;
        lock (_sync)
        {
            // A fault while this thread wrote has failed the commits of these frames already: they are neither flushed nor published.
            ThrowIfFaulted();
            // From here on the mapping shows these records, and the buffers can be used again.
            _writing.Clear();
            foreach (var frame in group)
                _buffers.Return(frame.Buffer);
            _pending.Remove(bytes);
            // A pulse wakes the writer thread too, which costs a leader as much as all the rest.
            if (_waitingForRoom > 0)
                Monitor.PulseAll(_sync);
        }
    }

    private void FlushIfDue(List<LogFrame> group, List<TaskCompletionSource> requests)
    {
        var due = requests.Count > 0 || _options.Durability switch
        {
            Durability.PowerLoss => group.Exists(static frame => frame.Commits > 0),
            Durability.ProcessCrash => _writer.MillisecondsToFlush == 0,
            _ => false,
        };
        if (due)
            _writer.Flush();
    }

    /// <summary>Publishes the group; throws when a fault came before. A fault from here on is behind the group.</summary>
    private void Publish(List<LogFrame> group)
    {
        lock (_sync)
            ThrowIfFaulted();
        foreach (var frame in group)
        {
            if (frame.State is { } state)
                _published(state);
        }
    }

    /// <param name="group">Whose commits are told.</param>
    /// <param name="requests">Told as well.</param>
    /// <param name="keepsLast">The last commit is returned instead, for the caller to tell.</param>
    /// <param name="together">So many of the commits have the same caller as another one among them.</param>
    private CommitWaiter? Acknowledge(List<LogFrame> group, List<TaskCompletionSource> requests, bool keepsLast, int together)
    {
        var commits = 0;
        foreach (var frame in group)
            commits += frame.Commits;
        // Before anybody is told, so that who asks then finds his own among them.
        Volatile.Write(ref _commits, _commits + commits);
        // One caller comes back, however many calls it began together.
        _expectedCommits = _waitingCommits + commits - together;
        CommitWaiter? last = null;
        foreach (var frame in group)
        {
            while (frame.TakeWaiter() is { } waiter)
            {
                last?.Succeed();
                last = waiter;
            }
        }

        if (!keepsLast)
        {
            last?.Succeed();
            last = null;
        }

        foreach (var request in requests)
            request.TrySetResult();
        return last;
    }

    private int CountWaiting()
    {
        var count = _open?.Commits ?? 0;
        foreach (var frame in _queued)
            count += frame.Commits;
        return count;
    }

    /// <summary>
    /// Of a frame that the writer never saw. Its memory is not left to the finalizer: a caller under the gate may be looking at it.
    /// </summary>
    private void Drop(LogFrame frame, Exception error)
    {
        Fail(frame, error);
        _buffers.Return(frame.Buffer);
    }

    private static void Fail(LogFrame frame, Exception error)
    {
        var unknown = new LogOutcomeUnknownException(error);
        while (frame.TakeWaiter() is { } waiter)
            waiter.Fail(unknown);
    }
}
