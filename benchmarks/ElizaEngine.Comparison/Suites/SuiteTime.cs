using System.Diagnostics;
using ElizaEngine.Comparison.Report;

namespace ElizaEngine.Comparison.Suites;

/// <summary>
/// The time of a suite: what has not begun after a share of it is left out, and says so. A slow or busy machine gets fewer rows, not
/// a longer run.
/// </summary>
internal sealed class SuiteTime(Run run)
{
    private readonly TimeSpan _limit = run.Pick(TimeSpan.MaxValue, TimeSpan.FromMinutes(3), TimeSpan.FromMinutes(30));
    private readonly long _start = Stopwatch.GetTimestamp();

    /// <summary>Whether it is too late for something.</summary>
    /// <param name="share">Of the time, 0 to 1: what must not have passed.</param>
    public bool IsAfter(double share) => Stopwatch.GetElapsedTime(_start) / _limit > share;

    /// <summary>Whether something that takes so long would end in time.</summary>
    public bool HasLeft(TimeSpan needed) => Stopwatch.GetElapsedTime(_start) <= _limit - needed;

    /// <summary>What stands in the table instead.</summary>
    public static Row LeftOut(Row row) => row with { NotRun = "no time was left in this run" };
}
