using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Npgsql;
using Xunit;

namespace ElizaEngine.Postgres.Tests;

/// <summary>
/// elizaOS 1.7.2 itself: its adapter of one agent on one database, in a process of its own, called through driver.mjs.
/// One call at a time, also of several agents.
/// </summary>
internal sealed class ElizaOs : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60); // A call that fails is tried nine times over before it does.

    private readonly Process _process;
    private readonly Guid _agentId;
    private readonly StringBuilder _said;

    private ElizaOs(Process process, Guid agentId, StringBuilder said)
    {
        _process = process;
        _agentId = agentId;
        _said = said;
    }

    /// <param name="connectionString">The database, in Npgsql's keywords.</param>
    /// <param name="agentId">Whose adapter it is; the agent need not exist.</param>
    /// <param name="environment">Settings of elizaOS that differ from its defaults.</param>
    public static async Task<ElizaOs> StartAsync(string connectionString, Guid agentId, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("node", [ElizaOsPackages.Driver, await ElizaOsPackages.FolderAsync()])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["POSTGRES_URL"] = UrlOf(connectionString);
        start.Environment["LOG_LEVEL"] = "error";
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var process = Process.Start(start)!;
        var said = new StringBuilder();
        process.ErrorDataReceived += (_, line) =>
        {
            lock (said) said.AppendLine(line.Data);
        };
        process.BeginErrorReadLine();
        return new ElizaOs(process, agentId, said);
    }

    /// <summary>The adapter of another agent, in the same process; whoever started that ends it.</summary>
    public ElizaOs For(Guid agentId) => new(_process, agentId, _said);

    /// <summary>Runs elizaOS' migrator, as elizaOS does when it starts; throws when the migrator refuses.</summary>
    public Task MigrateAsync() => CallAsync("runMigrations");

    /// <summary>Calls a method of the adapter with arguments as JSON has them, and returns what it returns; undefined is null.</summary>
    /// <exception cref="ElizaOsException">The method threw.</exception>
    public async Task<JsonNode?> CallAsync(string method, params object?[] args)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(s_patience);
        var request = JsonSerializer.Serialize(new { agent = _agentId, method, args });
        await _process.StandardInput.WriteLineAsync(request.AsMemory(), patience.Token);
        await _process.StandardInput.FlushAsync(patience.Token);
        var line = await _process.StandardOutput.ReadLineAsync(patience.Token)
            ?? throw new InvalidOperationException($"elizaOS ended during {method}: {Said}");
        var response = JsonNode.Parse(line)!;
        return response["error"] is { } error
            ? throw new ElizaOsException($"{method}: {error["message"]}", (string?)error["code"])
            : response["result"];
    }

    /// <summary>As <see cref="CallAsync"/>, for a method that answers with a list.</summary>
    public async Task<JsonArray> ListAsync(string method, params object?[] args) => (await CallAsync(method, args))!.AsArray();

    /// <summary>As <see cref="CallAsync"/>, for a method that answers true when it did what it was asked; it must.</summary>
    public async Task DoAsync(string method, params object?[] args)
    {
        if (await CallAsync(method, args) is not { } done || !(bool)done) throw new ElizaOsException($"{method} answered false: {Said}", null);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }

    private static string UrlOf(string connectionString)
    {
        var database = new NpgsqlConnectionStringBuilder(connectionString);
        return new UriBuilder("postgresql", database.Host, database.Port, database.Database)
        {
            UserName = Uri.EscapeDataString(database.Username!),
            Password = Uri.EscapeDataString(database.Password ?? ""),
        }.Uri.AbsoluteUri;
    }

    private string Said
    {
        get
        {
            lock (_said) return _said.ToString();
        }
    }
}

/// <summary>elizaOS' adapter threw.</summary>
internal sealed class ElizaOsException(string message, string? code) : Exception(message)
{
    /// <summary>The SQLSTATE, if the database said one.</summary>
    public string? Code { get; } = code;
}
