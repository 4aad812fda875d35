using System.Diagnostics;
using Xunit;

namespace ElizaEngine.Local.Tests;

/// <summary>
/// Processes that write through the adapter are killed with SIGKILL, again and again, on directories that grow from kill to kill. Each of them
/// leaves one state of every directory.
/// </summary>
[Trait("Stage", "SIGKILL")]
[Collection(nameof(ChildProcess))]
public sealed class KillTests
{
    private const int Directories = 4;
    private const int KillsPerDirectory = 13;
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5);

    // At ProcessCrash writers never wait for the disk: of many at once only few would be in a call when the process is killed.
    [Theory]
    [InlineData(Durability.PowerLoss, 1, 4, 11)]
    [InlineData(Durability.PowerLoss, 64, 4, 12)]
    [InlineData(Durability.ProcessCrash, 1, 2, 13)]
    [InlineData(Durability.ProcessCrash, 64, 2, 14)]
    public async Task Killed_writers_lose_nothing_acknowledged_and_leave_nothing_half_done(
        Durability durability, int writers, int directoriesOfAProcess, int seed)
    {
        var tally = new Tally(durability, writers, seed);
        var random = new Random(seed);
        using var warm = new WarmWriters(directoriesOfAProcess);
        for (var first = 0; first < Directories; first += directoriesOfAProcess)
        {
            var directories = Enumerable.Range(first, directoriesOfAProcess).Select(number => new KilledDirectory(
                durability,
                // Small files, so that the log crosses many; a batch larger than a frame is a chain across them.
                maxLogFileBytes: random.Next(3) switch { 0 => 128L << 10, 1 => 2L << 20, _ => 64L << 20 },
                seed + (1000 * number),
                writers)).ToArray();
            try
            {
                for (var kill = 0; kill < KillsPerDirectory; kill++)
                {
                    tally.CheckClock(s_limit);
                    using var writer = warm.Take();
                    var orders = directories.Select(static directory => directory.Orders).ToArray();
                    // Two times while it opens, the first time while it creates.
                    var progress = kill % 7 == 0
                        ? await writer.RunAndKillAsync(orders, 0, random.Next(directories.Length * 15_000))
                        : await writer.RunAndKillAsync(orders, 1 + random.Next(directories.Length * (writers == 1 ? 60 : 700)), random.Next(6));
                    var reports = await KilledDirectory.CheckAllAsync(
                        directories, random, (options, number) => CheckAsync(options, directories[number].Rows, progress[number]));
                    foreach (var report in reports) tally.Note(report);
                }
                foreach (var directory in directories) tally.Add(directory.Rows);
            }
            finally
            {
                foreach (var directory in directories) directory.Dispose();
            }
        }
        Console.WriteLine($"      {tally}");
        Assert.Equal(Directories * KillsPerDirectory, tally.Left);
    }

    private static async Task<LocalOpenReport> CheckAsync(LocalDatabaseOptions options, RowsOfWriters rows, WriterProgress[] progress)
    {
        await using var database = await LocalDatabase.OpenAsync(options);
        await rows.CheckAsync(database, progress);
        return database.OpenReport;
    }

    private sealed class Tally(Durability durability, int writers, int seed)
    {
        private readonly long _started = Stopwatch.GetTimestamp();
        private readonly RowsTally _rows = new();
        private long _cutBytes;
        private int _tails;
        private TimeSpan _opening;

        /// <summary>Directories that a killed process left.</summary>
        public int Left { get; private set; }

        public void CheckClock(TimeSpan limit) =>
            Assert.True(Stopwatch.GetElapsedTime(_started) < limit, $"the clock stopped the test: only {this}");

        public void Note(LocalOpenReport report)
        {
            Left++;
            _cutBytes += report.CutBytes;
            _tails += report.KeptTails.Count;
            _opening += report.Duration;
        }

        public void Add(RowsOfWriters rows) => _rows.Add(rows);

        public override string ToString() => string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"{durability}, {writers} writers, seed {seed}: {Left} directories left by kills, {_rows}, "
            + $"{_tails} tails of {_cutBytes} bytes cut, opening {_opening.TotalMilliseconds / Math.Max(1, Left):f1} ms on average, {Stopwatch.GetElapsedTime(_started).TotalSeconds:f1} s");
    }
}

/// <summary>
/// Tests that start processes run one after the other, so that they do not time each other out; not so those for which it makes no difference
/// how long something takes.
/// </summary>
[CollectionDefinition(nameof(ChildProcess), DisableParallelization = true)]
public sealed class ChildProcessCollection;
