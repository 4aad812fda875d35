using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ElizaEngine.Comparison.Report;

/// <summary>What a run found, and how long it took: machine, rows, targets, pictures.</summary>
internal sealed record RunReport(Machine Machine, string Size, TimeSpan Took, IReadOnlyDictionary<string, string> Engines, Rows Rows, IReadOnlyList<TargetResult> Targets, IReadOnlyList<Picture> Pictures)
{
    /// <summary>Files in the directory of a run.</summary>
    public const string JsonName = "results.json", TextName = "README.md";

    private static readonly JsonSerializerOptions s_json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    // What was not measured is said in the table of targets, where every key is always there.
    private static readonly JsonSerializerOptions s_complete = new(s_json) { DefaultIgnoreCondition = JsonIgnoreCondition.Never };

    public void WriteJson(string file)
    {
        var json = new Dictionary<string, object>
        {
            ["machine"] = Machine,
            ["size"] = Size,
            ["seconds"] = Math.Round(Took.TotalSeconds),
            ["engines"] = Engines,
            ["rows"] = JsonSerializer.SerializeToElement(Rows.ToArray(), s_json),
            ["targets"] = JsonSerializer.SerializeToElement(
                Targets.Select(target => new
                {
                    target.Target,
                    target.Measured,
                    target.Unit,
                    target.Must,
                    target.Aim,
                    target.Met,
                    target.Setting,
                    target.Slices,
                    target.UnsteadySlices,
                }),
                s_complete),
        };
        File.WriteAllText(file, JsonSerializer.Serialize(json, s_json) + "\n");
    }

    /// <summary>Tables, pictures and the same rows as JSON.</summary>
    public void WriteFolder(string directory)
    {
        Directory.CreateDirectory(directory);
        WriteJson(Path.Combine(directory, JsonName));
        foreach (var picture in Pictures) picture.Save(directory);
        var text = new StringBuilder()
            .AppendLine(CultureInfo.InvariantCulture, $"# Comparison of {Machine.Date:yyyy-MM-dd}, commit {Machine.Commit}")
            .AppendLine()
            .AppendLine(CultureInfo.InvariantCulture, $"{Machine.Processor}, {Machine.Cores} cores, {Machine.Memory}; {Machine.System}; {Machine.FileSystem}; {Machine.Runtime}. Size: {Size}, in {(int)Took.TotalMinutes}:{Took.Seconds:00} minutes.")
            .AppendLine()
            .AppendLine("```")
            .AppendLine(Machine.Command)
            .AppendLine("```")
            .AppendLine();
        foreach (var (name, title) in Engines) text.AppendLine(CultureInfo.InvariantCulture, $"- `{name}`: {title}");
        text.AppendLine();
        foreach (var table in Tables.Of(Rows).Prepend(Tables.Of(Targets))) Append(text, table);
        foreach (var picture in Pictures) text.AppendLine(CultureInfo.InvariantCulture, $"![{picture.Name}]({picture.Name}.png)").AppendLine();
        File.WriteAllText(Path.Combine(directory, TextName), text.ToString().TrimEnd() + "\n");
    }

    private static void Append(StringBuilder text, Table table)
    {
        text.AppendLine(CultureInfo.InvariantCulture, $"## {table.Title}").AppendLine();
        text.AppendLine($"| {string.Join(" | ", table.Columns)} |");
        text.AppendLine($"|{string.Concat(table.Columns.Select(_ => "---|"))}");
        foreach (var line in table.Lines) text.AppendLine($"| {string.Join(" | ", line.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal)))} |");
        text.AppendLine();
    }
}
