using ElizaEngine.Local.CrashWriter;
using ElizaEngine.Local.Tests;

namespace ElizaEngine.PowerCuts;

/// <summary>
/// Writers on a file system of their own, and cuts of its power. What they find afterwards is the file of the disk as it was at that moment,
/// mounted again: without what the kernel had not written. Half of the time the writers go on, on the disk that had no cut; else on what the
/// cut left, and recover from it themselves.
/// </summary>
internal sealed class History : IDisposable
{
    private const long DiskBytes = 1L << 30;

    private readonly string _folder;
    private readonly string _kind;
    private readonly Durability _durability;
    private readonly Random _random;
    private readonly int _seed;
    private readonly long _maxLogFileBytes;
    private LoopDisk? _disk;
    private LiveWriters? _writers;
    private int _cuts;

    /// <param name="folder">For the images, on a file system that can share blocks.</param>
    /// <param name="kind">Of file system.</param>
    /// <param name="durability">What the writers ask for.</param>
    /// <param name="seed">Decides what is written, and when the power goes, as far as it can be decided.</param>
    public History(string folder, string kind, Durability durability, int seed)
    {
        (_folder, _kind, _durability, _seed) = (folder, kind, durability, seed);
        _random = new Random(seed);
        _maxLogFileBytes = _random.Next(3) switch { 0 => 128L << 10, 1 => 2L << 20, _ => 64L << 20 };
        Rows = new RowsOfWriters(seed, WriterCount = _random.Next(3) switch { 0 => 1, 1 => 8, _ => 64 });
        LoopDisk.Make(Live, kind, DiskBytes);
    }

    public int WriterCount { get; }

    public RowsOfWriters Rows { get; }

    /// <summary>Bytes of torn tails that opening cut.</summary>
    public long CutBytes { get; private set; }

    /// <summary>Cuts on which the writers went on.</summary>
    public int Recovered { get; private set; }

    /// <summary>The disk as the last cut left it.</summary>
    public string Image => Path.Combine(_folder, "cut.img");

    private string Live => Path.Combine(_folder, "live.img");

    private string Mounted => Path.Combine(_folder, "live");

    public override string ToString() => $"seed {_seed}: {_kind}, {_durability}, {WriterCount} writers, log files of {_maxLogFileBytes} bytes";

    /// <summary>Lets them write for a while, cuts the power, and checks what is left.</summary>
    public async Task CutAsync()
    {
        if (_writers is null)
        {
            _disk = LoopDisk.Mount(Live, _kind, Mounted);
            _writers = new LiveWriters(Orders(Mounted));
        }
        // Now and then while the directory is opened, or made; not the second time, so that every history has something to lose.
        var isEarly = _random.Next(8) == 0 && _cuts != 1;
        if (!isEarly) _writers.AwaitOpening();
        _writers.Run(TimeSpan.FromMilliseconds(_random.Next(isEarly ? 60 : 400)));
        _cuts++;
        _writers.Halt();
        LoopDisk.Clone(Live, Image);
        var progress = _writers.Since(Rows.Positions);
        if (_random.Next(2) == 0)
        {
            End();
            LoopDisk.Clone(Image, Live);
            Recovered++;
        }
        else
        {
            _writers.GoOn();
        }
        await CheckAsync(progress);
    }

    public void Dispose() => End();

    // On a copy: the image itself is kept for whoever wants to know.
    private async Task CheckAsync(WriterProgress[] progress)
    {
        var copy = Path.Combine(_folder, "check.img");
        LoopDisk.Clone(Image, copy);
        var folder = Path.Combine(_folder, "check");
        using var disk = LoopDisk.Mount(copy, _kind, folder);
        await using var database = await LocalDatabase.OpenAsync(Orders(folder).Options);
        CutBytes += database.OpenReport.CutBytes;
        await Rows.CheckAsync(database, progress);
    }

    private WriterOrders Orders(string folder) => new(Path.Combine(folder, "data"), _durability, _maxLogFileBytes, _seed, Rows.Positions);

    private void End()
    {
        _writers?.Dispose();
        _writers = null;
        _disk?.Dispose();
        _disk = null;
    }
}
