using System.Diagnostics;
using ElizaEngine.Local.Tests.State;
using ElizaEngine.Storage;
using ElizaEngine.Storage.Simulation;
using Xunit;

namespace ElizaEngine.Local.Tests.Disk;

/// <summary>What became of a database of which some bytes were changed behind its back.</summary>
internal enum Verdict
{
    /// <summary>Opening, or reading, said that it is damaged.</summary>
    Reported,

    /// <summary>Every answer is right.</summary>
    Right,

    /// <summary>The last frame before an unclean end is gone, which opening reported: nobody can vouch for that one.</summary>
    LastFrameCut,

    /// <summary>The last frame before an unclean end is gone without a trace, as if it had never been written.</summary>
    LastFrameGone,
}

/// <summary>Opens a damaged image of a crash and compares every answer. Anything but a <see cref="Verdict"/> is a failure.</summary>
internal static class DamagedCopy
{
    public static async Task<Verdict> OpenAsync(CrashPoint point, DiskImage damaged, Func<string> story)
    {
        // Nothing of a few KiB may take long; a loop without an end would otherwise only be seen by the stage's clock.
        var started = Stopwatch.GetTimestamp();
        try
        {
            return await JudgeAsync(point, damaged);
        }
        catch (Exception error)
        {
            throw new InvalidOperationException($"{story()}: {error.Message}", error);
        }
        finally
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(60), $"{story()}: took {Stopwatch.GetElapsedTime(started)}");
        }
    }

    private static async Task<Verdict> JudgeAsync(CrashPoint point, DiskImage damaged)
    {
        using var files = new MemoryFileSystem();
        damaged.RestoreTo(files, DiskSettings.Directory);
        string found;
        long cut;
        bool wasClean;
        try
        {
            await using var database = await point.Settings.OpenAsync(files, Moment.At(point.Clock));
            (cut, wasClean) = (database.OpenReport.CutBytes, database.OpenReport.WasClean);
            found = await Moment.TextAsync(database);
            DatabaseStateTests.AssertIndexesAgree(database.Sequencer.Published);
        }
        catch (Exception error) when (error is CorruptDataException or ForeignDirectoryException)
        {
            return Verdict.Reported;
        }

        foreach (var moment in point.Possible.Reverse())
        {
            if (found == await moment.TextAsync(point.Clock)) return Verdict.Right;
        }
        var first = await point.Possible[0].TextAsync(point.Clock);
        foreach (var moment in point.Earlier.Reverse())
        {
            var text = await moment.TextAsync(point.Clock);
            if (text == first) continue; // A call that changed nothing: it has no frame.
            if (found == text && !wasClean) return cut > 0 ? Verdict.LastFrameCut : Verdict.LastFrameGone;
            break;
        }
        Assert.Fail($"opened with other data (cut {cut} bytes, clean {wasClean}). {Moment.Difference(first, found)}");
        return default;
    }
}
