using ElizaEngine.Local;
using ElizaEngine.Storage;

namespace ElizaEngine;

public sealed partial class LocalDatabase
{
    // So little is not worth a compaction.
    private const long MinDeadBytes = 4L << 20;

    // Rows that one commit of the upkeep deletes at most: other commits wait for none for long.
    private const int UpkeepRows = 256;

    private readonly CancellationTokenSource _upkeepEnd = new();
    private Task _upkeep = Task.CompletedTask;
    private (long BytesWritten, long Sequence) _lookedAt = (-1, -1);

    /// <summary>
    /// Deletes what the options and the clock say, compacts when enough counts no more, and saves graphs that have changed: what happens in the background from time to
    /// time. Whatever fails is tried again the next time.
    /// </summary>
    internal async Task UpkeepAsync(CancellationToken cancellationToken)
    {
        try
        {
            await SweepAsync(cancellationToken).ConfigureAwait(false);
            // Both: a change has been written some time before it can be seen, and what is looked at meanwhile is as it was.
            var now = (_log.Statistics.BytesWritten, Sequencer.Published.Sequence);
            // Looking costs a walk over all rows: not when nothing has changed since. Nor is anything gained by reading again what is damaged, until
            // somebody has verified and repaired it.
            if (now == _lookedAt || _log.Damage is not null) return;
            if (IsCompactionDue()) await CompactAsync(new CompactOptions { BytesPerSecond = Options.CompactionBytesPerSecond }, cancellationToken).ConfigureAwait(false);
            _lookedAt = now;
        }
        finally
        {
            // There may be room for graphs where there is none for the rest.
            Partitions.SaveLater();
        }
    }

    private void StartUpkeep()
    {
        if (Options.UpkeepInterval != Timeout.InfiniteTimeSpan) _upkeep = Task.Run(RunUpkeepAsync);
    }

    private async Task RunUpkeepAsync()
    {
        while (true)
        {
            try
            {
                await Task.Delay(Options.UpkeepInterval, Time, _upkeepEnd.Token).ConfigureAwait(false);
                await UpkeepAsync(_upkeepEnd.Token).ConfigureAwait(false);
            }
            catch (Exception error) when (error is DatabaseClosedException or WritesRefusedException or OperationCanceledException)
            {
                return;
            }
            catch (CorruptDataException error)
            {
                _log.NoteDamage((LogDamagedException)error.InnerException!);
            }
            catch (Exception)
            {
                // A full disk, for one: the next time.
            }
        }
    }

    private async Task StopUpkeepAsync()
    {
        await _upkeepEnd.CancelAsync().ConfigureAwait(false);
        await _upkeep.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        var anyone = new LocalDatabaseAdapter(this, Guid.Empty);
        foreach (var (table, lifetime) in _memoryLifetimes)
        {
            while (await anyone.DeleteExpiredMemoriesAsync(table, lifetime, UpkeepRows, cancellationToken).ConfigureAwait(false))
            {
            }
        }

        await anyone.DeleteExpiredCacheAsync(UpkeepRows, cancellationToken).ConfigureAwait(false);
        if (Options.LogRetention is { } retention) await anyone.TrimLogsOfAllAgentsAsync(retention, UpkeepRows, cancellationToken).ConfigureAwait(false);
    }

    private bool IsCompactionDue()
    {
        if (Options.CompactionShare >= 1) return false;
        var files = _log.EndedFiles();
        var bytes = files.Sum(static file => (long)(file.EndLsn - file.FirstLsn));
        if (bytes < MinDeadBytes) return false;
        var numbers = files.Select(static file => file.Number).ToHashSet();
        using var pin = Pin();
        var dead = bytes - LiveRecords.BytesOf(Sequencer.Published, _log, location => numbers.Contains(_log.PlaceOf(location).File));
        return dead >= Math.Max(MinDeadBytes, bytes * Options.CompactionShare);
    }
}
