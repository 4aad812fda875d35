using System.Diagnostics;
using System.Globalization;
using Microsoft.Coyote;
using Microsoft.Coyote.SystematicTesting;

namespace ElizaEngine.Interleavings;

/// <summary>
/// Runs small scenarios under many interleavings of their threads, which Coyote decides and not the processors. This program and the log are
/// rewritten for that first: see <c>tools/nightly/interleavings.sh</c>. Arguments: seconds for each scenario; a seed.
/// </summary>
internal static class Program
{
    /// <summary>The scenarios, and whether each holds: those that do not are there to prove that a fault is found.</summary>
    private static readonly (string Name, Func<Task> Run, bool Holds)[] s_scenarios =
    [
        ("reader pins while closing", PinScenarios.CloseAsync, true),
        ("reader pins while files are replaced", PinScenarios.DrainAsync, true),
        ("files are freed without waiting for pins", PinScenarios.FreeTooEarlyAsync, false),
        ("commits, led and not", CommitScenarios.CommitAsync, true),
        ("callers lead who were not told to", CommitScenarios.LeadUnaskedAsync, false),
        ("commits while a flush fails", CommitScenarios.FailAsync, true),
        ("commits while another poisons the log", CommitScenarios.PoisonAsync, true),
    ];

    public static int Main(string[] arguments)
    {
        var seconds = int.Parse(arguments[0], CultureInfo.InvariantCulture);
        var seed = uint.Parse(arguments[1], CultureInfo.InvariantCulture);
        Console.WriteLine($"      seed {seed}");
        var wrong = 0;
        foreach (var (name, run, holds) in s_scenarios)
        {
            var started = Stopwatch.GetTimestamp();
            // A few on any machine, then what the time allows.
            var (paths, fault) = Explore(run, configuration => configuration.WithTestingIterations(holds ? 3u : 1000u), seed);
            if (fault is null && holds)
            {
                (var more, fault) = Explore(run, configuration => configuration.WithTestingIterations(uint.MaxValue).WithTestingTimeout(seconds), seed + 1);
                paths += more;
            }
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"      {name}: {paths} interleavings in {Stopwatch.GetElapsedTime(started).TotalSeconds:f1} s, {(fault is null ? "no fault" : "a fault was found")}{(fault is null == holds ? "" : ", WRONG")}"));
            if (fault is null == holds) continue;
            wrong++;
            Console.WriteLine(fault);
        }
        return wrong == 0 ? 0 : 1;
    }

    private static (int Paths, string? Fault) Explore(Func<Task> run, Func<Configuration, Configuration> limit, uint seed)
    {
        var configuration = limit(Configuration.Create())
            .WithRandomGeneratorSeed(seed)
            .WithMaxSchedulingSteps(600)
            // A thread that waits so long for its processor is no deadlock.
            .WithDeadlockTimeout(60_000)
            .WithAtomicOperationRaceCheckingEnabled(true)
            .WithVolatileOperationRaceCheckingEnabled(true)
            .WithTelemetryEnabled(false);
        using var engine = TestingEngine.Create(configuration, run);
        engine.Run();
        var report = engine.TestReport;
        return (report.NumOfExploredFairPaths + report.NumOfExploredUnfairPaths, report.NumOfFoundBugs > 0 ? string.Join('\n', report.BugReports) : null);
    }
}
