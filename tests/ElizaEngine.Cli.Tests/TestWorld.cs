using System.Text.Json;
using ElizaEngine.Cli.Database;
using ElizaEngine.Cli.Embedding;
using Microsoft.Extensions.AI;
using Xunit;

namespace ElizaEngine.Cli;

/// <summary>What a command did.</summary>
internal sealed record Outcome(int ExitCode, string Out, string Error)
{
    /// <summary>The one document on stdout; fails if there is anything else.</summary>
    public JsonElement Json
    {
        get
        {
            using var document = JsonDocument.Parse(Out);
            return document.RootElement.Clone();
        }
    }
}

/// <summary>The world around the commands of one test: a folder of its own, databases in it, captured output.</summary>
internal sealed class TestWorld : IDisposable
{
    public TestWorld() => Root = Directory.CreateTempSubdirectory("eliza-test-").FullName;

    /// <summary>The folder.</summary>
    public string Root { get; }

    /// <summary>The data directory.</summary>
    public string Data => PathOf("data");

    public bool IsTerminal { get; set; }

    /// <summary>Columns of a line.</summary>
    public int Width { get; set; } = 120;

    /// <summary>The environment.</summary>
    public Dictionary<string, string> Variables { get; } = [];

    public IEmbeddingGenerator<string, Embedding<float>> Generator { get; set; } = new LexicalEmbeddingGenerator();

    public DatabaseOpener OpenDatabase { get; set; } = BackendOpener.OpenAsync;

    public string PathOf(string name) => Path.Combine(Root, name);

    /// <summary>Takes the manifests of a data directory away: all of its log is there, but it is damaged.</summary>
    public static void DeleteManifests(string directory)
    {
        foreach (var manifest in Directory.GetFiles(directory, "MANIFEST-*")) File.Delete(manifest);
    }

    /// <summary>Writes a file, with its folders, and returns its path.</summary>
    public string Write(string name, string text)
    {
        var path = PathOf(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Runs the command as the program would.</summary>
    public Task<Outcome> RunAsync(params string[] args) => RunAsync(args, TestContext.Current.CancellationToken);

    /// <summary>Runs the command as the program would, with a token that stands for Ctrl-C.</summary>
    public async Task<Outcome> RunAsync(string[] args, CancellationToken interrupted)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exitCode = await Cli.RunAsync(
            args,
            new CliEnvironment
            {
                Out = output,
                Error = error,
                IsTerminal = IsTerminal,
                Width = Width,
                OpenDatabase = OpenDatabase,
                Variable = Variables.GetValueOrDefault,
                Generator = Generator,
                SelfCommand = ToolProcess.Command,
            },
            interrupted);
        return new Outcome(exitCode, output.ToString(), error.ToString());
    }

    /// <summary>All rows of a table.</summary>
    public async Task<IReadOnlyList<Memory>> RowsAsync(string tableName)
    {
        await using var database = await LocalOpener.OpenAsync(Data, TestContext.Current.CancellationToken);
        await using var adapter = database.Database.ForAgent(ToolAgent.Id);
        return await adapter.GetMemoriesAsync(new MemoryQuery(tableName), TestContext.Current.CancellationToken);
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
