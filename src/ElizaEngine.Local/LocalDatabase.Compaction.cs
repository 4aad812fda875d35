using System.Diagnostics;
using ElizaEngine.Local;
using ElizaEngine.Storage;

namespace ElizaEngine;

public sealed partial class LocalDatabase
{
    // Of the bytes that count, in the file that frames go into after a compaction; the one prepared behind it is twice as large.
    private const int OpenFileShare = 64;

    // It takes what is written in so long at least, at the speed of writing when the compaction begins: the next one is prepared meanwhile,
    // and writers wait for none.
    private static readonly TimeSpan s_openFileTime = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan s_flushTime = TimeSpan.FromMilliseconds(5);

    private readonly SemaphoreSlim _compacting = new(1, 1);

    /// <summary>
    /// Gives the room back that older versions of rows, deleted rows, and values whose time is over take in the log files, while readers
    /// and writers go on. When it returns, no file holds any of what was gone when the call began; what a reader of before is still
    /// reading stays on the disk, without a name, until that one is done. Frees memory in a database in memory.
    /// <para>
    /// A crash, a failure or a cancellation leaves every row where it was, and room that the next opening gives back.
    /// </para>
    /// </summary>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Ends it between two commits; nothing is replaced then.</param>
    /// <exception cref="InvalidInputException">An option is out of its range.</exception>
    /// <exception cref="CorruptDataException">A file is damaged: verify it. Nothing was changed.</exception>
    /// <exception cref="DiskFullException">
    /// There is no room for what still counts, beside the old files. No row was changed; the log may have grown by room for copies.
    /// </exception>
    /// <exception cref="DirectoryAccessException">The directory cannot be written.</exception>
    /// <exception cref="WritesRefusedException">A write failed, earlier or now.</exception>
    /// <exception cref="CommitOutcomeUnknownException">
    /// A write failed while it deleted cached values whose life is over, or made room for copies in the log.
    /// </exception>
    /// <exception cref="DatabaseClosedException">The database has been closed.</exception>
    public async Task<CompactReport> CompactAsync(CompactOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new CompactOptions();
        if (options.BytesPerSecond < 0) throw new InvalidInputException("bytesPerSecond", options.BytesPerSecond, "0 or more");
        if (!_isOpen) throw new DatabaseClosedException("database");
        var started = Stopwatch.GetTimestamp();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _upkeepEnd.Token);
        try
        {
            await _compacting.WaitAsync(end.Token).ConfigureAwait(false);
            try
            {
                return await TranslatedAsync(() => Task.Run(() => CompactAllAsync(options, started, end.Token), end.Token)).ConfigureAwait(false);
            }
            finally
            {
                _compacting.Release();
            }
        }
        catch (OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new DatabaseClosedException("database");
        }
    }

    // What is at work is told to end, and nothing begins any more.
    private Task StopCompactingAsync() => _compacting.WaitAsync();

    private async Task<CompactReport> CompactAllAsync(CompactOptions options, long started, CancellationToken cancellationToken)
    {
        // What is not yet gone although its time is over would be copied.
        await SweepAsync(cancellationToken).ConfigureAwait(false);
        var before = _log.Statistics;
        var report = await CompactFittingAsync(options, cancellationToken).ConfigureAwait(false);
        // On a thread of its own: which one goes on here is chance.
        if (report is not null) await OwnThread.Run(() => RenewCheckpoint(cancellationToken), (long)_log.Statistics.WrittenLsn).ConfigureAwait(false);
        Partitions.RemoveOrphans();
        var after = _log.Statistics;
        return new CompactReport(
            Options.Directory is null ? null : _log.Directory, before.Files, after.Files, before.BytesOnDisk, after.BytesOnDisk, report?.RecordsBefore ?? 0,
            report?.RecordsAfter ?? 0, Stopwatch.GetElapsedTime(started));
    }

    // Copies can take more of the log than what they are copies of, where little in that counts no more: then they get room behind it.
    // Twice what was missing, and each time twice as much again, since what others commit meanwhile may need some of it, too: without them
    // there is no third attempt, and before there are many the disk is full. Giving up would leave on the disk what was deleted.
    private async Task<LogCompactionReport?> CompactFittingAsync(CompactOptions options, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await CompactEndedAsync(options, cancellationToken).ConfigureAwait(false);
            }
            catch (LogRangeTooSmallException range)
            {
                await Sequencer.PadAsync(range.BytesMissing << Math.Min(attempt, 10), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task<LogCompactionReport?> CompactEndedAsync(CompactOptions options, CancellationToken cancellationToken)
    {
        _log.ShrinkNextFile(Math.Max(LiveBytes() / OpenFileShare, await BytesWrittenInAsync(s_openFileTime).ConfigureAwait(false)));
        ulong end;
        lock (_log.Gate) end = _log.EndFileLocked();
        await _log.FlushAsync().ConfigureAwait(false);
        // Not what has ended since, which may be in the middle of a batch.
        var range = _log.EndedFiles(end);
        return await CompactAsync(range, options.BytesPerSecond, options.Progress, cancellationToken).ConfigureAwait(false);
    }

    private long LiveBytes()
    {
        using var pin = Pin();
        return LiveRecords.BytesOf(Sequencer.Published, _log, static _ => true);
    }

    /// <summary>What writers would write in so long, after what they write during a flush or two; 0 where nobody writes.</summary>
    private async Task<long> BytesWrittenInAsync(TimeSpan time)
    {
        await FlushBrieflyAsync().ConfigureAwait(false);
        var (before, started) = (_log.Statistics.BytesWritten, Stopwatch.GetTimestamp());
        await FlushBrieflyAsync().ConfigureAwait(false);
        await FlushBrieflyAsync().ConfigureAwait(false);
        return (long)((_log.Statistics.BytesWritten - before) * (time / Stopwatch.GetElapsedTime(started)));
    }

    // Nothing depends on the flush: it is a clock that goes with the disk. A slow disk is not waited for.
    private async Task FlushBrieflyAsync()
    {
        var flush = _log.FlushAsync();
        if (await Task.WhenAny(flush, Task.Delay(s_flushTime)).ConfigureAwait(false) == flush) await flush.ConfigureAwait(false);
    }

    private async Task<LogCompactionReport?> CompactAsync(
        IReadOnlyList<LogFile> range, long bytesPerSecond, IProgress<MaintenanceProgress>? progress, CancellationToken cancellationToken)
    {
        if (range.Count == 0) return null;
        // The range is durable; now its records are in the published state, too. That state must not be lost either, or there would be
        // neither the new version of a row nor the old one.
        await _log.FlushAsync().ConfigureAwait(false);
        var state = Sequencer.Published;
        await _log.FlushAsync().ConfigureAwait(false);
        var choice = new LiveRecords(state, _log, range.Select(static file => file.Number).ToHashSet());
        var total = choice.Families * range.Sum(static file => (long)(file.EndLsn - file.FirstLsn));
        return await _log.CompactAsync(range, choice, bytesPerSecond, Step(Adapt(progress), total, LogStage.Copy), cancellationToken).ConfigureAwait(false);
    }
}
