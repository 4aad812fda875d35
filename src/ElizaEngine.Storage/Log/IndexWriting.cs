namespace ElizaEngine.Storage;

/// <summary>Gives each log file that has ended its index, in the background, one after the other. Any thread.</summary>
/// <param name="files">Of the directory.</param>
/// <param name="directory">Of log and index files.</param>
/// <param name="minBytes">A file that holds less gets none.</param>
/// <param name="newHeads">New heads for each file; null: no index files.</param>
/// <param name="used">The files that hold frames.</param>
/// <param name="durableLsn">Up to where the log is durable.</param>
/// <param name="pins">Keep a file mapped that is being read.</param>
/// <param name="damaged">Told of a frame that was found damaged.</param>
internal sealed class IndexWriting(
    IFileSystem files, string directory, long minBytes, Func<IRecordHeads?> newHeads, Func<LogFile[]> used, Func<ulong> durableLsn, ReadPins pins,
    Action<LogDamagedException> damaged)
{
    private readonly Lock _sync = new();
    private readonly Lock _writing = new(); // Held while a file's index is written, or forgotten.
    private Task _work = Task.CompletedTask;
    private volatile bool _stopped;

    /// <summary>The writing in the background; completed when there is none.</summary>
    public Task Work
    {
        get
        {
            lock (_sync)
                return _work;
        }
    }

    /// <summary>Writes what is missing, in the background; where there is no thread for that, at the next call.</summary>
    public void Start()
    {
        lock (_sync)
        {
            if (_stopped || !_work.IsCompleted)
                return;
            var bytes = used().Where(IsMissing).Sum(static file => (long)file.FileBytes);
            _work = OwnThread.TryRun(() => WriteEnded(() => _stopped), bytes) ?? _work;
        }
    }

    /// <summary>Completes when no index is being written, and writes no more.</summary>
    public Task StopAsync()
    {
        lock (_sync)
        {
            _stopped = true;
            return _work;
        }
    }

    /// <summary>
    /// Writes what is still missing, also for the file that frames go into, as far as it has got. After <see cref="StopAsync"/>, when the
    /// log is at rest.
    /// </summary>
    public void Finish()
    {
        WriteEnded(static () => false);
        var durable = durableLsn();
        if (used() is [.., { IsEnded: false } tail] && tail.IndexedTo < durable && durable - tail.FirstLsn >= (ulong)minBytes)
            TryWrite(tail, durable);
    }

    /// <summary>Removes the index of files that copies took the place of. No index of them is written any more.</summary>
    public void Forget(IEnumerable<LogFile> replaced)
    {
        lock (_writing)
        {
            foreach (var file in replaced)
                files.TryDelete(directory + "/" + FileNames.Index(file.Number));
        }
    }

    private static bool IsMissing(LogFile file) => file.IsEnded && file.IndexedTo < file.EndLsn;

    private void WriteEnded(Func<bool> isStopped)
    {
        foreach (var file in used())
        {
            if (isStopped())
                return;
            if (IsMissing(file) && file.EndLsn <= durableLsn())
                TryWrite(file, file.EndLsn);
        }
    }

    private void TryWrite(LogFile file, ulong endLsn)
    {
        if (endLsn - file.FirstLsn < (ulong)minBytes || newHeads() is not { } heads)
            return;
        try
        {
            using var pin = pins.Pin();
            lock (_writing)
            {
                if (file.Moved is not null)
                    return;
                LogIndex.Write(files, directory, file, endLsn, heads);
            }
        }
        catch (LogClosedException)
        {
            return;
        }
        catch (LogDamagedException error)
        {
            damaged(error);
        }
        catch (StorageIOException)
        {
            // Without an index the data is read.
        }

        file.IndexedTo = endLsn;
    }
}
