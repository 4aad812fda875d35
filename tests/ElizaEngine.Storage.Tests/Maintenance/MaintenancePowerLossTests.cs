namespace ElizaEngine.Storage.Tests;

/// <summary>The power goes after every single call of a backup, and of a repair, several times, with other sectors and names lost each time.</summary>
public sealed class MaintenancePowerLossTests
{
    private const int TossesPerCall = 6;
    private const int MostCalls = 2000;

    [Theory]
    [InlineData(0)]
    [InlineData(12)]
    public async Task Power_lost_after_any_call_of_a_backup_leaves_the_older_one_or_no_database(int older)
    {
        for (var calls = 1; calls < MostCalls; calls++)
        {
            using var world = new BackupWorld();
            await using var log = world.Open();
            await BackupWorld.WriteAsync(log, 0, older);
            using var disk = new SimulatedDisk(world.Target);
            if (older > 0)
                await world.BackUpAsync(log, mayLink: false, files: disk);
            await BackupWorld.WriteAsync(log, older, 20);
            disk.CallsMax = disk.Calls + calls;
            var isDone = await TryAsync(() => world.BackUpAsync(log, mayLink: false, files: disk));
            for (var toss = 0; toss < TossesPerCall; toss++)
            {
                var seed = (calls * 1000) + toss;
                using var after = disk.Cut(new Random(seed)).Restore();
                await AssertOldOrNewAsync(after, older, isDone, $"{older} records before, calls {calls}, seed {seed}");
            }

            if (disk.Calls < disk.CallsMax)
                return;
        }

        Assert.Fail($"A backup makes more than {MostCalls} calls.");
    }

    [Fact]
    public async Task Power_lost_while_a_backup_goes_on_from_one_whose_manifest_may_have_no_name_on_the_disk_leaves_a_whole_one()
    {
        const int older = 12;
        for (var calls = 1; calls < MostCalls; calls++)
        {
            using var world = new BackupWorld();
            await using var log = world.Open();
            await BackupWorld.WriteAsync(log, 0, older);
            using var disk = new SimulatedDisk(world.Target);
            await world.BackUpAsync(log, mayLink: false, files: disk);
            await log.CompactAsync();
            await BackupWorld.WriteAsync(log, older, 20);
            // A kill between the name of the manifest and the flush of that name.
            var isNamed = false;
            disk.BeforeCall = call =>
            {
                isNamed |= call.Operation == "rename" && FileNames.TryManifest(Path.GetFileName(call.Path), out _);
                return isNamed && call.Operation != "rename" ? DiskFault.IoError : DiskFault.None;
            };
            Assert.False(await TryAsync(() => world.BackUpAsync(log, mayLink: false, files: disk)));
            disk.BeforeCall = null;
            disk.CallsMax = disk.Calls + calls;
            var isDone = await TryAsync(() => world.BackUpAsync(log, mayLink: false, files: disk));
            for (var toss = 0; toss < TossesPerCall; toss++)
            {
                var seed = (calls * 1000) + toss;
                using var after = disk.Cut(new Random(seed)).Restore();
                await AssertOldOrNewAsync(after, older, isDone, $"calls {calls}, seed {seed}");
            }

            if (disk.Calls < disk.CallsMax)
                return;
        }

        Assert.Fail($"A backup makes more than {MostCalls} calls.");
    }

    [Fact]
    public async Task Power_lost_after_any_call_of_a_repair_costs_nothing_more()
    {
        using var directory = new TestDirectory(Disk.Memory);
        await using (var log = TestLog.Open(directory))
            await BackupWorld.WriteAsync(log, 0, 20);
        var image = DiskImage.Take(directory);
        var manifest = image.Files.Keys.Where(static name => FileNames.TryManifest(name, out _)).Max(StringComparer.Ordinal)!;
        var damaged = image.With(FileNames.Log(1), static bytes => bytes[(2 * 4096) + 100] ^= 1).With(FileNames.Log(2), static bytes => bytes[50] ^= 1)
            .With(manifest, static bytes => bytes[70] ^= 1);
        var wanted = BackupTests.Texts(20).Where(static (_, i) => i != 1).ToList();
        for (var calls = 1; calls < MostCalls; calls++)
        {
            using var disk = new SimulatedDisk(directory.Path, damaged) { CallsMax = calls };
            var isDone = await TryAsync(() => Task.FromResult(Examined.Run(disk, directory.Path, directory.Options, repair: true)));
            for (var toss = 0; toss < TossesPerCall; toss++)
            {
                var seed = (calls * 1000) + toss;
                using var after = disk.Cut(new Random(seed)).Restore();
                if (!isDone)
                    Examined.Run(after, repair: true);
                Assert.True(Examined.Run(after).IsSound, $"calls {calls}, seed {seed}");
                await using var log = TestLog.Open(after);
                Assert.Equal(wanted, log.Replayed.Texts);
            }

            if (disk.Calls < disk.CallsMax)
                return;
        }

        Assert.Fail($"A repair makes more than {MostCalls} calls.");
    }

    /// <summary>The manifest is whole: a repair that is cut off leaves it in force, beside files that it has written anew.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Power_lost_after_any_call_of_a_repair_leaves_no_database_that_renews_a_backup_of_before(bool compact)
    {
        const int records = 100;
        using var world = new BackupWorld();
        await using (var log = world.Open())
        {
            await BackupWorld.WriteAsync(log, 0, records);
            await world.BackUpAsync(log, mayLink: false);
            if (compact)
                await BackupAfterRepairTests.CompactAsync(log, "last");
        }

        var backup = DiskImage.Take(world.Source.Files, world.Target);
        var image = DiskImage.Take(world.Source);
        var names = compact ? BackupAfterRepairTests.CopiesOf(world.Source.Files, world.Source.Path) : [FileNames.Log(1), FileNames.Log(3)];
        Assert.Equal(2, names.Count);
        var damaged = image;
        foreach (var name in names)
            damaged = damaged.With(name, static bytes => bytes[LogFormat.FileHeaderBytes + 100] ^= 1);
        for (var calls = 1; calls < MostCalls; calls++)
        {
            using var disk = new SimulatedDisk(world.Source.Path, damaged) { CallsMax = calls };
            await TryAsync(() => Task.FromResult(Examined.Run(disk, world.Source.Path, world.Source.Options, repair: true)));
            for (var toss = 0; toss < TossesPerCall; toss++)
            {
                var when = $"calls {calls}, seed {(calls * 1000) + toss}";
                using var after = disk.Cut(new Random((calls * 1000) + toss)).Restore();
                await using var log = OpenRepaired(after);
                Assert.True(log.Replayed.Records.Count == records + (compact ? 1 : 0) - names.Count, when);
                await BackupAfterRepairTests.CompactAsync(log, "behind");
                var target = Path.Combine(Path.GetDirectoryName(after.Path)!, "backup");
                backup.RestoreTo(after.Files, target);
                using var pin = log.Log.Pin();
                var snapshot = await log.Log.TakeSnapshotAsync(false);
                var renewal = new LogBackup(snapshot, after.Files, target, null, null, CancellationToken.None);
                Assert.True(Record.Exception(() => renewal.Renew(after.Options, new ReplayedRecords())) is LogBackupRefusedException, when);
            }

            if (disk.Calls < disk.CallsMax)
                return;
        }

        Assert.Fail($"A repair makes more than {MostCalls} calls.");
    }

    /// <summary>Opens a directory, after a repair where it does not open without.</summary>
    private static TestLog OpenRepaired(TestDirectory directory)
    {
        try
        {
            return TestLog.Open(directory);
        }
        catch (LogDamagedException)
        {
            Examined.Run(directory, repair: true);
            return TestLog.Open(directory);
        }
    }

    private static async Task AssertOldOrNewAsync(TestDirectory after, int older, bool isDone, string when)
    {
        var replayed = new ReplayedRecords();
        try
        {
            await WriteAheadLog.Open(after.Path, after.Files, after.Options, replayed, static _ => { }).DisposeAsync();
        }
        catch (LogDirectoryForeignException) when (older == 0 && !isDone)
        {
            return;
        }

        var count = replayed.Records.Count;
        Assert.True(count == 20 || (count == older && !isDone), when);
        Assert.Equal(BackupTests.Texts(count), replayed.Texts);
    }

    private static async Task<bool> TryAsync<T>(Func<Task<T>> work)
    {
        try
        {
            await work();
            return true;
        }
        catch (StorageIOException)
        {
            return false;
        }
    }
}
