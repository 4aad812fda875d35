namespace ElizaEngine.Storage;

/// <summary>
/// Reads frames of log files, with all their checksums, in the background and at a bounded rate: once what opening took the word of index
/// files and of a checkpoint for, and from then on, at long intervals, every file that has ended. So damage is found while a backup of the
/// undamaged file may still be at hand, not when somebody asks for the row.
/// </summary>
/// <param name="unread">Log files of which opening left frames unread.</param>
/// <param name="ended">
/// The log files that have ended, durably, when it comes round. One that copies take the place of meanwhile is left alone.
/// </param>
/// <param name="pins">Keep a file mapped that is being read.</param>
/// <param name="options">How much it reads, how often, and the clock that paces it.</param>
internal sealed class Scrub(IReadOnlyList<LogFile> unread, Func<IReadOnlyList<LogFile>> ended, ReadPins pins, LogOptions options)
    : IAsyncDisposable
{
    private const int SliceBytes = 1 << 20;

    private readonly CancellationTokenSource _stop = new();
    private LogDamagedException? _damage;
    private Task _work = Task.CompletedTask;
    private Task _rounds = Task.CompletedTask;
    private long _owedBytes; // Read, and not yet paused for.

    /// <summary>The first damage that was found; null: none so far.</summary>
    public LogDamagedException? Damage => Volatile.Read(ref _damage);

    /// <summary>Completes when everything that opening left unread has been read, or the reading was stopped.</summary>
    public Task Work => _work;

    public void Start()
    {
        if (options.ScrubBytesPerSecond == 0 || options.Durability == Durability.None)
            return;
        if (unread.Count > 0)
            _work = Task.Run(() => ReadAsync(unread, static file => file.UnreadTo));
        _rounds = ComeRoundAsync();
    }

    /// <summary>Ends the reading. Once.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _work.ConfigureAwait(false);
        await _rounds.ConfigureAwait(false);
        _stop.Dispose();
    }

    /// <summary>Notes damage that was found elsewhere; the first stays.</summary>
    public void Note(LogDamagedException damage) => Interlocked.CompareExchange(ref _damage, damage, null);

    private async Task ComeRoundAsync()
    {
        await _work.ConfigureAwait(false);
        while (await PauseAsync(options.ScrubInterval).ConfigureAwait(false))
            await ReadAsync(ended(), static file => file.EndLsn).ConfigureAwait(false);
    }

    private async Task ReadAsync(IReadOnlyList<LogFile> files, Func<LogFile, ulong> endOf)
    {
        // Of a slice: what is read is paid for in the same coin, whatever the sizes of frames and files are.
        var pause = TimeSpan.FromSeconds((double)SliceBytes / options.ScrubBytesPerSecond);
        foreach (var file in files)
        {
            using var frames = FrameReader.Frames(file, endOf(file)).GetEnumerator();
            for (var isMore = true; isMore;)
            {
                isMore = ReadSlice(file, frames);
                for (; _owedBytes >= SliceBytes; _owedBytes -= SliceBytes)
                {
                    if (!await PauseAsync(pause).ConfigureAwait(false))
                        return;
                }
            }
        }
    }

    /// <summary>Reads some frames; false when there are no more, or the place of the next one is not known: then other files follow.</summary>
    private bool ReadSlice(LogFile file, IEnumerator<FramePlace> frames)
    {
        using var pin = pins.Pin();
        if (file.Moved is not null)
            return false;
        try
        {
            while (_owedBytes < SliceBytes)
            {
                if (!frames.MoveNext())
                    return false;
                _owedBytes += frames.Current.OccupiedBytes;
            }
        }
        catch (LogDamagedException damage)
        {
            Note(damage);
            return false;
        }

        return true;
    }

    /// <summary>False: the reading was stopped.</summary>
    private async Task<bool> PauseAsync(TimeSpan pause)
    {
        try
        {
            await Task.Delay(pause, options.Time, _stop.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
