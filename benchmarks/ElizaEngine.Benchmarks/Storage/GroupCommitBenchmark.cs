using BenchmarkDotNet.Attributes;
using ElizaEngine.Comparison.Measuring;
using ElizaEngine.Storage;

namespace ElizaEngine.Benchmarks.Storage;

/// <summary>
/// Commits of one record of 1 KiB by callers who each wait for the last one, beside R, the raw disk, on the same file system in the same
/// run. Time is per commit. Without a flush a commit is acknowledged when the operating system has the bytes.
/// </summary>
[MemoryDiagnoser]
[InvocationCount(1)] // Of thousands of commits: at most a gigabyte in all.
[MaxWarmupCount(10)]
[MaxIterationCount(30)]
public class GroupCommitBenchmark
{
    private const int RecordBytes = 1024;
    private const int DurableCommits = 2048;
    private const int Commits = 16 * 1024;

    private readonly byte[] _body = new byte[RecordBytes];
    private string _directory = "";
    private RawDisk _raw = null!;
    private WriteAheadLog _durable = null!;
    private WriteAheadLog _unflushed = null!;

    [Params(1, 16, 64)]
    public int Callers { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        new Random(4).NextBytes(_body);
        _directory = Path.Combine(Environment.GetEnvironmentVariable("ELIZA_BENCH_DIR") ?? Path.GetTempPath(), $"eliza-bench-{Guid.NewGuid():N}");
        Directory.CreateDirectory(_directory);
        _raw = new RawDisk(_directory);
        _durable = Open("durable", new LogOptions());
        _unflushed = Open("unflushed", new LogOptions { Durability = ElizaEngine.Storage.Durability.ProcessCrash, FlushInterval = TimeSpan.FromHours(1) });
    }

    [GlobalCleanup]
    public async Task CleanupAsync()
    {
        _raw.Dispose();
        await _durable.DisposeAsync();
        await _unflushed.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = DurableCommits)]
    public void R()
    {
        for (var i = 0; i < DurableCommits; i++) _raw.WriteDurably();
    }

    [Benchmark(OperationsPerInvoke = DurableCommits)]
    public Task With_a_flush() => CommitAsync(_durable, DurableCommits);

    [Benchmark(OperationsPerInvoke = Commits)]
    public Task Without_a_flush() => CommitAsync(_unflushed, Commits);

    private Task CommitAsync(WriteAheadLog log, int commits)
    {
        return Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => CallAsync()));

        async Task CallAsync()
        {
            for (var i = 0; i < commits / Callers; i++) await CommitAsync(log);
        }
    }

    private async Task CommitAsync(WriteAheadLog log)
    {
        var bytes = WriteAheadLog.RecordBytes(RecordBytes);
        await log.ReserveAsync(bytes, CancellationToken.None);
        ValueTask acknowledged;
        lock (log.Gate)
        {
            log.BeginLocked(bytes);
            _body.CopyTo(log.AppendLocked(kind: 1, RecordBytes, out _));
            acknowledged = log.CommitLocked(this);
        }
        await acknowledged;
    }

    private WriteAheadLog Open(string name, LogOptions options) =>
        WriteAheadLog.Open(Path.Combine(_directory, name), new PosixFileSystem(), options, new NoReplay(), static _ => { });

    private sealed class NoReplay : ILogReplay
    {
        public void Replay(byte kind, ReadOnlySpan<byte> body, RecordLocation location) => throw new InvalidOperationException("a new log holds nothing");
    }
}
