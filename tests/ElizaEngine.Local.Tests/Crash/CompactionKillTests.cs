using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using ElizaEngine.Local.CrashWriter;
using Xunit;

namespace ElizaEngine.Local.Tests;

/// <summary>Processes that write and compact meanwhile, again and again, are killed with SIGKILL, most of them in a compaction.</summary>
[Trait("Stage", "SIGKILL")]
[Collection(nameof(ChildProcess))]
public sealed partial class CompactionKillTests
{
    private const int Directories = 4;
    private const int KillsPerDirectory = 4;
    private const int Writers = 6;
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(90);

    [Theory]
    [InlineData(Durability.PowerLoss, 21)]
    [InlineData(Durability.ProcessCrash, 22)]
    public async Task Killed_in_a_compaction_it_loses_nothing_acknowledged_and_the_next_one_leaves_nothing_of_what_was_deleted(Durability durability, int seed)
    {
        var tally = new Tally(durability, seed);
        var random = new Random(seed);
        var next = new KilledWriters();
        try
        {
            for (var directory = 0; directory < Directories; directory++)
            {
                using var folder = new TestFolder();
                var rows = new RowsOfWriters(seed + (1000 * directory), Writers);
                for (var kill = 0; kill < KillsPerDirectory; kill++)
                {
                    tally.CheckClock(s_limit);
                    var orders = new WriterOrders(folder.Data, durability, 64L << 10, seed + (1000 * directory), rows.Positions, Compacts: true);
                    using var writer = next;
                    var progress = await writer.RunAndKillInCompactionAsync(orders, 20 + random.Next(120), random.NextDouble());
                    next = new KilledWriters();
                    tally.Note(folder.Data, writer);
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
        Assert.True(tally.Inside >= tally.Kills / 2, $"too few were killed in a compaction: {tally}");
        Assert.True(tally.WithCopies > 0, $"none was killed while it wrote copies: {tally}");
    }

    // On a copy half of the time: then the next writers recover from the crash themselves, several crashes in a row.
    private static async Task CheckAsync(
        TestFolder folder, WriterOrders orders, RowsOfWriters rows, WriterProgress[] progress, bool isCopy, int kill, Tally tally)
    {
        var directory = folder.Data;
        if (isCopy) TestFolder.Copy(folder.Data, directory = folder.In($"copy {kill}"));
        await using (var database = await LocalDatabase.OpenAsync(orders.Options with { Directory = directory }))
        {
            await rows.CheckAsync(database, progress);
            var report = await database.CompactAsync();
            var wanted = rows.Texts.Select(static text => Start().Match(text)).Where(static start => start.Success).Select(static start => start.Value).ToHashSet();
            tally.Note(report, wanted.Count);
            // Files come and go meanwhile.
            await database.BackgroundWork;
            Assert.Equal(wanted, TextsIn(directory));
        }
        Assert.Empty((await LocalDatabase.VerifyDirectoryAsync(directory)).Findings);
        if (isCopy) System.IO.Directory.Delete(directory, recursive: true);
    }

    private static HashSet<string> TextsIn(string directory) =>
        [.. System.IO.Directory.GetFiles(directory).Where(static file => Path.GetFileName(file) != "LOCK").SelectMany(static file => Start().Matches(Encoding.Latin1.GetString(File.ReadAllBytes(file)))).Select(static start => start.Value)];

    // How the script begins its texts. The space: not the beginning of a longer number.
    [GeneratedRegex("(created [0-9]+/[0-9]+/[0-9]+|updated [0-9]+/[0-9]+) ")]
    private static partial Regex Start();

    private sealed class Tally(Durability durability, int seed)
    {
        private readonly long _started = Stopwatch.GetTimestamp();
        private long _completed;
        private readonly RowsTally _rows = new();
        private long _texts;
        private long _bytesBefore;
        private long _bytesAfter;

        public int Kills { get; private set; }

        /// <summary>Kills between the beginning of a compaction and its end.</summary>
        public int Inside { get; private set; }

        /// <summary>Of these, kills that left copies without their names.</summary>
        public int WithCopies { get; private set; }

        public void CheckClock(TimeSpan limit) =>
            Assert.True(Stopwatch.GetElapsedTime(_started) < limit, $"the clock stopped the test: only {this}");

        public void Note(string directory, KilledWriters writers)
        {
            Kills++;
            _completed += writers.Completed;
            if (writers.Begun == writers.Completed) return;
            Inside++;
            if (System.IO.Directory.GetFiles(directory, "*.seg.tmp").Length > 0) WithCopies++;
        }

        public void Note(CompactReport report, int texts)
        {
            _texts += texts;
            _bytesBefore += report.BytesBefore;
            _bytesAfter += report.BytesAfter;
        }

        public void Add(RowsOfWriters rows) => _rows.Add(rows);

        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture,
            $"compaction, {durability}, {Writers} writers, seed {seed}: {Kills} kills, {Inside} of them in a compaction, {WithCopies} while it wrote copies, {_completed} compactions completed before; "
            + $"{_rows}; after the next compaction {_texts} texts in the files and no other, "
            + $"{_bytesBefore >> 10} KiB became {_bytesAfter >> 10}; {Stopwatch.GetElapsedTime(_started).TotalSeconds:f1} s");
    }
}
