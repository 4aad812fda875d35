using System.Diagnostics;
using System.Text;
using System.Text.Json;
using ElizaEngine.Comparison.Calls;
using ElizaEngine.Comparison.Measuring;

namespace ElizaEngine.Comparison.Engines;

/// <summary>
/// elizaOS' own database adapter, in a process of Node.js that this one speaks to: see tools/comparison/plugin-sql/driver.mjs for what
/// it can be asked. One request at a time. It measures by itself, so that no time between the two processes is in any figure.
/// </summary>
internal sealed class NodeDriver : IAsyncDisposable
{
    private const int ToldLines = 20;

    private static readonly JsonSerializerOptions s_names = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, MaxDepth = 128 };

    private readonly Process _process;
    private readonly Queue<string> _said = new();
    private readonly CancellationToken _cancellationToken;
    private readonly CancellationTokenRegistration _kill;

    private NodeDriver(Process process, CancellationToken cancellationToken)
    {
        _process = process;
        _cancellationToken = cancellationToken;
        _kill = cancellationToken.Register(Kill);
        process.ErrorDataReceived += (_, line) => Remember(line.Data);
        process.BeginErrorReadLine();
    }

    /// <param name="packages">The folder that <see cref="Installed"/> found.</param>
    /// <param name="cancellationToken">Ends the process.</param>
    public static NodeDriver Start(string packages, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("node", [Repository.Script("comparison/plugin-sql/driver.mjs"), packages])
        {
            // Not in a folder whose .env elizaOS would read.
            WorkingDirectory = packages,
        };
        start.Environment["LOG_LEVEL"] = "error";
        return Start(start, cancellationToken);
    }

    /// <summary>Any program that answers lines of JSON.</summary>
    internal static NodeDriver Start(ProcessStartInfo start, CancellationToken cancellationToken)
    {
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        // Without a byte order mark, which is no JSON.
        start.StandardInputEncoding = new UTF8Encoding(false);
        return new NodeDriver(Process.Start(start)!, cancellationToken);
    }

    /// <summary>Asks, and reads the answer.</summary>
    /// <exception cref="InvalidOperationException">elizaOS threw, or its process ended.</exception>
    /// <exception cref="OperationCanceledException">It was ended by the token.</exception>
    public async Task<T> AskAsync<T>(object request)
    {
        try
        {
            return await AnswerToAsync<T>(request);
        }
        catch (Exception error) when (_cancellationToken.IsCancellationRequested)
        {
            // A pipe that broke, an answer that is missing or half: the process was killed.
            throw new OperationCanceledException("elizaOS was ended with the run.", error, _cancellationToken);
        }
    }

    private async Task<T> AnswerToAsync<T>(object request)
    {
        await _process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(request, s_names));
        await _process.StandardInput.FlushAsync();
        var line = await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException($"elizaOS ended: {Said()}");
        using var answer = JsonDocument.Parse(line);
        if (answer.RootElement.TryGetProperty("error", out var error)) throw new InvalidOperationException($"elizaOS: {error.GetString()} {Said()}");
        return answer.RootElement.GetProperty("result").Deserialize<T>(s_names)!;
    }

    /// <summary>Runs one of the operations of operations.mjs.</summary>
    /// <param name="request">As <c>run</c> has it.</param>
    public async Task<AnsweredCalls> RunAsync(object request)
    {
        var ran = await AskAsync<Ran>(request);
        var latencies = new Latencies();
        foreach (var microseconds in ran.Microseconds) latencies.RecordUs(microseconds);
        var slice = new Slice(latencies, TimeSpan.FromMilliseconds(ran.Milliseconds)) { OperationsInTime = ran.InTime };
        return new AnsweredCalls(slice, ran.Fewest, ran.Most, ran.Rows);
    }

    /// <summary>Ends the process as <c>kill -9</c> does.</summary>
    public void Kill()
    {
        if (!_process.HasExited) _process.Kill();
    }

    public async ValueTask DisposeAsync()
    {
        await _kill.DisposeAsync();
        Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private void Remember(string? line)
    {
        if (string.IsNullOrWhiteSpace(line)) return;
        lock (_said)
        {
            _said.Enqueue(line);
            if (_said.Count > ToldLines) _said.Dequeue();
        }
    }

    private string Said()
    {
        lock (_said) return string.Join('\n', _said);
    }

    private sealed record Ran(double[] Microseconds, double Milliseconds, double InTime, int Fewest, int Most, long Rows);
}
