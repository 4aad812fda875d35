using ElizaEngine.Storage;

namespace ElizaEngine.Local.Tests.Disk;

/// <summary>How a history's database is opened: small log files, so that many are sealed, and one way of waiting or another.</summary>
internal sealed class DiskSettings
{
    public const string Directory = "/disk/data";

    /// <summary>Where a history's backups go.</summary>
    public const string Backup = "/disk/backup";
    private readonly Lock _gate = new();
    private readonly Random _salts;

    public DiskSettings(int seed)
    {
        var random = new Random(seed);
        Durability = random.Next(3) == 0 ? Durability.ProcessCrash : Durability.PowerLoss;
        FirstFileBytes = 4096 * random.Next(2, 9);
        MaxFileBytes = Math.Max(FirstFileBytes, 4096 * random.Next(4, 33));
        CohortWait = random.Next(2) == 0;
        LeaderFlushMax = random.Next(3) == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(10);
        // Never by the clock, or as soon as a frame is written.
        FlushInterval = random.Next(2) == 0 ? TimeSpan.FromHours(1) : TimeSpan.Zero;
        IndexMinBytes = random.Next(4) == 0 ? long.MaxValue : 4096;
        LogWithoutCheckpoint = random.Next(3) == 0 ? long.MaxValue : 0;
        HasGraphs = random.Next(3) == 0;
        _salts = new Random(seed);
    }

    /// <summary>The usual way to wait, files of this size.</summary>
    public static DiskSettings Fixed(Durability durability, long firstFileBytes, long maxFileBytes, bool hasGraphs = false) => new(1)
    {
        Durability = durability,
        FirstFileBytes = firstFileBytes,
        MaxFileBytes = maxFileBytes,
        CohortWait = true,
        LeaderFlushMax = TimeSpan.FromSeconds(10),
        FlushInterval = TimeSpan.FromHours(1),
        LogWithoutCheckpoint = 0,
        HasGraphs = hasGraphs,
    };

    public Durability Durability { get; init; }

    public long FirstFileBytes { get; init; }

    public long MaxFileBytes { get; init; }

    public bool CohortWait { get; init; }

    public TimeSpan LeaderFlushMax { get; init; }

    public TimeSpan FlushInterval { get; init; }

    public long IndexMinBytes { get; init; }

    public long LogWithoutCheckpoint { get; init; }

    /// <summary>Searches have their index of vectors, and it is saved, however few there are.</summary>
    public bool HasGraphs { get; init; }

    public Task<LocalDatabase> OpenAsync(IFileSystem files, TimeProvider time, string directory = Directory) => LocalDatabase.OpenAsync(
        new LocalDatabaseOptions
        {
            Directory = directory,
            Durability = Durability,
            TimeProvider = time,
            UpkeepInterval = Timeout.InfiniteTimeSpan,
            LogWithoutCheckpoint = LogWithoutCheckpoint,
            LogBetweenCheckpoints = LogWithoutCheckpoint,
            VectorsWithoutPartition = HasGraphs ? 0 : VectorPartitions.Few,
            VectorsWithoutGraph = HasGraphs ? 1 : VectorPartitions.FewForGraph,
        },
        files,
        log => log with
        {
            FirstFileBytes = FirstFileBytes,
            MaxFileBytes = MaxFileBytes,
            // Just above what the engine writes in one frame whatever happens; a larger batch becomes a chain.
            FrameBytes = 68 << 10,
            MaxPendingBytes = 4 << 20,
            CohortWait = CohortWait,
            LeaderFlushMax = LeaderFlushMax,
            FlushInterval = FlushInterval,
            IndexMinBytes = IndexMinBytes,
            NextSalt = NextSalt,
            NextDatabaseId = () => new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
        });

    public override string ToString() =>
        $"{Durability}, files of {FirstFileBytes >> 10} to {MaxFileBytes >> 10} KiB, cohort wait {CohortWait}, leads up to {LeaderFlushMax}, flushes after {FlushInterval}, index from {IndexMinBytes} bytes, checkpoint from {LogWithoutCheckpoint} bytes, graphs {HasGraphs}";

    private ulong NextSalt()
    {
        lock (_gate) return (ulong)_salts.NextInt64();
    }
}
