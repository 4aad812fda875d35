using ElizaEngine.Local;
using ElizaEngine.Storage;

namespace ElizaEngine;

public sealed partial class LocalDatabase
{
    // Applying a record at opening takes as long as reading so many bytes of the log.
    private const long BytesOfRecord = 1024;

    // A checkpoint in the background is worth so many times its own bytes of the log: of a large state all checkpoints together write a row
    // a few times, and opening after a crash has a part of it to apply: of memories with 384 components a fifth.
    private const long CheckpointWorth = 8;

    // After a failure where there is none so much log must come before the next attempt, and twice as much after each one more.
    private const long BytesBeforeRetry = 4 << 20;

    private readonly Lock _checkpointGate = new();
    private readonly Lock _checkpointWriting = new();
    private Task _checkpoint = Task.CompletedTask;
    private ulong _checkpointLsn;
    private long _checkpointRecords; // Records written since the opening, when it was made; less than 0: so many lay behind it then.
    private long _checkpointBytes; // Of one that could not be written, or is too large, too.
    private ulong _triedLsn; // Where the last one was made, or failed: in the background the next one comes as long after it.
    private long _triedRecords;
    private int _failures; // Since the last one that was made.

    /// <summary>The checkpoint that is being written in the background, or was last. It does not fail.</summary>
    internal Task Checkpointing
    {
        get
        {
            lock (_checkpointGate) return _checkpoint;
        }
    }

    /// <summary>
    /// Writes the state down, so that the next opening need not collect it. What fails is left for the next time, which in the background
    /// comes when the log has grown by as much as behind one that was written, or less where there is none: what made it fail may never go away.
    /// Of a state that is too large there is none: that is seen when its rows have been counted, before anything is collected, and an older
    /// checkpoint stays.
    /// </summary>
    /// <param name="minLogBytes">Where less has come to the log since the last, by what it takes to apply, nothing is written.</param>
    /// <param name="cancellationToken">Ends it, as a failure does.</param>
    internal void WriteCheckpoint(long minLogBytes, CancellationToken cancellationToken)
    {
        lock (_checkpointWriting)
        {
            var tried = _log.Statistics;
            try
            {
                // Now, so that the snapshot, for which writers wait, has little left to flush.
                _log.FlushAsync().GetAwaiter().GetResult();
                tried = _log.Statistics;
                if (!IsDue(tried, _checkpointLsn, _checkpointRecords, minLogBytes)) return;
                using var held = _log.Hold();
                using var pin = _log.Pin();
                // Before the snapshot: what comes between counts as behind it, and may be in front.
                var records = _log.Statistics.Records;
                var (state, snapshot) = Sequencer.TakeSnapshot();
                var room = Options.LargestCheckpoint - LogCheckpoint.BytesOf(snapshot, StateCheckpoint.LeastLength(state, headsBytes: 0));
                var heads = new CheckpointHeads(state, _log, room, cancellationToken);
                // Before anything is collected, so that what is collected in vain, for want of memory, is not collected again so soon.
                _checkpointBytes = StateCheckpoint.LeastLength(state, heads.Length);
                if (heads.Length <= room)
                {
                    var checkpoint = new StateCheckpoint(state, heads, _log, cancellationToken);
                    _checkpointBytes = checkpoint.Length;
                    // With its scopes, which only the memories tell.
                    if (LogCheckpoint.BytesOf(snapshot, checkpoint.Length) <= Options.LargestCheckpoint)
                        _log.WriteCheckpoint(snapshot, checkpoint.Length, checkpoint.Write);
                }
                // One that is too large counts as made: the log must grow by as much as if it had been, before all is counted again.
                (_checkpointLsn, _checkpointRecords) = (_triedLsn, _triedRecords) = (snapshot.EndLsn, records);
                _failures = 0;
                return;
            }
            catch (LogDamagedException damage)
            {
                _log.NoteDamage(damage);
            }
            catch (Exception)
            {
                // Whatever it is, a full disk, too little memory, or somebody who cancels: without a checkpoint the index files are read, or
                // the log.
            }
            (_triedLsn, _triedRecords) = (tried.WrittenLsn, tried.Records);
            _failures++;
        }
    }

    private static bool IsDue(LogStatistics log, ulong lsn, long records, long minLogBytes) =>
        log.WrittenLsn > lsn && (long)(log.WrittenLsn - lsn) + ((log.Records - records) * BytesOfRecord) >= minLogBytes;

    /// <summary>
    /// Begins a checkpoint in the background, where one is due. The log's gate may be held. Not where damage was found, which a checkpoint
    /// is likely to meet, until somebody has verified and repaired it.
    /// </summary>
    private void BeginCheckpoint()
    {
        lock (_checkpointGate)
        {
            if (!_isOpen || !_checkpoint.IsCompleted || _log.Damage is not null) return;
            var log = _log.Statistics;
            var growth = Options.LogBetweenCheckpoints == 0 ? 0 : Math.Max(Options.LogBetweenCheckpoints, _checkpointBytes * CheckpointWorth);
            // Without any, opening has the whole log before it: then the next attempt comes sooner.
            var wait = _checkpointLsn == 0 && _failures > 0 ? Math.Min(growth, BytesBeforeRetry << Math.Min(_failures - 1, 20)) : growth;
            if (!IsDue(log, _triedLsn, _triedRecords, wait)) return;
            // Without a thread for it: when the log has grown once more.
            var bytes = (long)(log.WrittenLsn - _triedLsn);
            _checkpoint = OwnThread.TryRun(() => WriteCheckpoint(wait, _upkeepEnd.Token), bytes) ?? _checkpoint;
        }
    }

    /// <summary>After a compaction: the old one is of files that are gone, and may have what was deleted.</summary>
    private void RenewCheckpoint(CancellationToken cancellationToken)
    {
        if (Options.Directory is null) return;
        lock (_checkpointWriting)
        {
            _log.FileSystem.TryDelete(_log.Directory + "/" + FileNames.Checkpoint);
            _checkpointLsn = _triedLsn = 0;
        }
        WriteCheckpoint(Options.LogWithoutCheckpoint, cancellationToken);
    }
}
