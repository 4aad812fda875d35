using System.Diagnostics;
using System.Text;
using Xunit;

namespace ElizaEngine.Local.Tests;

/// <summary>A process of the program ElizaEngine.Local.CrashWriter, which lies beside the tests.</summary>
internal sealed class ChildProcess : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _errors = new();
    private bool _isDisposed;

    private ChildProcess(Process process)
    {
        _process = process;
        process.ErrorDataReceived += (_, line) =>
        {
            lock (_errors) _errors.AppendLine(line.Data);
        };
        process.BeginErrorReadLine();
    }

    public static string Program { get; } = Path.Combine(AppContext.BaseDirectory, "ElizaEngine.Local.CrashWriter");

    public int Id => _process.Id;

    /// <summary>What it says; bytes or lines, not both.</summary>
    public Stream Output => _process.StandardOutput.BaseStream;

    /// <summary>What it wrote to its error output so far.</summary>
    public string Errors
    {
        get
        {
            lock (_errors) return _errors.ToString();
        }
    }

    public static ChildProcess Start(params string[] arguments) => Start(Program, arguments, []);

    public static ChildProcess Start(string program, IEnumerable<string> arguments, params IEnumerable<(string Name, string Value)> environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return new ChildProcess(Process.Start(start)!);
    }

    /// <summary>Compiles a library to be preloaded, and returns its path.</summary>
    public static async Task<string> CompileShimAsync(string source, TestFolder folder)
    {
        var library = folder.In("shim.so");
        using var compiler = Process.Start("gcc", ["-shared", "-fPIC", "-o", library, Path.Combine(AppContext.BaseDirectory, "Shim", source), "-ldl"]);
        await compiler.WaitForExitAsync();
        Assert.Equal(0, compiler.ExitCode);
        return library;
    }

    public void WriteLine(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
    }

    public void CloseInput() => _process.StandardInput.Close();

    public Task<string?> ReadLineAsync() => _process.StandardOutput.ReadLineAsync();

    /// <summary>The next line; it must be there.</summary>
    public async Task<string> LineAsync() => await ReadLineAsync() ?? throw new InvalidOperationException($"The child ended early: {Errors}");

    /// <summary>All lines until it ends.</summary>
    public async Task<List<string>> LinesAsync()
    {
        var lines = new List<string>();
        while (await ReadLineAsync() is { } line) lines.Add(line);
        await ExitAsync();
        return lines;
    }

    /// <summary>SIGKILL.</summary>
    public void Kill() => _process.Kill();

    public Task ExitAsync() => _process.WaitForExitAsync();

    /// <summary>Kills it if it has not ended. Harmless twice.</summary>
    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        if (!_process.HasExited) _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
