using System.Diagnostics;

namespace ElizaEngine.Storage;

/// <summary>
/// Bounds what a copy takes from others. Work comes in slices of <see cref="SliceBytes"/>, some tenths of a millisecond:
/// <list type="bullet">
/// <item>After a slice during which somebody committed it pauses, so that beside commits it has a quarter of one processor at most. It
/// always goes on after <see cref="PauseMaxMs"/>, so it ends, however many commits there are.</item>
/// <item>Without commits it pauses as the limit of bytes a second asks.</item>
/// </list>
/// One thread, which sleeps: the callers of a commit want the others.
/// </summary>
/// <param name="bytesPerSecond">Worked off at most; 0: no pauses at all.</param>
/// <param name="commits">How many there have been.</param>
/// <param name="cancellationToken">Ends a pause.</param>
internal sealed class CopyPace(long bytesPerSecond, Func<long> commits, CancellationToken cancellationToken)
{
    private const int SliceBytes = 64 << 10;
    private const int PausePerWork = 3;
    private const double PauseMinMs = 1; // A thread sleeps no shorter.
    private const double PauseMaxMs = 20;

    private long _sliceBytes;
    private long _sliceStart = Stopwatch.GetTimestamp();
    private long _commits = commits();
    private double _owedMs; // Of the limit.

    /// <summary>Notes work, and pauses when that is due.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void Spend(long bytes)
    {
        _sliceBytes += bytes;
        if (bytesPerSecond == 0 || _sliceBytes < SliceBytes)
            return;
        var now = commits();
        var workedMs = Stopwatch.GetElapsedTime(_sliceStart).TotalMilliseconds;
        _owedMs = Math.Max(0, _owedMs + (1e3 * _sliceBytes / bytesPerSecond) - workedMs);
        var pauseMs = now == _commits ? _owedMs : Math.Max(_owedMs, Math.Clamp(PausePerWork * workedMs, PauseMinMs, PauseMaxMs));
        if (pauseMs >= PauseMinMs)
        {
            var start = Stopwatch.GetTimestamp();
            cancellationToken.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(pauseMs));
            cancellationToken.ThrowIfCancellationRequested();
            _owedMs -= Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        _commits = now;
        _sliceBytes = 0;
        _sliceStart = Stopwatch.GetTimestamp();
    }
}
