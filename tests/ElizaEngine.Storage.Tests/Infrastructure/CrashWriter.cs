using System.Diagnostics;
using System.Globalization;

namespace ElizaEngine.Storage.Tests;

/// <summary>
/// A process of its own that commits 0, 1, 2, ... and says on its output what was acknowledged, until it is killed. It is this test
/// program, started with <see cref="Verb"/>.
/// </summary>
internal sealed class CrashWriter : IDisposable
{
    public const string Verb = "crash-writer";
    private readonly Process _process;

    private CrashWriter(Process process) => _process = process;

    public int Id => _process.Id;

    public static CrashWriter Start(string directory, string? trigger = null, string? preload = null)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, trigger is null ? [Verb, directory] : [Verb, directory, trigger])
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };
        if (preload is not null)
        {
            start.Environment["LD_PRELOAD"] = preload;
            start.Environment["FAIL_FDATASYNC_TRIGGER"] = trigger;
        }

        return new CrashWriter(Process.Start(start)!);
    }

    /// <summary>The next line it says; null when it has ended.</summary>
    public Task<string?> ReadLineAsync() => _process.StandardOutput.ReadLineAsync();

    /// <summary>Kills it (SIGKILL) and returns the lines it had said and nobody had read.</summary>
    public async Task<List<string>> KillAsync()
    {
        _process.Kill();
        var lines = new List<string>();
        while (await ReadLineAsync() is { } line)
            lines.Add(line);
        await _process.WaitForExitAsync();
        return lines;
    }

    public Task ExitAsync() => _process.WaitForExitAsync();

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    /// <summary>The code of the process.</summary>
    /// <param name="directory">The directory of the log.</param>
    /// <param name="trigger">When given, a file it creates after 50 commits so that its next flush fails.</param>
    public static async Task<int> RunAsync(string directory, string? trigger)
    {
        var options = new LogOptions { FirstFileBytes = 64 << 10, MaxFileBytes = 256 << 10 };
        var log = WriteAheadLog.Open(directory, PosixFileSystem.Instance, options, new ReplayedRecords(), static _ => { });
        for (var i = log.OpenReport.Records; ; i++)
        {
            if (i == 50 && trigger is not null)
            {
                await log.BackgroundWork;
                await File.WriteAllTextAsync(trigger, "");
            }

            try
            {
                await PoisonTests.Append(log, i.ToString(CultureInfo.InvariantCulture));
                Say($"acknowledged {i}");
            }
            catch (StorageException error)
            {
                Say($"{error.GetType().Name} {i}");
                if (error is LogPoisonedException)
                    return 0; // Without closing, like a crash.
            }
        }
    }

    private static void Say(string line)
    {
        Console.Out.WriteLine(line);
        Console.Out.Flush();
    }
}
