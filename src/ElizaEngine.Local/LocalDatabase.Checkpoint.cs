using ElizaEngine.Local;
using ElizaEngine.Storage;

namespace ElizaEngine;

public sealed partial class LocalDatabase
{
    // So much more of the log than at the last checkpoint, and at least as much as that had, is worth another one: opening reads little,
    // and all checkpoints together cost less than the log.
    private const long CheckpointLogBytes = 32L << 20;

    private readonly Lock _checkpointGate = new();
    private readonly Lock _checkpointWriting = new();
    private Task _checkpoint = Task.CompletedTask;
    private long _checkpointBytes;
    private ulong _checkpointLsn;

    /// <summary>The checkpoint that is being written in the background, or was last. It does not fail.</summary>
    internal Task Checkpointing
    {
        get
        {
            lock (_checkpointGate) return _checkpoint;
        }
    }

    /// <summary>Writes the state down, so that the next opening need not collect it. What fails is left for the next time.</summary>
    /// <param name="isDue">Asked for the lsn up to which the log has got.</param>
    internal void WriteCheckpoint(Func<ulong, bool> isDue)
    {
        lock (_checkpointWriting)
        {
            try
            {
                using var held = _log.Hold();
                using var pin = _log.Pin();
                var (state, snapshot) = Sequencer.TakeSnapshot();
                if (state.Memories.Count < Options.RowsWithoutCheckpoint || !isDue(snapshot.EndLsn)) return;
                _checkpointBytes = LogCheckpoint.Write(_log.FileSystem, _log.Directory, snapshot, writer => StateCheckpoint.Write(state, _log, writer));
                _checkpointLsn = snapshot.EndLsn;
            }
            catch (LogDamagedException damage)
            {
                _log.NoteDamage(damage);
            }
            catch (Exception error) when (error is StorageException or StorageIOException)
            {
                // Without a checkpoint the index files are read, or the log.
            }
        }
    }

    /// <summary>Begins a checkpoint in the background, where one is due. The log's gate may be held.</summary>
    private void BeginCheckpoint()
    {
        lock (_checkpointGate)
        {
            if (!_isOpen || !_checkpoint.IsCompleted) return;
            _checkpoint = Task.Run(() => WriteCheckpoint(lsn => lsn - _checkpointLsn >= (ulong)Math.Max(CheckpointLogBytes, _checkpointBytes)));
        }
    }

    /// <summary>After a compaction: the old one is of files that are gone, and may have what was deleted.</summary>
    private void RenewCheckpoint()
    {
        lock (_checkpointWriting) _log.FileSystem.TryDelete(_log.Directory + "/" + FileNames.Checkpoint);
        WriteCheckpoint(static _ => true);
    }
}
