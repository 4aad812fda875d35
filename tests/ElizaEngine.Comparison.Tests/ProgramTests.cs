using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;
using Xunit;

namespace ElizaEngine.Comparison.Tests;

/// <summary>The harness as a process of its own.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class ProgramTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string _directory = Directory.CreateTempSubdirectory("eliza-program-").FullName;

    /// <summary>It was measured for hours, and then nothing could be written.</summary>
    [Theory]
    [InlineData("--json")]
    [InlineData("--out")]
    public async Task What_cannot_be_written_is_said_before_anything_is_measured(string option)
    {
        // A folder where a file is meant, and the other way round.
        var wrong = Path.Combine(_directory, "wrong");
        if (option == "--json") Directory.CreateDirectory(wrong);
        else File.WriteAllText(wrong, "");
        using var patience = new CancellationTokenSource(Patience);
        // No engine: of this suite it would be a second.
        using var program = Start([], "open", "--toy", "--engines", "sqlite-full", option, wrong);
        program.StandardInput.Close();

        var output = program.StandardOutput.ReadToEndAsync(patience.Token);
        var error = await program.StandardError.ReadToEndAsync(patience.Token);
        await program.WaitForExitAsync(patience.Token);
        await output;

        Assert.Equal(1, program.ExitCode);
        Assert.Contains(wrong, error, StringComparison.Ordinal);
        Assert.DoesNotContain("suite open", error, StringComparison.Ordinal);
    }

    /// <summary>Only the first was heard: a run that hung could not be ended from its terminal.</summary>
    [Fact]
    public async Task A_second_signal_ends_a_run_that_the_first_does_not_end()
    {
        // A script that the run waits for, until this test gives up its own end of the standard input.
        var bin = Directory.CreateDirectory(Path.Combine(_directory, "bin")).FullName;
        var bash = Path.Combine(bin, "bash");
        File.WriteAllText(bash, "#!/bin/sh\nexec cat >/dev/null\n");
        File.SetUnixFileMode(bash, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        using var patience = new CancellationTokenSource(Patience);
        using var program = Start(
            new Dictionary<string, string> { ["PATH"] = $"{bin}:{Environment.GetEnvironmentVariable("PATH")}" },
            "postgres", "--toy", "--engines", "postgres");
        try
        {
            string? line;
            do line = await program.StandardError.ReadLineAsync(patience.Token);
            while (line?.Contains("postgres: preparing", StringComparison.Ordinal) == false);
            Assert.NotNull(line);

            // As many as a person would send.
            for (var signals = 0; signals < 20 && !program.HasExited; signals++)
            {
                using var kill = Process.Start("kill", ["-TERM", program.Id.ToString(CultureInfo.InvariantCulture)]);
                await kill.WaitForExitAsync(patience.Token);
                using var aMoment = CancellationTokenSource.CreateLinkedTokenSource(patience.Token);
                aMoment.CancelAfter(TimeSpan.FromMilliseconds(500));
                await program.WaitForExitAsync(aMoment.Token).ContinueWith(_ => { }, TaskScheduler.Default);
            }

            Assert.True(program.HasExited);
            Assert.Equal(128 + 15, program.ExitCode);
        }
        finally
        {
            if (!program.HasExited) program.Kill();
            program.StandardInput.Close();
        }
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private Process Start(Dictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(Run).Assembly.Location, .. arguments, "--dir", _directory])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return Process.Start(start)!;
    }
}
