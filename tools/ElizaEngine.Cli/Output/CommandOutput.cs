using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ElizaEngine.Cli.Database;
using Spectre.Console;

namespace ElizaEngine.Cli.Output;

/// <summary>
/// Where a command writes: <see cref="Screen"/> for people, <see cref="Result"/> for programs. Of the two only the one that
/// was asked for reaches stdout, so a command writes both and need not know which.
/// </summary>
internal sealed class CommandOutput
{
    private static readonly JsonSerializerOptions JsonOptions = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        // elizaOS sets no limit to what it stores.
        MaxDepth = int.MaxValue,
    };

    private readonly bool _isJson;
    private readonly HashSet<string> _warnings = [];

    public CommandOutput(CliEnvironment environment, bool isJson)
    {
        Environment = environment;
        _isJson = isJson;
        HasProgress = environment.IsTerminal && !isJson;
        Screen = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = environment.IsTerminal ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = environment.IsTerminal ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = environment.IsTerminal ? InteractionSupport.Yes : InteractionSupport.No,
            Out = new AnsiConsoleOutput(isJson ? TextWriter.Null : environment.Out),
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
        });
        Screen.Profile.Width = environment.Width;
        Screen.Profile.Capabilities.Unicode = true;
    }

    /// <summary>The world around the command.</summary>
    public CliEnvironment Environment { get; }

    /// <summary>The screen; a black hole when JSON was asked for.</summary>
    public IAnsiConsole Screen { get; }

    /// <summary>Whether progress may be drawn.</summary>
    public bool HasProgress { get; }

    /// <summary>The result as a JSON document; printed when JSON was asked for.</summary>
    public void Result(JsonObject document)
    {
        if (_isJson) Environment.Out.WriteLine(document.ToJsonString(JsonOptions));
    }

    /// <summary>One line of text on the screen, as it is.</summary>
    public void Line(string text = "") => Screen.WriteLine(text);

    /// <summary>Text that is more than lines for people, as it is: no line of it is broken.</summary>
    public void Verbatim(string text)
    {
        if (!_isJson) Environment.Out.Write(text);
    }

    /// <summary>A command to be typed next: a line of its own, never broken, for half of a command does something else.</summary>
    public void Command(string command) => Verbatim($"{command}\n");

    /// <summary>One line with Spectre's markup; what is put into the holes is escaped.</summary>
    public void Markup(FormattableString text) => Screen.MarkupLineInterpolated(text);

    /// <summary>Says why the command failed, and returns the exit code.</summary>
    public int Fail(string message, string type, int exitCode)
    {
        Complain(message, exitCode);
        Result(new JsonObject { ["error"] = new JsonObject { ["type"] = type, ["message"] = Snippet.OneLine(message) } });
        return exitCode;
    }

    /// <summary>As <see cref="Fail"/>, for a command that has given its result already.</summary>
    public int Complain(string message, int exitCode)
    {
        Environment.Error.WriteLine($"eliza: {Snippet.OneLine(message)}");
        return exitCode;
    }

    /// <summary>Opens a database, and says on stderr what should be known of it: of one command, each thing once.</summary>
    public async Task<OpenDatabase> OpenDatabaseAsync(DatabaseLocation location, CancellationToken cancellationToken)
    {
        var database = await Environment.OpenDatabase(location, cancellationToken);
        foreach (var warning in database.Warnings.Where(_warnings.Add)) Environment.Error.WriteLine($"eliza: warning: {Snippet.OneLine(warning)}");
        return database;
    }

    /// <summary>A table in the tool's one style.</summary>
    public static Table NewTable(params ReadOnlySpan<string> headings)
    {
        var table = new Table { Border = TableBorder.Rounded, BorderStyle = new Style(Color.Grey) };
        foreach (var heading in headings) table.AddColumn(new TableColumn(new Text(heading, new Style(decoration: Decoration.Bold))));
        return table;
    }
}
