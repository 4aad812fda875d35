namespace ElizaEngine.Storage.Tests;

/// <summary>
/// Fails, or ends the process at, call 1, 2, 3, ... to the file system, until a backup passes untouched. After each the target is the
/// older backup or the new one, or clearly no database; the source goes on; and doing it again succeeds.
/// </summary>
public sealed class BackupNthCallTests
{
    private const int MostCalls = 500;

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public Task A_failure_at_any_call_leaves_the_older_backup_or_none(bool mayLink, bool diskFull) =>
        SweepAsync(static (call, n) => call == n, mayLink, diskFull);

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public Task A_crash_at_any_call_leaves_the_older_backup_or_none(bool mayLink, bool diskFull) =>
        SweepAsync(static (call, n) => call >= n, mayLink, diskFull);

    private static async Task SweepAsync(Func<int, int, bool> fails, bool mayLink, bool diskFull)
    {
        foreach (var older in (int[])[0, 12])
        {
            for (var n = 1; await StepAsync(older, n, fails, mayLink, diskFull); n++)
                Assert.True(n < MostCalls, $"A backup makes more than {MostCalls} calls.");
        }
    }

    /// <summary>False when the backup passed untouched.</summary>
    private static async Task<bool> StepAsync(int older, int n, Func<int, int, bool> fails, bool mayLink, bool diskFull)
    {
        using var world = new BackupWorld();
        await using var log = world.Open();
        await BackupWorld.WriteAsync(log, 0, older);
        if (older > 0)
            await world.BackUpAsync(log, mayLink: mayLink);
        await BackupWorld.WriteAsync(log, older, 20);
        var (call, hit, isDone) = (0, "", false);
        var faulty = new FaultyFileSystem(world.Source.Files)
        {
            Fault = (operation, path) =>
            {
                if (!fails(++call, n))
                    return null;
                hit = $"{older} records before, call {n}: {operation} {path}";
                return diskFull ? FaultyFileSystem.DiskFull(operation, path) : FaultyFileSystem.IoError(operation, path);
            },
        };
        try
        {
            await world.BackUpAsync(log, mayLink: mayLink, files: faulty);
            isDone = true;
        }
        catch (StorageIOException)
        {
            Assert.NotEmpty(hit);
        }

        var copy = world.In("copy");
        CopyFiles(world, world.Target, copy);
        if (isDone)
            Assert.Equal(BackupTests.Texts(20), await world.TextsAsync(copy));
        else
            await AssertOlderOrNoneAsync(world, copy, older, hit);
        Assert.Equal(20, (await world.BackUpAsync(log, mayLink: mayLink)).Records);
        Assert.Equal(BackupTests.Texts(20), await world.TextsAsync(world.Target));
        return hit.Length > 0;
    }

    private static async Task AssertOlderOrNoneAsync(BackupWorld world, string copy, int older, string hit)
    {
        List<string> texts;
        try
        {
            texts = await world.TextsAsync(copy);
        }
        catch (LogDirectoryForeignException) when (older == 0)
        {
            return;
        }

        // With nothing in it yet the directory becomes a new database. Once the manifest has its name it is the backup, even when the
        // call that would have told so failed.
        Assert.True(texts.Count == older || texts.Count == 20, hit);
        Assert.Equal(BackupTests.Texts(texts.Count), texts);
    }

    private static void CopyFiles(BackupWorld world, string from, string to)
    {
        world.Source.Files.CreateDirectory(to);
        if (!world.Source.Files.DirectoryExists(from))
            return;
        foreach (var (name, bytes) in world.BytesOf(from))
        {
            using var file = world.Source.Files.Create(to + "/" + name);
            file.Write(0, bytes);
        }
    }
}
