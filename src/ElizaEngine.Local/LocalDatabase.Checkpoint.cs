using ElizaEngine.Local;
using ElizaEngine.Storage;

namespace ElizaEngine;

public sealed partial class LocalDatabase
{
    // A checkpoint in the background is worth so much of the log, and a third of all of it: opening after a crash has that much to apply,
    // and all checkpoints together write a row a few times.
    private const long CheckpointLogBytes = 32L << 20;
    private const long CheckpointLogShare = 3;

    private readonly Lock _checkpointGate = new();
    private readonly Lock _checkpointWriting = new();
    private Task _checkpoint = Task.CompletedTask;
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
    /// <param name="minLogBytes">Where the log has grown by less since the last, nothing is written.</param>
    internal void WriteCheckpoint(long minLogBytes)
    {
        lock (_checkpointWriting)
        {
            try
            {
                using var held = _log.Hold();
                using var pin = _log.Pin();
                var (state, snapshot) = Sequencer.TakeSnapshot();
                if (snapshot.EndLsn == _checkpointLsn || snapshot.EndLsn - _checkpointLsn < (ulong)minLogBytes) return;
                LogCheckpoint.Write(_log.FileSystem, _log.Directory, snapshot, writer => StateCheckpoint.Write(state, _log, writer));
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
            _checkpoint = Task.Run(() => WriteCheckpoint(Math.Max(CheckpointLogBytes, _log.Statistics.BytesOnDisk / CheckpointLogShare)));
        }
    }

    /// <summary>After a compaction: the old one is of files that are gone, and may have what was deleted.</summary>
    private void RenewCheckpoint()
    {
        lock (_checkpointWriting)
        {
            _log.FileSystem.TryDelete(_log.Directory + "/" + FileNames.Checkpoint);
            _checkpointLsn = 0;
        }
        WriteCheckpoint(Options.LogWithoutCheckpoint);
    }
}
