using System.Text.Json;
using ElizaEngine.Comparison.Measuring;
using ElizaEngine.Comparison.Report;
using Xunit;

namespace ElizaEngine.Comparison.Tests;

public sealed class RunReportTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("eliza-report-").FullName;

    [Fact]
    public void The_json_has_every_target_with_all_of_its_keys_and_every_row()
    {
        var file = Path.Combine(_directory, "r.json");

        Report().WriteJson(file);

        using var json = JsonDocument.Parse(File.ReadAllText(file));
        var targets = json.RootElement.GetProperty("targets");
        Assert.Equal(2, targets.GetArrayLength());
        Assert.All(targets.EnumerateArray(), target => Assert.Equal(
            ["target", "measured", "unit", "must", "aim", "met", "setting", "slices", "unsteadySlices"], target.EnumerateObject().Select(member => member.Name)));
        Assert.Equal(3, targets[0].GetProperty("measured").GetDouble());
        Assert.True(targets[0].GetProperty("met").GetBoolean());
        Assert.Equal(JsonValueKind.Null, targets[1].GetProperty("met").ValueKind);
        Assert.Equal(2, json.RootElement.GetProperty("rows").GetArrayLength());
        Assert.Equal(5, json.RootElement.GetProperty("rows")[0].GetProperty("probe").GetProperty("diskWriteP99Us").GetDouble());
        Assert.Equal("why", json.RootElement.GetProperty("rows")[1].GetProperty("notRun").GetString());
    }

    [Fact]
    public void The_folder_holds_the_tables_the_pictures_and_the_json()
    {
        var report = Report();

        (report with { Pictures = [Picture.LatencyBars("latency", "Latency", [.. report.Rows])] }).WriteFolder(_directory);

        var text = File.ReadAllText(Path.Combine(_directory, "README.md"));
        Assert.Contains("| fast things | 3 | x b | 2 | 5 | yes |", text, StringComparison.Ordinal);
        Assert.Contains("| slow things | not measured |", text, StringComparison.Ordinal);
        Assert.Contains("raw p99 us", text, StringComparison.Ordinal);
        Assert.Contains("not run: why", text, StringComparison.Ordinal);
        Assert.Contains("`a`: Engine A 1.0", text, StringComparison.Ordinal);
        Assert.Contains("the command", text, StringComparison.Ordinal);
        Assert.Contains("Size: toy, in 2:05 minutes.", text, StringComparison.Ordinal);
        Assert.True(new FileInfo(Path.Combine(_directory, "latency.png")).Length > 1000);
        Assert.True(File.Exists(Path.Combine(_directory, "results.json")));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static RunReport Report()
    {
        Rows rows = [];
        rows.Add(
        [
            new Row("suite", "work", "", "a") { PerSecond = 3, P50Us = 1, P99Us = 2, MaxUs = 3, Probe = new ProbeReading(1, 2, 3, 4, 5) },
            new Row("suite", "work", "", "b") { NotRun = "why" },
        ]);
        Target[] targets = [new("fast things", "x b", 2, 5, _ => 3), new("slow things", "x b", 2, 5, _ => null)];
        var machine = new Machine("cpu", 2, "memory", "system", "runtime", "ext4", "abc", DateTimeOffset.UnixEpoch, "the command");
        return new RunReport(machine, "toy", TimeSpan.FromSeconds(125), new Dictionary<string, string> { ["a"] = "Engine A 1.0" }, rows, [.. targets.Select(target => target.Check(rows))], []);
    }
}
