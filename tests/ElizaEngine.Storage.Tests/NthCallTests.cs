namespace ElizaEngine.Storage.Tests;

/// <summary>
/// Fails, or ends the process at, call 1, 2, 3, ... to the file system until the scenario passes untouched. After each: what was
/// acknowledged is there, batches are whole, and the log goes on.
/// </summary>
public sealed class NthCallTests
{
    private const int MostCalls = 2000;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_failure_of_any_single_call_loses_nothing_acknowledged(bool leads) => await Sweep(static (call, n) => call == n,
        diskFull: false, leads);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_full_disk_at_any_single_call_loses_nothing_acknowledged(bool leads) => await Sweep(static (call, n) => call == n,
        diskFull: true, leads);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_crash_at_any_call_loses_nothing_acknowledged(bool leads) => await Sweep(static (call, n) => call >= n, diskFull: false, leads);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_disk_that_stays_full_from_any_call_on_loses_nothing_acknowledged(bool leads) => await Sweep(static (call, n) => call >= n,
        diskFull: true, leads);

    private static async Task Sweep(Func<int, int, bool> fails, bool diskFull, bool leads)
    {
        for (var n = 1; n <= MostCalls; n++)
        {
            using var directory = new TestDirectory(Disk.Memory);
            var faulty = new FaultyFileSystem(directory.Files);
            var call = 0;
            var hit = "";
            faulty.Fault = (operation, path) =>
            {
                if (!fails(Interlocked.Increment(ref call), n))
                    return null;
                hit = $"call {n}: {operation} {path}";
                return diskFull ? FaultyFileSystem.DiskFull(operation, path) : FaultyFileSystem.IoError(operation, path);
            };
            var acknowledged = new List<int>();
            await Scenario(directory, faulty, acknowledged, first: 0, leads);
            // Once more from what is there: recovery meets the failing call too.
            await Scenario(directory, faulty, acknowledged, first: 100, leads);

            faulty.Fault = static (_, _) => null;
            await AssertWhole(directory, acknowledged, hit);
            await AssertWhole(directory, [.. acknowledged, 999], hit);
            if (hit.Length == 0)
                return;
        }

        Assert.Fail($"The scenario makes more than {MostCalls} calls.");
    }

    /// <summary>Batches of three records, a chain, a large record; then a close, or not.</summary>
    private static async Task Scenario(TestDirectory directory, FaultyFileSystem faulty, List<int> acknowledged, int first, bool leads)
    {
        WriteAheadLog? log = null;
        try
        {
            log = WriteAheadLog.Open(directory.Path, faulty, directory.Options, new ReplayedRecords(), static _ => { });
            for (var batch = first; batch < first + 8; batch++)
            {
                await log.BackgroundWork;
                await AppendBatch(log, batch, recordBytes: (batch - first) switch { 3 => 5_000, 5 => 40_000, _ => 900 }, leads);
                acknowledged.Add(batch);
            }
        }
        catch (Exception error) when (error is StorageException or IOException)
        {
        }

        if (log is not null)
            await log.DisposeAsync();
    }

    private static async Task AssertWhole(TestDirectory directory, List<int> acknowledged, string hit)
    {
        var replayed = new ReplayedRecords();
        var log = WriteAheadLog.Open(directory.Path, directory.Files, directory.Options, replayed, static _ => { });
        var batches = replayed.Records.Select(record => BitConverter.ToInt32(record.Body)).Chunk(3).ToList();
        Assert.All(batches, batch => Assert.True(batch.Length == 3 && batch.Distinct().Count() == 1, hit));
        Assert.True(acknowledged.Where(batch => batch != 999).All(batch => batches.Exists(found => found[0] == batch)), hit);
        Assert.Equal(batches.Select(batch => batch[0]).Distinct().Count(), batches.Count);
        if (!acknowledged.Contains(999))
            await AppendBatch(log, 999, 10, leads: false);
        else
            Assert.Contains(batches, batch => batch[0] == 999);
        await log.DisposeAsync();
    }

    private static ValueTask AppendBatch(WriteAheadLog log, int batch, int recordBytes, bool leads)
    {
        ValueTask done;
        var isLeader = false;
        lock (log.Gate)
        {
            try
            {
                log.BeginLocked(3 * WriteAheadLog.RecordBytes(recordBytes));
                for (var i = 0; i < 3; i++)
                {
                    var body = log.AppendLocked(1, recordBytes, out _);
                    body.Fill((byte)i);
                    BitConverter.TryWriteBytes(body, batch);
                }

                done = leads ? log.CommitLocked(batch, out isLeader) : log.CommitLocked(batch);
            }
            catch
            {
                log.AbandonLocked();
                throw;
            }
        }

        if (isLeader)
            log.Lead();
        return done;
    }
}
