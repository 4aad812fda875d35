using System.Diagnostics;

namespace ElizaEngine.Postgres.Tests.Infrastructure;

/// <summary>How a server is stopped.</summary>
internal enum Stop
{
    /// <summary>Sessions are ended, the data is written.</summary>
    Fast,

    /// <summary>As in a crash: the next start recovers from the log.</summary>
    Immediate,
}

/// <summary>
/// A server that belongs to one test, for what the shared server must not suffer: to be stopped, restarted, frozen. It is made by
/// tools/postgres/server.sh, and goes with the test, or with the process of the tests if that is killed.
/// </summary>
internal sealed class PrivateServer : IAsyncDisposable
{
    // Small, because several of them may run beside the shared one.
    private static readonly string[] s_settings = ["shared_buffers=64MB", "max_connections=100"];

    private readonly string _directory = Path.Combine(Path.GetTempPath(), $"eliza-server-{Guid.NewGuid():N}");

    private PrivateServer()
    {
    }

    /// <summary>As <see cref="PostgresServer.Keywords"/> understands it. The port stays the same over a restart.</summary>
    public string Url { get; private set; } = "";

    public string ConnectionString => PostgresServer.Keywords(Url);

    /// <summary>Starts a server; settings are those of postgresql.conf, as <c>name=value</c>.</summary>
    public static async Task<PrivateServer> StartNewAsync(params string[] settings)
    {
        var server = new PrivateServer();
        server.Url = await RunAsync(["start", "--owner", $"{Environment.ProcessId}", server._directory, .. s_settings, .. settings]);
        return server;
    }

    /// <summary>Stops it; its data stays.</summary>
    public Task StopAsync(Stop how) => RunAsync("stop", _directory, Mode(how));

    /// <summary>Starts it again after <see cref="StopAsync"/>.</summary>
    public Task StartAsync() => RunAsync("start", _directory);

    public Task RestartAsync(Stop how) => RunAsync("restart", _directory, Mode(how));

    /// <summary>Freezes all of its processes: connections stay open and nobody answers.</summary>
    public Task PauseAsync() => RunAsync("pause", _directory);

    public Task ResumeAsync() => RunAsync("resume", _directory);

    /// <summary>Starts PgBouncer in front of it, in transaction mode; settings are those of pgbouncer.ini. Returns its URL.</summary>
    public Task<string> StartBouncerAsync(params string[] settings) => RunAsync(["bouncer", _directory, .. settings]);

    public Task StopBouncerAsync() => RunAsync("bouncer-stop", _directory);

    public async ValueTask DisposeAsync() => await RunAsync("remove", _directory);

    private static string Mode(Stop how) => how == Stop.Fast ? "fast" : "immediate";

    private static async Task<string> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("bash", [Script(), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"server.sh {arguments[0]}: exit code {process.ExitCode}\n{await errors}");
        return (await output).Trim();
    }

    /// <summary>The path of tools/postgres/server.sh.</summary>
    internal static string Script()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string script = Path.Combine(folder.FullName, "tools", "postgres", "server.sh");
            if (File.Exists(script)) return script;
        }
        throw new FileNotFoundException("tools/postgres/server.sh is in no folder above this program.");
    }
}
