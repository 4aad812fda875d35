using System.CommandLine;
using System.Runtime.InteropServices;
using ElizaEngine.Comparison;
using ElizaEngine.Comparison.Engines;
using ElizaEngine.Comparison.Report;
using ElizaEngine.Comparison.Suites;
using Spectre.Console;
using Size = ElizaEngine.Comparison.Size;

if (args is [Child.Command, var task, .. var arguments]) return await Child.RunAsync(task, arguments);

var suite = new Argument<string>("SUITE") { Description = $"{string.Join(", ", SuiteCatalog.All.Select(one => one.Name))}, or all." };
suite.AcceptOnlyFromAmong([.. SuiteCatalog.All.Select(one => one.Name), "all"]);
var quick = new Option<bool>("--quick") { Description = "At most three minutes a suite, instead of thirty." };
var toy = new Option<bool>("--toy") { Description = "A few seconds a suite: shows that everything runs; the figures mean nothing." };
var json = new Option<FileInfo?>("--json") { Description = "Write rows and targets into this file." };
var output = new Option<DirectoryInfo?>("--out") { Description = "Write tables, pictures and JSON into this directory." };
var engines = new Option<string?>("--engines") { Description = $"Only these, with commas between: {string.Join(", ", EngineCatalog.All.Select(engine => engine.Name).Distinct())}." };
var all = new Option<bool>("--require-all") { Description = "Fail when an engine cannot be had." };
var directory = new Option<DirectoryInfo?>("--dir") { Description = "Where the databases lie while they are measured; its disk is what counts. Default: the directory for temporary files." };
var root = new RootCommand("Compares ElizaEngine with what one would use instead, in one run, on this machine.") { suite, quick, toy, json, output, engines, all, directory };
root.Validators.Add(result =>
{
    var unknown = Names(result.GetValue(engines))?.Where(name => EngineCatalog.All.All(engine => engine.Name != name)).ToArray() ?? [];
    if (unknown.Length > 0) result.AddError($"There is no engine {string.Join(", ", unknown)}.");
});
root.SetAction(async (parsed, cancellationToken) =>
{
    if (Destination.WhyNot(parsed.GetValue(json), parsed.GetValue(output)) is { } wrong)
    {
        await Console.Error.WriteLineAsync(wrong);
        return 1;
    }
    var size = parsed.GetValue(toy) ? Size.Toy : parsed.GetValue(quick) ? Size.Quick : Size.Full;
    var suites = SuiteCatalog.All.Where(one => parsed.GetValue(suite) is "all" || parsed.GetValue(suite) == one.Name).ToArray();
    var scratch = Path.Combine(parsed.GetValue(directory)?.FullName ?? Path.GetTempPath(), $"eliza-comparison-{Guid.NewGuid():N}");
    Directory.CreateDirectory(scratch);
    try
    {
        await using var run = new Run(size, scratch, Names(parsed.GetValue(engines))?.ToHashSet(), Console.Error, cancellationToken);
        foreach (var one in suites)
        {
            run.Say($"suite {one.Name}");
            await one.RunAsync(run);
        }
        var command = $"dotnet run -c Release --project benchmarks/ElizaEngine.Comparison -- {string.Join(' ', args)}";
        var report = new RunReport(
            Machine.Of(scratch, command),
            size.ToString().ToLowerInvariant(),
            run.Elapsed,
            EngineCatalog.Titles(run.Rows.Select(row => row.Engine)),
            run.Rows,
            [.. SuiteCatalog.All.SelectMany(one => one.Targets).Select(target => target.Check(run.Rows))],
            [.. suites.SelectMany(one => one.Pictures(run.Rows))]);
        Show(report);
        if (parsed.GetValue(json) is { } file) report.WriteJson(file.FullName);
        if (parsed.GetValue(output) is { } folder) report.WriteFolder(folder.FullName);
        if (!parsed.GetValue(all) || run.NotHad.Count == 0) return 0;
        foreach (var (engine, reason) in run.NotHad) run.Say($"{engine} could not be had: {reason}");
        return 1;
    }
    finally
    {
        Directory.Delete(scratch, recursive: true);
    }
});

using var interrupted = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel);
// Not the command line's own way to end, which waits two seconds: a server that builds an index takes longer to hear of it, and then
// everything it left is taken away.
var invocation = new InvocationConfiguration { ProcessTerminationTimeout = null };
return await root.Parse(args).InvokeAsync(invocation, interrupted.Token);

// The first signal ends the run in order, the second ends the process.
void Cancel(PosixSignalContext context)
{
    if (interrupted.IsCancellationRequested) return;
    context.Cancel = true;
    interrupted.Cancel();
}

static IEnumerable<string>? Names(string? list) => list?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

static void Show(RunReport report)
{
    if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = 220;
    foreach (var shown in Tables.Of(report.Rows).Append(Tables.Of(report.Targets)))
    {
        var table = new Spectre.Console.Table { Title = new TableTitle(shown.Title), Border = TableBorder.Simple };
        foreach (var column in shown.Columns) table.AddColumn(new TableColumn(column) { NoWrap = column != "remarks" });
        foreach (var line in shown.Lines) table.AddRow([.. line.Select(Markup.Escape)]);
        AnsiConsole.Write(table);
    }
}
