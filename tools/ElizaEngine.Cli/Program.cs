using System.Runtime.InteropServices;
using System.Text;
using ElizaEngine.Cli;
using ElizaEngine.Cli.Database;
using ElizaEngine.Cli.Embedding;

using var interrupted = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, CancelOnce);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, CancelOnce);
using var generator = new LexicalEmbeddingGenerator();

// An empty NO_COLOR counts as unset (no-color.org). A dumb terminal understands no control sequences.
var isPlain = Console.IsOutputRedirected
    || !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
    || Environment.GetEnvironmentVariable("TERM") is "dumb";
await using var output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false)) { AutoFlush = true };
return await Cli.RunAsync(
    args,
    new CliEnvironment
    {
        Out = output,
        Error = Console.Error,
        In = Console.In,
        IsTerminal = !isPlain,
        Width = Console.IsOutputRedirected ? 120 : Math.Max(60, Console.WindowWidth),
        OpenDatabase = BackendOpener.OpenAsync,
        Variable = Environment.GetEnvironmentVariable,
        Generator = generator,
        SelfCommand = SelfCommand(),
    },
    interrupted.Token);

// The first Ctrl-C ends the command in order; the second ends the process.
void CancelOnce(PosixSignalContext context)
{
    if (interrupted.IsCancellationRequested) return;
    context.Cancel = true;
    interrupted.Cancel();
}

// Started through its own launcher the process is the tool; started by "dotnet eliza.dll" it is dotnet.
static IReadOnlyList<string> SelfCommand()
{
    var process = Environment.ProcessPath ?? "dotnet";
    return Path.GetFileNameWithoutExtension(process) == "dotnet" ? [process, Path.Combine(AppContext.BaseDirectory, "eliza.dll")] : [process];
}
