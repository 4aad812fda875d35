using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Xunit;

namespace ElizaEngine.Local.Tests;

/// <summary>Processes that write and compact meanwhile, again and again, are killed with SIGKILL, most of them in a compaction.</summary>
[Trait("Stage", "SIGKILL")]
[Collection(nameof(ChildProcess))]
public sealed partial class CompactionKillTests
{
    private const int Directories = 4;
    private const int Writers = 6;
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5);

    // At ProcessCrash writers never wait for the disk: they would keep each other's compactions from writing copies most of the time.
    [Theory]
    [InlineData(Durability.PowerLoss, 4, 6, 21)]
    [InlineData(Durability.ProcessCrash, 1, 4, 22)]
    public async Task Killed_in_a_compaction_it_loses_nothing_acknowledged_and_the_next_one_leaves_nothing_of_what_was_deleted(
        Durability durability, int directoriesOfAProcess, int killsPerDirectory, int seed)
    {
        var tally = new Tally(durability, seed);
        var random = new Random(seed);
        using var warm = new WarmWriters(directoriesOfAProcess);
        for (var first = 0; first < Directories; first += directoriesOfAProcess)
        {
            var directories = Enumerable.Range(first, directoriesOfAProcess)
                .Select(number => new KilledDirectory(durability, maxLogFileBytes: 64 << 10, seed + (1000 * number), Writers, compacts: true)).ToArray();
            try
            {
                for (var kill = 0; kill < killsPerDirectory; kill++)
                {
                    tally.CheckClock(s_limit);
                    using var writer = warm.Take();
                    var orders = directories.Select(static directory => directory.Orders).ToArray();
                    var acknowledgements = directories.Select(_ => 20 + random.Next(120)).ToArray();
                    // Every second one while it writes copies, which is a small part of a compaction; the others whenever it is.
                    var part = random.NextDouble();
                    var progress = await writer.RunAndKillInCompactionAsync(orders, acknowledgements, kill % 2 == 0 ? null : part);
                    for (var number = 0; number < directories.Length; number++)
                        tally.Note(directories[number].Data, writer.Begun[number], writer.Completed[number]);
                    var found = await KilledDirectory.CheckAllAsync(
                        directories, random, (options, number) => CheckAsync(options, directories[number].Rows, progress[number]));
                    foreach (var (report, texts) in found) tally.Note(report, texts);
                }
                foreach (var directory in directories) tally.Add(directory.Rows);
            }
            finally
            {
                foreach (var directory in directories) directory.Dispose();
            }
        }
        Console.WriteLine($"      {tally}");
        Assert.Equal(Directories * killsPerDirectory, tally.Left);
        Assert.True(tally.Inside >= tally.Left / 2, $"too few were killed in a compaction: {tally}");
        Assert.True(tally.WithCopies > 0, $"none was killed while it wrote copies: {tally}");
    }

    private static async Task<(CompactReport Report, int Texts)> CheckAsync(LocalDatabaseOptions options, RowsOfWriters rows, WriterProgress[] progress)
    {
        CompactReport report;
        var wanted = new HashSet<string>();
        await using (var database = await LocalDatabase.OpenAsync(options))
        {
            await rows.CheckAsync(database, progress);
            report = await database.CompactAsync();
            wanted.UnionWith(rows.Texts.Select(static text => Start().Match(text)).Where(static start => start.Success).Select(static start => start.Value));
            // Files come and go meanwhile.
            await database.BackgroundWork;
            Assert.Equal(wanted, TextsIn(options.Directory!));
        }
        Assert.Empty((await LocalDatabase.VerifyDirectoryAsync(options.Directory!)).Findings);
        return (report, wanted.Count);
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

        /// <summary>Directories that a killed process left.</summary>
        public int Left { get; private set; }

        /// <summary>Of these, the ones that it left between the beginning of a compaction and its end.</summary>
        public int Inside { get; private set; }

        /// <summary>Of these, the ones with copies that had no names yet.</summary>
        public int WithCopies { get; private set; }

        public void CheckClock(TimeSpan limit) =>
            Assert.True(Stopwatch.GetElapsedTime(_started) < limit, $"the clock stopped the test: only {this}");

        public void Note(string directory, int begun, int completed)
        {
            Left++;
            _completed += completed;
            if (begun == completed) return;
            Inside++;
            if (KilledWriters.HasCopies(directory)) WithCopies++;
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
            $"compaction, {durability}, {Writers} writers, seed {seed}: {Left} directories left by kills, {Inside} of them in a compaction, {WithCopies} while it wrote copies, {_completed} compactions completed before; "
            + $"{_rows}; after the next compaction {_texts} texts in the files and no other, "
            + $"{_bytesBefore >> 10} KiB became {_bytesAfter >> 10}; {Stopwatch.GetElapsedTime(_started).TotalSeconds:f1} s");
    }
}
