using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using ElizaEngine.Storage;

namespace ElizaEngine.Local;

/// <summary>
/// Puts writes in order. Under the log's gate a call is planned against the newest state, durable or not, and becomes one batch
/// of the log; readers are shown a state only when everything in it is durable.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>The newest state is the published one with every batch sequenced since applied, in log order.</item>
/// <item>A plan that throws has changed nothing.</item>
/// <item>An acknowledged call is in the published state.</item>
/// </list>
/// </summary>
internal sealed class Sequencer
{
    // A batch this small never becomes a chain of frames, so nothing can fail once it is planned.
    private const long MaxInPlaceBytes = 64 << 10;

    // Of padding, in a batch: one that does not fit into a frame holds the gate until nearly all of it is written.
    private const long PadBytes = 512 << 10;

    private readonly RecordCache _cache;
    private readonly VectorPartitions _partitions;
    private readonly Draft _draft; // Under the gate.
    private WriteAheadLog _log = null!;
    private DatabaseState _newest;
    private DatabaseState _published;

    public Sequencer(RecordReader records, RecordCache cache, VectorPartitions partitions)
    {
        _partitions = partitions;
        _newest = _published = new DatabaseState();
        _cache = cache;
        _draft = new Draft(_newest, records, isLocked: true);
    }

    /// <summary>What readers see: everything in it is durable.</summary>
    public DatabaseState Published => Volatile.Read(ref _published);

    /// <summary>Before the first call.</summary>
    public void Attach(WriteAheadLog log, DatabaseState recovered)
    {
        _log = log;
        _newest = _published = recovered;
    }

    /// <summary>Called by the log, in order, when a state has become durable.</summary>
    public void Publish(object state) => Volatile.Write(ref _published, (DatabaseState)state);

    /// <summary>The newest state and the log that holds exactly it, both durable. Writers wait for one flush. The caller holds a pin.</summary>
    public (DatabaseState State, LogSnapshot Log) TakeSnapshot()
    {
        lock (_log.Gate)
        {
            var snapshot = _log.TakeSnapshotLocked();
            return (Published, snapshot);
        }
    }

    /// <summary>Adds at least so many bytes to the log, durably, and nothing to the state. Other writers go on.</summary>
    /// <param name="bytes">More than 0.</param>
    /// <param name="cancellationToken">Ends it between two batches.</param>
    public async Task PadAsync(long bytes, CancellationToken cancellationToken)
    {
        for (var left = bytes; left > 0; left -= PadBytes) await PadOnceAsync(Math.Min(left, PadBytes), cancellationToken).ConfigureAwait(false);
    }

    private async Task PadOnceAsync(long bytes, CancellationToken cancellationToken)
    {
        await _log.ReserveAsync(bytes, cancellationToken).ConfigureAwait(false);
        ValueTask durable;
        try
        {
            lock (_log.Gate) durable = _log.CommitPaddingLocked(bytes, _newest);
        }
        catch
        {
            _log.Unreserve();
            throw;
        }
        await durable.ConfigureAwait(false);
    }

    /// <summary>
    /// Runs one call. A call of a single row announces its bytes and edits the open frame's state in place; any other is planned
    /// on a state of its own, so that it may throw half way.
    /// </summary>
    /// <param name="plan">Reads the draft, throws or has effects. With <paramref name="bytesMax"/> it must not throw after an effect.</param>
    /// <param name="bytesMax">Most bytes the effects take in the log; null: not known yet.</param>
    /// <param name="cancellationToken">Counts until the gate is taken.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<T> CommitAsync<T>(Func<Draft, T> plan, long? bytesMax, CancellationToken cancellationToken)
    {
        T? result = default;
        ValueTask durable;
        var leads = false;
        ExceptionDispatchInfo? refusal = null;
        var isInPlace = bytesMax <= MaxInPlaceBytes;
        await _log.ReserveAsync(bytesMax ?? 0, cancellationToken).ConfigureAwait(false);
        var isCommitted = false;
        try
        {
            lock (_log.Gate)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (_log.Fault is { } fault) throw new WritesRefusedException(fault.Error);
                try
                {
                    result = isInPlace ? PlanInPlaceLocked(plan, bytesMax!.Value) : PlanApartLocked(plan);
                }
                catch (Exception error) when (_log.Fault is null)
                {
                    refusal = ExceptionDispatchInfo.Capture(error);
                }
                var hasEffect = _draft.Effects.Count > 0 && refusal is null;
                var joins = !hasEffect && !ReferenceEquals(_newest, Published);
                durable = hasEffect ? AppendLocked(isInPlace, out leads) : joins ? JoinLocked(isRefused: refusal is not null, out joins, out leads) : ValueTask.CompletedTask;
                isCommitted = hasEffect || joins;
            }
        }
        finally
        {
            // Nothing will be written that lets in the next who waits for room.
            if (!isCommitted) _log.Unreserve();
        }
        if (leads) _log.LeadSoon();
        if (refusal is null)
        {
            await durable.ConfigureAwait(false);
            return result!;
        }
        // Whoever is refused hears of it when what refuses him can be seen: nobody finds a room of which he was told that it is gone, and a
        // transaction that is run again at once would only lose again.
        try
        {
            await durable.ConfigureAwait(false);
        }
        catch (LogOutcomeUnknownException)
        {
            // Of the others' writes, not of this call: of that nothing was written.
        }
        refusal.Throw();
        throw new UnreachableException();
    }

    private T PlanInPlaceLocked<T>(Func<Draft, T> plan, long bytesMax)
    {
        _log.BeginLocked(bytesMax);
        var frame = _log.FrameIdLocked;
        _draft.Begin(_newest.EditableBy(frame));
        try
        {
            var result = plan(_draft);
            if (_draft.Effects.Count == 0) _log.AbandonLocked();
            return result;
        }
        catch (Exception error)
        {
            // Once an effect has begun, the open frame's state, which earlier commits share, may be half changed: never publish it.
            if (_draft.IsDirty) _log.PoisonLocked(error);
            else _log.AbandonLocked();
            throw;
        }
    }

    private T PlanApartLocked<T>(Func<Draft, T> plan)
    {
        _draft.Begin(_newest.EditableBy(DatabaseState.NewPrivateOwner()));
        try
        {
            var result = plan(_draft);
            if (_draft.Effects.Count > 0) _log.BeginLocked(_draft.Bytes);
            return result;
        }
        catch
        {
            _draft.State.Undo();
            throw;
        }
    }

    private ValueTask AppendLocked(bool isInPlace, out bool leads)
    {
        try
        {
            foreach (var effect in _draft.Effects)
            {
                var body = _log.AppendLocked(effect.Kind, effect.Length, out var location, effect.Alignment, effect.AlignedOffset);
                effect.Write(body);
                if (effect.Place(_draft.State, location) is { } row) Keep(row);
            }
        }
        catch (Exception error)
        {
            if (isInPlace)
            {
                _log.PoisonLocked(error);
            }
            else
            {
                _draft.State.Undo();
                _log.AbandonLocked();
            }
            throw;
        }
        _newest = _draft.State;
        foreach (var effect in _draft.Effects)
        {
            if (effect is PutVector vector) _partitions.Added(_newest, vector.MemoryId, vector.Dimension);
        }
        _draft.Clear();
        return _log.CommitLocked(_newest, out leads);
    }

    // What is written is not kept decoded where rows are many: most are never read, and keeping them costs a writer twice, once
    // more for each generation of the garbage collector. The first reader decodes. (64 callers: 1.2x the commits, half the p99.)
    private void Keep(Row row)
    {
        if (row is MemoryRow or LogRow) row.Decoded = null;
        // Counted with the bytes of the row's own record, whichever effect made this version of it.
        else if (row is { Decoded: not null, Location.Length: > 0 }) _cache.Add(row, row.Location.Length);
    }

    // A call that found its work done already is acknowledged no sooner than that work is durable, and one that is refused is told no sooner.
    // Where that cannot be, since there is no room in the log for one, who is refused is told at once.
    private ValueTask JoinLocked(bool isRefused, out bool isJoined, out bool leads)
    {
        (isJoined, leads) = (true, false);
        try
        {
            _log.BeginLocked(0);
        }
        catch (Exception) when (isRefused)
        {
            isJoined = false;
            return ValueTask.CompletedTask;
        }
        return _log.CommitLocked(_newest, out leads);
    }
}
