using ElizaEngine.Comparison.Calls;
using ElizaEngine.Comparison.Report;

namespace ElizaEngine.Comparison.Suites;

/// <summary>Every call of an agent on PostgreSQL: our backend beside elizaOS' own adapter, on one server.</summary>
internal sealed class PostgresSuite : ISuite
{
    public string Name => "postgres";

    public int Place => 6;

    // The agent's turn on Postgres stands in the suite that plays turns.
    public IReadOnlyList<Target> Targets { get; } = [];

    public async Task RunAsync(Run run)
    {
        var engines = await run.EnginesAsync<ICallEngine>(Name, engine => engine.Name is "postgres" or "plugin-sql-postgres");
        await CallRows.MeasureAsync(run, Name, engines, new SuiteTime(run));
    }

    public IEnumerable<Picture> Pictures(Rows rows)
    {
        foreach (var setting in rows.Where(row => row.Suite == Name && row.Setting.Length > 0).GroupBy(row => row.Setting))
        {
            yield return Picture.LatencyBars($"postgres-{setting.Key.Replace(" ", "", StringComparison.Ordinal)}", $"Calls on PostgreSQL, {setting.Key}", [.. setting]);
        }
    }
}
