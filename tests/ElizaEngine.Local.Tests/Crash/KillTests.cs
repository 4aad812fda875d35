using System.Diagnostics;
using ElizaEngine.Local.CrashWriter;
using Xunit;

namespace ElizaEngine.Local.Tests;

/// <summary>Processes that write through the adapter are killed with SIGKILL, again and again, on directories that grow from kill to kill.</summary>
[Trait("Stage", "SIGKILL")]
[Collection(nameof(ChildProcess))]
public sealed class KillTests
{
    private const int Directories = 4;
    private const int KillsPerDirectory = 13;
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(100);

    [Theory]
    [InlineData(Durability.PowerLoss, 1, 11)]
    [InlineData(Durability.PowerLoss, 64, 12)]
    [InlineData(Durability.ProcessCrash, 1, 13)]
    [InlineData(Durability.ProcessCrash, 64, 14)]
    public async Task Killed_writers_lose_nothing_acknowledged_and_leave_nothing_half_done(Durability durability, int writers, int seed)
    {
        var tally = new Tally(durability, writers, seed);
        var random = new Random(seed);
        var next = new KilledWriters();
        try
        {
            for (var directory = 0; directory < Directories; directory++)
            {
                using var folder = new TestFolder();
                // Small files, so that the log crosses many; a batch larger than a frame is a chain across them.
                var maxLogFileBytes = random.Next(3) switch { 0 => 128L << 10, 1 => 2L << 20, _ => 64L << 20 };
                var rows = new RowsOfWriters(seed + (1000 * directory), writers);
                for (var kill = 0; kill < KillsPerDirectory; kill++)
                {
                    tally.CheckClock(s_limit);
                    var orders = new WriterOrders(folder.Data, durability, maxLogFileBytes, seed + (1000 * directory), rows.Positions);
                    using var writer = next;
                    var isEarly = random.Next(8) == 0;
                    var progress = isEarly
                        ? await writer.RunAndKillAsync(orders, 0, random.Next(30_000))
                        : await writer.RunAndKillAsync(orders, 1 + random.Next(writers == 1 ? 60 : 700), random.Next(6));
                    // It warms up while this process checks what the one before it left.
                    next = new KilledWriters();
                    await CheckAsync(folder, orders, rows, progress, isCopy: random.Next(2) == 0, kill, tally);
                }
                tally.Add(rows);
            }
        }
        finally
        {
            next.Dispose();
        }
        Console.WriteLine($"      {tally}");
        Assert.Equal(Directories * KillsPerDirectory, tally.Kills);
    }

    // On a copy half of the time: then the next writers recover from the crash themselves, several crashes in a row.
    private static async Task CheckAsync(
        TestFolder folder, WriterOrders orders, RowsOfWriters rows, WriterProgress[] progress, bool isCopy, int kill, Tally tally)
    {
        var directory = folder.Data;
        if (!System.IO.Directory.Exists(directory)) isCopy = false;
        if (isCopy) TestFolder.Copy(folder.Data, directory = folder.In($"copy {kill}"));
        await using (var database = await LocalDatabase.OpenAsync(orders.Options with { Directory = directory }))
        {
            tally.Note(database.OpenReport);
            await rows.CheckAsync(database, progress);
        }
        if (isCopy) System.IO.Directory.Delete(directory, recursive: true);
    }

    private sealed class Tally(Durability durability, int writers, int seed)
    {
        private readonly long _started = Stopwatch.GetTimestamp();
        private readonly RowsTally _rows = new();
        private long _cutBytes;
        private int _tails;
        private TimeSpan _opening;

        public int Kills { get; private set; }

        public void CheckClock(TimeSpan limit) =>
            Assert.True(Stopwatch.GetElapsedTime(_started) < limit, $"the clock stopped the test: only {this}");

        public void Note(LocalOpenReport report)
        {
            Kills++;
            _cutBytes += report.CutBytes;
            _tails += report.KeptTails.Count;
            _opening += report.Duration;
        }

        public void Add(RowsOfWriters rows) => _rows.Add(rows);

        public override string ToString() => string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"{durability}, {writers} writers, seed {seed}: {Kills} kills, {_rows}, "
            + $"{_tails} tails of {_cutBytes} bytes cut, opening {_opening.TotalMilliseconds / Math.Max(1, Kills):f1} ms on average, {Stopwatch.GetElapsedTime(_started).TotalSeconds:f1} s");
    }
}

/// <summary>Tests that start processes run one after the other, so that they do not time each other out.</summary>
[CollectionDefinition(nameof(ChildProcess), DisableParallelization = true)]
public sealed class ChildProcessCollection;
