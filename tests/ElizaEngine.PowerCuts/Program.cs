using System.Diagnostics;
using System.Globalization;

namespace ElizaEngine.PowerCuts;

/// <summary>
/// Power cuts under a real kernel: real writers, real file systems, a real journal; only the disk is a file. Arguments: a folder for the
/// disks, which nobody else mounts in; a folder for what failed; seconds; a seed. See <c>tools/nightly/power-cuts.sh</c>.
/// </summary>
internal static class Program
{
    private const int CutsOfHistory = 8;
    private const int TriesToFindFault = 40;
    private const long PoolBytes = 6L << 30;
    private static readonly string[] s_kinds = ["ext4", "xfs"];

    public static async Task<int> Main(string[] arguments)
    {
        var (folder, kept) = (arguments[0], arguments[1]);
        var time = TimeSpan.FromSeconds(int.Parse(arguments[2], CultureInfo.InvariantCulture));
        var seed = int.Parse(arguments[3], CultureInfo.InvariantCulture);
        Console.WriteLine($"      seed {seed}");
        using var pool = LoopDisk.MakePool(folder, PoolBytes);
        var images = Path.Combine(folder, "pool");

        var isRight = true;
        foreach (var kind in s_kinds) isRight &= await FindsFaultAsync(images, kind, seed);
        var started = Stopwatch.GetTimestamp();
        var tallies = s_kinds.Select(kind => new Tally(kind)).ToArray();
        for (var history = 0; isRight && (history < s_kinds.Length || Stopwatch.GetElapsedTime(started) < time); history++)
            isRight &= await RunAsync(images, kept, tallies[history % s_kinds.Length], unchecked(seed + history), () => Stopwatch.GetElapsedTime(started) < time);
        foreach (var tally in tallies)
        {
            Console.WriteLine($"      {tally}");
            isRight &= !tally.IsEmpty;
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"      in {Stopwatch.GetElapsedTime(started).TotalSeconds:f1} s"));
        return isRight ? 0 : 1;
    }

    /// <summary>That the check can fail: writers that are told of a success before anything is flushed lose some of it.</summary>
    private static async Task<bool> FindsFaultAsync(string images, string kind, int seed)
    {
        using var history = new History(images, kind, Durability.ProcessCrash, seed);
        for (var cut = 1; cut <= TriesToFindFault; cut++)
        {
            try
            {
                await history.CutAsync();
            }
            catch (Xunit.Sdk.XunitException)
            {
                Console.WriteLine($"      {kind}: calls that were acknowledged before they were flushed are missed after {cut} cuts");
                return true;
            }
        }
        Console.WriteLine($"      WRONG, {history}: nothing was missed in {TriesToFindFault} cuts, though nothing was flushed before it was acknowledged");
        return false;
    }

    private static async Task<bool> RunAsync(string images, string kept, Tally tally, int seed, Func<bool> isTime)
    {
        using var history = new History(images, tally.Kind, Durability.PowerLoss, seed);
        try
        {
            for (var cut = 0; cut < CutsOfHistory && (cut < 2 || isTime()); cut++)
            {
                await history.CutAsync();
                tally.Cuts++;
            }
            tally.Add(history);
            return true;
        }
        catch (Exception error)
        {
            Directory.CreateDirectory(kept);
            var image = Path.Combine(kept, $"{tally.Kind}-{seed}.img");
            if (File.Exists(history.Image)) Command.Run("cp", "--sparse=always", history.Image, image);
            Console.WriteLine($"      WRONG after {tally.Cuts} cuts, {history}; the disk is kept as {image}: {error}");
            return false;
        }
    }

    private sealed class Tally(string kind)
    {
        private long _acknowledged;
        private long _whole;
        private long _absent;
        private long _rows;
        private long _cutBytes;
        private int _recovered;

        public string Kind => kind;

        public bool IsEmpty => _acknowledged == 0;

        public int Cuts { get; set; }

        public void Add(History history)
        {
            _acknowledged += history.Rows.Acknowledged;
            _whole += history.Rows.FoundWhole;
            _absent += history.Rows.FoundAbsent;
            _rows += history.Rows.RowsChecked;
            _cutBytes += history.CutBytes;
            _recovered += history.Recovered;
        }

        public override string ToString() =>
            $"{kind}: {Cuts} power cuts, {_recovered} of them recovered from and written on; {_acknowledged} acknowledged calls all there; "
            + $"of those in flight {_whole} found whole, {_absent} absent; {_rows} rows compared, {_cutBytes} bytes of torn tails cut";
    }
}
