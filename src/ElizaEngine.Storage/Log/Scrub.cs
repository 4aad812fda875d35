namespace ElizaEngine.Storage;

/// <summary>
/// Reads, in the background and at a bounded rate, what opening took the word of index files and of a checkpoint for: frames of log files,
/// with all their checksums. So damage is found while a backup of the undamaged file may still be at hand, not when somebody asks for the row.
/// </summary>
/// <param name="files">Log files of which opening left frames unread. One that copies take the place of meanwhile is left alone.</param>
/// <param name="pins">Keep a file mapped that is being read.</param>
/// <param name="bytesPerSecond">Read at most; 0: nothing is read.</param>
/// <param name="time">Paces the reading.</param>
internal sealed class Scrub(IReadOnlyList<LogFile> files, ReadPins pins, long bytesPerSecond, TimeProvider time) : IAsyncDisposable
{
    private const int SliceBytes = 1 << 20;

    private readonly CancellationTokenSource _stop = new();
    private LogDamagedException? _damage;
    private Task _work = Task.CompletedTask;

    /// <summary>The first damage that was found; null: none so far.</summary>
    public LogDamagedException? Damage => Volatile.Read(ref _damage);

    /// <summary>Completes when everything has been read, or the reading was stopped.</summary>
    public Task Work => _work;

    public void Start()
    {
        if (bytesPerSecond > 0 && files.Count > 0)
            _work = Task.Run(RunAsync);
    }

    /// <summary>Ends the reading. Once.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _work.ConfigureAwait(false);
        _stop.Dispose();
    }

    /// <summary>Notes damage that was found elsewhere; the first stays.</summary>
    public void Note(LogDamagedException damage) => Interlocked.CompareExchange(ref _damage, damage, null);

    private async Task RunAsync()
    {
        var pause = TimeSpan.FromSeconds((double)SliceBytes / bytesPerSecond);
        foreach (var file in files)
        {
            try
            {
                using var frames = FrameReader.Frames(file, file.UnreadTo).GetEnumerator();
                while (ReadSlice(file, frames))
                    await Task.Delay(pause, time, _stop.Token).ConfigureAwait(false);
            }
            catch (LogDamagedException damage)
            {
                // The next frame's place is not known: the other files may still be sound.
                Note(damage);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>Reads some frames; false when there are no more.</summary>
    private bool ReadSlice(LogFile file, IEnumerator<FramePlace> frames)
    {
        using var pin = pins.Pin();
        if (file.Moved is not null)
            return false;
        for (long read = 0; read < SliceBytes; read += frames.Current.OccupiedBytes)
        {
            if (!frames.MoveNext())
                return false;
        }

        return true;
    }
}
