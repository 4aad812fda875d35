using ElizaEngine.Conformance;

namespace ElizaEngine.Local.Tests.Sessions;

// The contract again where the engine is tight: no record stays in memory, and the log goes through many small files.

public sealed class UncachedMemoryConformance : MemoryConformance
{
    protected override ITestBackend CreateBackend() => new NarrowBackend(recordCacheBytes: 0);
}

public sealed class TinyCacheMemoryConformance : MemoryConformance
{
    protected override ITestBackend CreateBackend() => new NarrowBackend(recordCacheBytes: 1_500);
}

public sealed class UncachedTransactionConformance : TransactionConformance
{
    protected override ITestBackend CreateBackend() => new NarrowBackend(recordCacheBytes: 0);
}

public sealed class UncachedEntityConformance : EntityConformance
{
    protected override ITestBackend CreateBackend() => new NarrowBackend(recordCacheBytes: 0);
}

public sealed class UncachedCacheConformance : CacheConformance
{
    protected override ITestBackend CreateBackend() => new NarrowBackend(recordCacheBytes: 0);
}

public sealed class ManyFilesMemoryConformance : MemoryConformance
{
    protected override ITestBackend CreateBackend() => new NarrowBackend(maxLogFileBytes: 64 << 10);
}

public sealed class ManyFilesTransactionConformance : TransactionConformance
{
    protected override ITestBackend CreateBackend() => new NarrowBackend(maxLogFileBytes: 64 << 10, recordCacheBytes: 1_500);
}

public sealed class ManyFilesEmbeddingConformance : EmbeddingConformance
{
    protected override ITestBackend CreateBackend() => new NarrowBackend(maxLogFileBytes: 128 << 10);
}

public sealed class ManyFilesMemorySearchConformance : MemorySearchConformance
{
    protected override ITestBackend CreateBackend() => new NarrowBackend(maxLogFileBytes: 64 << 10, recordCacheBytes: 0);
}

/// <summary>A database on disk with a small cache, or small log files, or both.</summary>
internal sealed class NarrowBackend(long recordCacheBytes = 64 << 20, long maxLogFileBytes = 64 << 20) : ITestBackend
{
    private readonly string _directory = Path.Combine(Path.GetTempPath(), $"eliza-{Guid.NewGuid():N}");
    private LocalDatabase? _open;

    public string Name => $"local, cache of {recordCacheBytes} bytes, log files of {maxLogFileBytes} bytes";

    public bool Persists => true;

    public bool UnchangedIsWritten => false;

    public async Task<IDatabase> OpenAsync(TimeProvider time) => _open = await LocalDatabase.OpenAsync(new LocalDatabaseOptions
    {
        Directory = _directory,
        TimeProvider = time,
        Durability = Durability.ProcessCrash,
        RecordCacheBytes = recordCacheBytes,
        MaxLogFileBytes = maxLogFileBytes,
    });

    // Crashes are tried with ordinary sizes; here a close is enough.
    public Task CrashAsync() => _open!.CloseAsync();

    public ValueTask DisposeAsync()
    {
        if (Directory.Exists(_directory)) Directory.Delete(_directory, recursive: true);
        return ValueTask.CompletedTask;
    }
}
