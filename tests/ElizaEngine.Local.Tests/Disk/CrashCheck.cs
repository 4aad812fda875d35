using ElizaEngine.Local.Tests.State;
using ElizaEngine.Storage.Simulation;
using Xunit;

namespace ElizaEngine.Local.Tests.Disk;

/// <summary>
/// Opens the image of a crash. Every acknowledged batch is there, whole and in order; nothing is there that was not begun; every index
/// equals a rebuild from the rows; the database can be written to; opening it again gives the same; and a crash during all that is a
/// crash like any other.
/// </summary>
internal static class CrashCheck
{
    /// <returns>Crashes during the recovery of this one.</returns>
    public static async Task<IReadOnlyList<CrashPoint>> RunAsync(CrashPoint point, int seed)
    {
        try
        {
            await CheckBackupAsync(point, seed);
            return await CheckAsync(point, seed);
        }
        catch (Exception error)
        {
            throw new InvalidOperationException($"{point.Story}; checked with {seed}: {error.Message}", error);
        }
    }

    private static async Task<IReadOnlyList<CrashPoint>> CheckAsync(CrashPoint point, int seed)
    {
        var random = new Random(seed);
        var children = new List<CrashPoint>();
        var time = Moment.At(point.Clock);
        using var disk = new SimulatedDisk(DiskSettings.Directory, point.Image, seed);
        var possible = point.Possible; // What another crash may leave; narrower and narrower.
        if (point.Kind != CrashKind.Recovery && random.Next(12) == 0)
        {
            disk.BeforeCall = call =>
            {
                if (random.Next(5) == 0)
                {
                    children.Add(new CrashPoint(
                        CrashKind.Recovery, disk.Cut(random), Volatile.Read(ref possible), [], point.Clock, point.Settings,
                        $"{point.Story}; while that was recovered with {seed}, before {call.Operation} {call.Path}, call {call.Number}"));
                }
                return DiskFault.None;
            };
        }

        await using (var database = await point.Settings.OpenAsync(disk, time))
        {
            var found = await FindAsync(database, possible, point.Clock);
            if (point.Settings.HasGraphs) await SearchCheck.RunAsync(database);
            Volatile.Write(ref possible, [found]);
            if (random.Next(2) == 0)
            {
                var write = new OperationMaker(random.Next()).MakeWrite();
                var model = Moment.Database(found.State, time);
                var expected = await DiskHistory.AnswerAsync(model, write);
                var after = new Moment(model.Newest());
                Volatile.Write(ref possible, [found, after]);
                var answer = await DiskHistory.AnswerAsync(database, write);
                if (expected != answer) Assert.Fail($"then {write}: {Moment.Difference(expected, answer)}");
                // At the weaker level the next power cut may take it.
                if (point.Settings.Durability == Durability.PowerLoss) Volatile.Write(ref possible, [after]);
                found = after;
            }
            if (random.Next(2) == 0)
            {
                await database.BackgroundWork;
                await ReopenAsync(point, new SimulatedDisk(DiskSettings.Directory, disk.Kill(), seed), found);
                return Freeze(disk, children);
            }
        }
        var closed = Freeze(disk, children);
        disk.BeforeCall = null;
        await ReopenAsync(point, disk, possible[^1]);
        return closed;
    }

    private static IReadOnlyList<CrashPoint> Freeze(SimulatedDisk disk, List<CrashPoint> children)
    {
        disk.BeforeCall = null;
        return children;
    }

    /// <summary>The backup beside the database is whole, or nobody takes it for one.</summary>
    private static async Task CheckBackupAsync(CrashPoint point, int seed)
    {
        var image = point.Image.Of(DiskSettings.Backup);
        Assert.False(point.Backup.IsComplete && image.Files.Count == 0, "the backup is gone");
        // Of an empty directory nobody would say that it is one; and one that was complete before is looked at now and then.
        if (image.Files.Count == 0 || (point.Backup.IsComplete && seed % 4 != 0)) return;
        using var disk = new SimulatedDisk(DiskSettings.Backup, image, seed);
        try
        {
            await using var backup = await point.Settings.OpenAsync(disk, Moment.At(point.Clock), DiskSettings.Backup);
            await FindAsync(backup, point.Backup.Possible, point.Clock);
        }
        catch (ForeignDirectoryException) when (!point.Backup.IsComplete)
        {
        }
    }

    private static async Task ReopenAsync(CrashPoint point, SimulatedDisk disk, Moment expected)
    {
        using (disk)
        {
            await using var again = await point.Settings.OpenAsync(disk, Moment.At(point.Clock));
            await FindAsync(again, [expected], point.Clock);
        }
    }

    private static async Task<Moment> FindAsync(LocalDatabase database, IReadOnlyList<Moment> possible, TimeSpan clock)
    {
        DatabaseStateTests.AssertIndexesAgree(database.Sequencer.Published);
        using var found = await FoundText.InAsync(database);
        for (var i = possible.Count - 1; i >= 0; i--)
        {
            if (found.Is(await possible[i].TextAsync(clock))) return possible[i];
        }
        var report = database.OpenReport;
        Assert.Fail(
            $"what was opened is none of {possible.Count} possible states (cut {report.CutBytes} bytes, clean {report.WasClean}, {report.Frames} frames). "
            + Moment.Difference(await possible[0].TextAsync(clock), found.ToString()));
        return possible[0];
    }
}
