using System.Globalization;

namespace ElizaEngine.Storage.Tests;

public sealed class CrashTests
{
    [Fact]
    public async Task A_killed_process_loses_nothing_acknowledged_and_lets_go_of_its_lock()
    {
        using var directory = new TestDirectory();
        var acknowledged = -1;
        for (var round = 1; round <= 4; round++)
        {
            using var writer = CrashWriter.Start(directory.Path);
            for (var i = 0; i < 40 * round; i++)
                acknowledged = Number(await writer.ReadLineAsync());
            var inUse = Assert.Throws<LogDirectoryInUseException>(() => TestLog.Open(directory));
            Assert.Equal(writer.Id, inUse.ProcessId);
            foreach (var line in await writer.KillAsync())
                acknowledged = Math.Max(acknowledged, Number(line));

            await using var log = TestLog.Open(directory);
            var texts = log.Replayed.Texts.ToList();
            Assert.Equal(Enumerable.Range(0, texts.Count).Select(i => i.ToString(CultureInfo.InvariantCulture)), texts);
            Assert.True(texts.Count > acknowledged, $"{texts.Count} records, {acknowledged} was acknowledged");
        }
    }

    [Fact]
    public async Task A_real_failed_flush_poisons_and_loses_nothing_acknowledged()
    {
        using var directory = new TestDirectory();
        var shim = Path.GetDirectoryName(directory.Path) + "/shim.so";
        var trigger = Path.GetDirectoryName(directory.Path) + "/trigger";
        using (var compiler = System.Diagnostics.Process.Start("gcc", ["-shared", "-fPIC", "-o", shim, Path.Combine(AppContext.BaseDirectory, "Shim/failing_fdatasync.c"), "-ldl"]))
        {
            await compiler.WaitForExitAsync();
            Assert.Equal(0, compiler.ExitCode);
        }

        var lines = new List<string>();
        using (var writer = CrashWriter.Start(directory.Path, trigger, shim))
        {
            while (await writer.ReadLineAsync() is { } line)
                lines.Add(line);
            await writer.ExitAsync();
        }

        Assert.Equal([.. Enumerable.Range(0, 50).Select(i => $"acknowledged {i}"), "LogOutcomeUnknownException 50", "LogPoisonedException 51"], lines);
        Assert.False(File.Exists(trigger));
        await using var log = TestLog.Open(directory);
        var texts = log.Replayed.Texts.ToList();
        Assert.InRange(texts.Count, 50, 51); // Nobody can know about the one whose flush failed.
        Assert.Equal(Enumerable.Range(0, texts.Count).Select(i => i.ToString(CultureInfo.InvariantCulture)), texts);
    }

    private static int Number(string? line)
    {
        // A killed process may have said half a line; the number would be too small, never too large.
        var digits = line?.Split(' ') is ["acknowledged", var number] ? number : "-1";
        return int.TryParse(digits, CultureInfo.InvariantCulture, out var value) ? value : -1;
    }
}
