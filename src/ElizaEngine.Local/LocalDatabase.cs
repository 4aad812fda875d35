using System.Runtime.InteropServices;
using ElizaEngine.Local;
using ElizaEngine.Storage;

namespace ElizaEngine;

/// <summary>
/// An open local database: one data directory, owned by this process, shared by any number of agents. Thread-safe.
/// </summary>
public sealed partial class LocalDatabase : IDatabase
{
    private const string MemoryDirectory = "/memory";

    private readonly WriteAheadLog _log;
    private readonly IDisposable? _memory;
    private readonly KeyValuePair<string, TimeSpan>[] _memoryLifetimes;
    private readonly Lock _closeGate = new();
    private Task? _closing;
    private volatile bool _isOpen = true;

    private LocalDatabase(
        LocalDatabaseOptions options, WriteAheadLog log, Sequencer sequencer, RecordReader records, VectorPartitions partitions, SharedValues shared, IDisposable? memory)
    {
        _memory = memory;
        Partitions = partitions;
        Options = options;
        _memoryLifetimes = [.. options.MemoryLifetimes];
        _log = log;
        Sequencer = sequencer;
        Records = records;
        Shared = shared;
        var report = log.OpenReport;
        OpenReport = new LocalOpenReport(report.IsNew, report.WasClean, report.Frames, report.Records, report.IndexFiles, report.CutBytes, [.. report.KeptTails], report.Duration)
        {
            FromCheckpoint = report.CheckpointLsn > 0,
        };
    }

    /// <summary>How it was opened.</summary>
    public LocalDatabaseOptions Options { get; }

    /// <summary>What was found when it was opened.</summary>
    public LocalOpenReport OpenReport { get; }

    /// <summary>
    /// The first damage that was found in the background, in log files that opening did not read or that have ended since; null: none so
    /// far. Reads of other rows go on, and so do writes; nothing is compacted in the background any more, and no checkpoint written.
    /// <see cref="VerifyAsync(IProgress{MaintenanceProgress}?, CancellationToken)"/> says all of it.
    /// </summary>
    public CorruptDataException? Damage => _log.Damage is { } damage ? (CorruptDataException)StorageErrors.Translate(damage) : null;

    internal Sequencer Sequencer { get; }

    internal RecordReader Records { get; }

    internal VectorPartitions Partitions { get; }

    internal WriteAheadLog Log => _log;

    internal SharedValues Shared { get; }

    internal TimeProvider Time => Options.TimeProvider;

    /// <summary>Completes when no log file, index or checkpoint is being made in the background: nothing more is, as long as nobody writes.</summary>
    internal Task BackgroundWork => WhenQuietAsync();

    internal Task Scrubbing => _log.Scrubbing;

    internal bool IsOpen => _isOpen;

    /// <summary>Opens a directory, or a database in memory.</summary>
    /// <exception cref="InvalidInputException">An option is out of its range, or the directory is blank or a URL. Nothing was touched.</exception>
    /// <exception cref="DirectoryInUseException">Another process, or this one, has the directory open.</exception>
    /// <exception cref="ForeignDirectoryException">The directory holds another program's files.</exception>
    /// <exception cref="DirectoryAccessException">
    /// The directory cannot be created, read or written, or lies on a network file system, and
    /// <see cref="LocalDatabaseOptions.AllowNetworkFileSystem"/> is not set.
    /// </exception>
    /// <exception cref="CorruptDataException">Acknowledged bytes are missing or changed. Nothing was changed.</exception>
    /// <exception cref="UnsupportedFormatException">A newer version wrote it, or one of before format 1.</exception>
    /// <exception cref="DiskFullException">There is no room to begin.</exception>
    /// <exception cref="PlatformNotSupportedException">A directory, and the operating system is not Linux.</exception>
    public static Task<LocalDatabase> OpenAsync(LocalDatabaseOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        Check(options);
        // Recovery reads the log: not on the caller's thread.
        return Task.Run(() => Open(options), cancellationToken);
    }

    /// <summary>Opens a directory of another file system, which the caller owns: a simulated disk.</summary>
    /// <param name="options">How.</param>
    /// <param name="files">Where the directory lies.</param>
    /// <param name="adjust">Changes how the log is opened.</param>
    internal static Task<LocalDatabase> OpenAsync(LocalDatabaseOptions options, IFileSystem files, Func<LogOptions, LogOptions> adjust)
    {
        Check(options);
        return Task.Run(() => Open(options, files, PathOf(options) ?? MemoryDirectory, memory: null, adjust(LogOptionsOf(options))));
    }

    /// <summary>
    /// Whether opening a directory would make a database: it is missing, or holds nothing but what is left of a creation that was
    /// interrupted, or the lost+found of a file system. Nothing is changed.
    /// </summary>
    /// <exception cref="ForeignDirectoryException">
    /// It holds other files, or log files with frames and no manifest: opening says the same.
    /// </exception>
    /// <exception cref="DirectoryAccessException">It cannot be read.</exception>
    /// <exception cref="PlatformNotSupportedException">The operating system is not Linux.</exception>
    internal static bool WouldBeNew(string directory)
    {
        var (files, path) = (PosixFileSystem.Instance, PathOf(directory, nameof(directory)));
        files.CheckSupport(path, new LogOptions { AllowNetworkFileSystem = true });
        return Translated(() => !files.DirectoryExists(path) || DirectoryInspection.NewestManifest(files, path, files.List(path)) == 0);
    }

    /// <inheritdoc/>
    public IDatabaseAdapter ForAgent(Guid agentId) => new LocalDatabaseAdapter(this, agentId);

    /// <inheritdoc/>
    public Task<SearchPlan> ExplainSearchAsync(Guid agentId, MemorySearch search, CancellationToken cancellationToken = default) =>
        new LocalDatabaseAdapter(this, agentId).ExplainSearchAsync(search, cancellationToken);

    /// <summary>
    /// Brings the index of an agent's vectors in one table up to date, on all processors, and waits for it. Searches do not need it: the
    /// first that compares many vectors has the index built in the background, on half of them, and until then all are compared.
    /// What was acknowledged before the call is in it afterwards; of what others write meanwhile the end may be left to the background.
    /// On PostgreSQL the call of this name builds the index of a dimension, for all agents and tables at once.
    /// </summary>
    /// <param name="agentId">Whose memories.</param>
    /// <param name="tableName">1 to <see cref="Limits.MaxTableNameBytes"/> UTF-8 bytes; a table without vectors has nothing to build.</param>
    /// <param name="cancellationToken">Ends the waiting; the work goes on.</param>
    /// <exception cref="InvalidInputException">That is no name of a table.</exception>
    /// <exception cref="DatabaseClosedException">The database is closed, or was closed before the index was done.</exception>
    /// <exception cref="WritesRefusedException">A write failed: what is not known to be durable gets no index.</exception>
    public async Task BuildVectorIndexAsync(Guid agentId, string tableName, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var table = Shared.NumberOf(Door.TableName(tableName));
        int? dimension;
        using (Pin()) dimension = Sequencer.Published.DimensionOf(agentId);
        if (table == 0 || dimension is not { } components) return;
        if (!await TranslatedAsync(() => Partitions.BuildAsync(new PartitionKey(agentId, table, components)).WaitAsync(cancellationToken)).ConfigureAwait(false))
            throw _log.Fault is { } fault ? new WritesRefusedException(fault.Error) : new DatabaseClosedException("database");
    }

    /// <summary>The tables in which agents have vectors, in order of agent and name. Looks at every memory.</summary>
    /// <exception cref="DatabaseClosedException">The database has been closed.</exception>
    public IReadOnlyList<VectorTable> GetVectorTables()
    {
        using var pin = Pin();
        var state = Sequencer.Published;
        var counts = new Dictionary<(Id Agent, string Table, int Dimension), long>();
        foreach (var row in state.RowsOf(Table.Memories))
        {
            var memory = (MemoryRow)row;
            if (state.DimensionOf(memory.AgentId) is not { } dimension || memory.Vector(dimension) is null) continue;
            CollectionsMarshal.GetValueRefOrAddDefault(counts, (memory.AgentId, memory.Scope.TableName, dimension), out _)++;
        }
        return
        [
            .. counts.OrderBy(static entry => entry.Key.Agent).ThenBy(static entry => entry.Key.Table, StringComparer.Ordinal).Select(entry =>
            {
                var ((agent, table, dimension), vectors) = entry;
                return new VectorTable(agent, table, dimension, vectors, vectors >= Options.VectorsWithoutGraph);
            }),
        ];
    }

    /// <summary>How much there is, now.</summary>
    /// <exception cref="DatabaseClosedException">The database has been closed.</exception>
    public LocalStatistics GetStatistics()
    {
        using var pin = Pin();
        var state = Sequencer.Published;
        var log = _log.Statistics;
        return new LocalStatistics
        {
            Agents = state.Agents.Count,
            Entities = state.Entities.Count,
            Components = state.Components.Count,
            Memories = state.Memories.Count,
            Embeddings = state.VectorCount,
            Rooms = state.Rooms.Count,
            Worlds = state.Worlds.Count,
            Participants = state.Participants.Count,
            Relationships = state.Relationships.Count,
            Tasks = state.Tasks.Count,
            Logs = state.Logs.Count,
            CacheEntries = state.Cache.Count,
            Files = log.Files,
            FileBytes = log.BytesOnDisk,
            Commits = log.Commits,
            Flushes = log.Flushes,
            VectorIndexes = Partitions.Count,
            VectorIndexBytes = Partitions.Bytes,
            VectorIndexesRestored = Partitions.Restored,
            VectorIndexesReleased = Partitions.Released,
            VectorIndexesSaved = Partitions.Saves,
        };
    }

    /// <inheritdoc/>
    public Task CloseAsync(CancellationToken cancellationToken = default)
    {
        // Whoever closes it once more waits for the same: the directory is free when the first of them goes on.
        lock (_closeGate) return _closing ??= CloseOnceAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => new(CloseAsync(CancellationToken.None));

    private async Task WhenQuietAsync()
    {
        // In this order: what has been prepared may begin a checkpoint.
        await _log.BackgroundWork.ConfigureAwait(false);
        await Checkpointing.ConfigureAwait(false);
    }

    private async Task CloseOnceAsync(CancellationToken cancellationToken)
    {
        _isOpen = false;
        try
        {
            await StopUpkeepAsync().ConfigureAwait(false);
            await StopCompactingAsync().ConfigureAwait(false);
            await Partitions.StopAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await Checkpointing.ConfigureAwait(false);
            if (Options.Directory is not null) await Task.Run(() => WriteCheckpoint(Options.LogWithoutCheckpoint, cancellationToken), CancellationToken.None).ConfigureAwait(false);
            await Partitions.SaveAsync().ConfigureAwait(false);
        }
        finally
        {
            try
            {
                await _log.DisposeAsync().ConfigureAwait(false);
            }
            finally
            {
                Partitions.Dispose();
                _memory?.Dispose();
            }
        }
    }

    /// <exception cref="DatabaseClosedException">The database has been closed.</exception>
    internal ReadPin Pin()
    {
        try
        {
            return _log.Pin();
        }
        catch (LogClosedException)
        {
            throw new DatabaseClosedException("database");
        }
    }

    /// <summary>Keeps what a state of now refers to readable until the result is disposed, over one pin and another.</summary>
    internal ReadPin Hold() => _log.Hold();

    private static void Check(LocalDatabaseOptions options)
    {
        const long MinLogFileBytes = 64 << 10;
        if (!Enum.IsDefined(options.Durability)) throw new InvalidInputException("durability", options.Durability, "PowerLoss or ProcessCrash");
        if (options.ScrubBytesPerSecond < 0) throw new InvalidInputException("scrubBytesPerSecond", options.ScrubBytesPerSecond, "0 or more");
        if (options.SearchRecall is not (>= 0.5 and <= 0.999)) throw new InvalidInputException("searchRecall", options.SearchRecall, "from 0.5 to 0.999");
        if (options.SearchMemoryLimit < 0) throw new InvalidInputException("searchMemoryLimit", options.SearchMemoryLimit, "0 or more, or null");
        if (options.RecordCacheBytes < 0) throw new InvalidInputException("recordCacheBytes", options.RecordCacheBytes, "0 or more");
        _ = PathOf(options);
        if (options.MaxLogFileBytes is < MinLogFileBytes or > LogFormat.MaxFileBytes || options.MaxLogFileBytes % 4096 != 0)
            throw new InvalidInputException("maxLogFileBytes", options.MaxLogFileBytes, $"a multiple of 4096 from {MinLogFileBytes} to {LogFormat.MaxFileBytes}");
        if (options.CompactionShare is not (>= 0 and <= 1)) throw new InvalidInputException("compactionShare", options.CompactionShare, "from 0 to 1");
        if (options.CompactionBytesPerSecond < 0) throw new InvalidInputException("compactionBytesPerSecond", options.CompactionBytesPerSecond, "0 or more");
        if (options.LogRetention is { } retention) Door.Retention(retention, "logRetention.");
        if (options.MemoryLifetimes is null) throw new InvalidInputException("memoryLifetimes", null, "a dictionary");
        foreach (var (table, lifetime) in options.MemoryLifetimes)
        {
            Door.TableName(table);
            if (lifetime <= TimeSpan.Zero) throw new InvalidInputException($"memoryLifetimes[{table}]", lifetime, "more than zero");
        }
        // A timer takes no more milliseconds than fit into 32 bits.
        var maxInterval = TimeSpan.FromDays(49);
        if ((options.UpkeepInterval <= TimeSpan.Zero && options.UpkeepInterval != Timeout.InfiniteTimeSpan) || options.UpkeepInterval > maxInterval)
            throw new InvalidInputException("upkeepInterval", options.UpkeepInterval, "more than zero and at most 49 days, or infinite");
        if (options.TimeProvider is null) throw new InvalidInputException("timeProvider", null, "a clock");
    }

    private static string? PathOf(LocalDatabaseOptions options) =>
        options.Directory is { } directory ? DataDirectory.PathOf(directory, nameof(directory), "a path, or null for memory") : null;

    private static LocalDatabase Open(LocalDatabaseOptions options)
    {
        if (PathOf(options) is { } path) return Open(options, new PosixFileSystem(), path, memory: null, LogOptionsOf(options));
        var memory = new MemoryFileSystem();
        return Open(options, memory, MemoryDirectory, memory, LogOptionsOf(options));
    }

    private static LocalDatabase Open(LocalDatabaseOptions options, IFileSystem files, string directory, IDisposable? memory, LogOptions logOptions)
    {
        var shared = new SharedValues();
        var recovery = new StateRecovery(shared);
        var cache = new RecordCache(options.RecordCacheBytes);
        var records = new RecordReader(cache);
        var partitions = new VectorPartitions(records, options.VectorsWithoutPartition, options.VectorsWithoutGraph, options.SearchRecall, options.SearchMemoryLimit);
        var sequencer = new Sequencer(records, cache, partitions);
        return Translated(() =>
        {
            var log = WriteAheadLog.Open(directory, files, logOptions, recovery, sequencer.Publish);
            records.Attach(log);
            sequencer.Attach(log, recovery.TakeState());
            partitions.Attach(log, sequencer, isKept: options.Directory is not null);
            var database = new LocalDatabase(options, log, sequencer, records, partitions, shared, memory);
            if (options.Directory is not null)
            {
                database._checkpointLsn = database._triedLsn = log.OpenReport.CheckpointLsn;
                database._checkpointRecords = database._triedRecords = -log.OpenReport.Records;
                log.FileEnded = database.BeginCheckpoint;
                log.Grown = database.BeginCheckpoint;
            }
            database.StartUpkeep();
            return database;
        });
    }

    private static LogOptions LogOptionsOf(LocalDatabaseOptions options) => new()
    {
        Durability = options switch
        {
            { Directory: null } => Storage.Durability.None,
            { Durability: Durability.ProcessCrash } => Storage.Durability.ProcessCrash,
            _ => Storage.Durability.PowerLoss,
        },
        MaxFileBytes = options.MaxLogFileBytes,
        // A database in memory is never opened again.
        IndexMinBytes = options.Directory is null ? long.MaxValue : Math.Min(options.MaxLogFileBytes / 2, new LogOptions().IndexMinBytes),
        ScrubBytesPerSecond = options.ScrubBytesPerSecond,
        AllowNetworkFileSystem = options.AllowNetworkFileSystem,
        Time = options.TimeProvider,
    };
}
