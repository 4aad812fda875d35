using System.Globalization;
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
// Not Console.In: that one sends control sequences to the terminal as soon as it is touched.
using var input = new StreamReader(Console.OpenStandardInput());
await using var output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false)) { AutoFlush = true };
return await Cli.RunAsync(
    args,
    new CliEnvironment
    {
        Out = output,
        Error = Console.Error,
        In = input,
        IsTerminal = !isPlain,
        Width = Width(),
        OpenDatabase = LocalOpener.OpenAsync,
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

// Asking .NET for the width of the terminal makes it send control sequences there, so a plain one is not asked.
int Width()
{
    if (!isPlain) return Math.Max(60, Console.WindowWidth);
    if (Console.IsOutputRedirected) return 120;
    return int.TryParse(Environment.GetEnvironmentVariable("COLUMNS"), CultureInfo.InvariantCulture, out var columns) ? Math.Clamp(columns, 60, 1000) : 80;
}

// Started through its own launcher the process is the tool; started by "dotnet eliza.dll" it is dotnet.
static IReadOnlyList<string> SelfCommand()
{
    var process = Environment.ProcessPath ?? "dotnet";
    return Path.GetFileNameWithoutExtension(process) == "dotnet" ? [process, Path.Combine(AppContext.BaseDirectory, "eliza.dll")] : [process];
}
