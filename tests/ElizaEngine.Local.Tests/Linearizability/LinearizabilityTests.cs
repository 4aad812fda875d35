using System.Globalization;
using ElizaEngine.Conformance.Reference;
using ElizaEngine.Local.Tests.Disk;
using ElizaEngine.Storage;
using ElizaEngine.Storage.Simulation;
using Xunit;

namespace ElizaEngine.Local.Tests.Linearizability;

/// <summary>
/// Callers at the same time see the database as if their calls came one after the other: each takes effect at one moment between its
/// begin and its end. Real threads on a disk in memory, whose flushes let others come first; in some histories a flush fails, and what is
/// found by the next opening belongs to the history.
/// </summary>
[Trait("Stage", "Disk")]
[Collection(nameof(Disk))]
public sealed class LinearizabilityTests
{
    private const int HistoriesInTurns = 5;

    [Fact]
    public async Task Concurrent_calls_take_effect_one_after_the_other()
    {
        var extent = Extent.Of("CONCURRENT", 240, 300);
        var tally = new Tally();
        await extent.RunAsync(async (seed, _) =>
        {
            var random = new Random(seed);
            var severalKeys = random.Next(2) == 0;
            var isPoisoned = random.Next(4) == 0;
            using var memory = new MemoryFileSystem();
            var files = new FaultyFileSystem(memory) { Fault = Disturb(random.Next(), isPoisoned ? random.Next(5, 40) : int.MaxValue) };
            var settings = new DiskSettings(seed);
            RecordedHistory history;
            await using (var database = await settings.OpenAsync(files, TimeProvider.System))
            {
                // Of several keys all calls are one history; of one, each key has its own.
                history = severalKeys ? new RecordedHistory(database, seed, 4, 14, 3, severalKeys: true) : new RecordedHistory(database, seed, 8, 40, 6, severalKeys: false);
                await history.RunAsync();
            }
            await using (var reopened = await settings.OpenAsync(memory, TimeProvider.System)) await history.ReadAllAsync(reopened);
            tally.Add(history, seed);
        });
        Console.WriteLine($"      seed {Extent.Seed}: {tally}");
        Assert.True(tally.Conflicts > 0, "no transaction lost to another");
    }

    /// <summary>That it can fail: databases with a fault are found out, each by every history.</summary>
    [Theory]
    [InlineData(Fault.LostUpdate)]
    [InlineData(Fault.UncommittedRowsVisible)]
    public async Task A_database_with_a_fault_is_found_out(Fault fault)
    {
        for (var seed = 1; seed <= HistoriesInTurns; seed++)
        {
            var history = await RunInTurnsAsync(new Faults(fault), seed);
            Assert.True(new Checker().CheckByKey(history.Calls) == Finding.NotLinearizable, $"{fault} was not noticed in history {seed}");
        }
    }

    /// <summary>And that it does not blame everybody: not a database without a fault, in histories of the same seeds.</summary>
    [Fact]
    public async Task A_database_without_a_fault_is_not_and_the_same_seed_makes_the_same_history()
    {
        for (var seed = 1; seed <= HistoriesInTurns; seed++)
        {
            var history = await RunInTurnsAsync(Faults.None, seed);
            Assert.True(new Checker().CheckByKey(history.Calls) == Finding.Linearizable, $"history {seed}");
            var again = await RunInTurnsAsync(Faults.None, seed);
            Assert.Equal(Told(history), Told(again));
        }

        static IEnumerable<string> Told(RecordedHistory history) => history.Calls.Select(static call => call.Call.ToString());
    }

    // One caller runs at a time: the seed decides what is called, and their turns when. The reference database waits for nothing else.
    private static async Task<RecordedHistory> RunInTurnsAsync(Faults faults, int seed)
    {
        await using var database = new ReferenceDatabase(TimeProvider.System, faults);
        var turns = new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler;
        var history = new RecordedHistory(database, seed, 4, 14, 3, severalKeys: true, turns);
        await history.RunAsync();
        return history;
    }

    // Callers get a chance to come in between, and once in a history a flush may fail.
    private static Func<string, string, Exception?> Disturb(int seed, int failingFlush)
    {
        var gate = new Lock();
        var random = new Random(seed);
        var flushes = 0;
        return (operation, path) =>
        {
            if (operation is not ("write" or "flush") || !path.EndsWith(".seg", StringComparison.Ordinal)) return null;
            int turns;
            lock (gate)
            {
                if (operation == "flush" && ++flushes == failingFlush) return FaultyFileSystem.IoError(operation, path);
                turns = random.Next(6);
            }
            for (; turns > 0; turns--) Thread.Yield();
            return null;
        };
    }

    private sealed class Tally
    {
        private readonly Checker _checker = new();
        private int _histories;
        private long _calls;
        private long _unknown;

        public int Conflicts { get; private set; }

        public void Add(RecordedHistory history, int seed)
        {
            var found = _checker.CheckByKey(history.Calls);
            Assert.True(
                found == Finding.Linearizable,
                $"history {seed}: {found}\n{string.Join('\n', history.Calls.GroupBy(call => call.Key).Select(calls => $"{calls.Key}:\n  {string.Join("\n  ", calls.Select(call => call.Call).OrderBy(call => call.Begin))}"))}");
            _histories++;
            _calls += history.Calls.Count;
            _unknown += history.Calls.Count(static call => !call.Call.IsCertain);
            Conflicts += history.Conflicts;
        }

        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture,
            $"{_histories} histories of {_calls} calls, {_unknown} of them in doubt, {Conflicts} transactions lost; {_checker.States} states tried");
    }
}
