using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Turns;

namespace ElizaEngine.Comparison.Engines;

/// <summary>elizaOS' own database adapter, @elizaos/plugin-sql from npm, driven through Node.js.</summary>
internal abstract partial class PluginSql : ITurnEngine
{
    private string? _packages;

    public abstract string Name { get; }

    public abstract string Title { get; }

    public virtual async Task<string?> WhyNotAsync(Run run)
    {
        var installed = await Installed.FindAsync("plugin-sql", run.CancellationToken);
        _packages = installed.Folder;
        return installed.WhyNot;
    }

    public async Task<ITurnPlayer> OpenTurnsAsync(Run run, string folder, SampleWorld world)
    {
        var driver = StartDriver(run.CancellationToken);
        try
        {
            await OpenAsync(driver, run, folder, world);
            await driver.AskAsync<double>(new { Do = "migrate" });
            return new PluginSqlPlayer(driver);
        }
        catch
        {
            await driver.DisposeAsync();
            throw;
        }
    }

    protected abstract Task OpenAsync(NodeDriver driver, Run run, string folder, SampleWorld world);

    protected NodeDriver StartDriver(CancellationToken cancellationToken) =>
        NodeDriver.Start(_packages ?? throw new InvalidOperationException($"{Name} was not installed."), cancellationToken);
}

/// <summary>On PGlite with a directory, which is what elizaOS takes when nothing is said. It never flushes.</summary>
internal sealed class PluginSqlPglite : PluginSql
{
    public override string Name => "plugin-sql-pglite";

    public override string Title => "elizaOS @elizaos/plugin-sql 1.7.2 on PGlite 0.3.16, file-backed";

    protected override Task OpenAsync(NodeDriver driver, Run run, string folder, SampleWorld world) =>
        driver.AskAsync<double>(new { Do = "open", world.Seed, world.Dimension, Pglite = Path.Combine(folder, "pglite") });
}

/// <summary>On the run's own PostgreSQL.</summary>
internal sealed class PluginSqlPostgres : PluginSql
{
    public override string Name => "plugin-sql-postgres";

    public override string Title => "elizaOS @elizaos/plugin-sql 1.7.2 on PostgreSQL 17";

    public override async Task<string?> WhyNotAsync(Run run) => await base.WhyNotAsync(run) ?? await run.Postgres.WhyNotAsync();

    protected override async Task OpenAsync(NodeDriver driver, Run run, string folder, SampleWorld world) =>
        await driver.AskAsync<double>(new { Do = "open", world.Seed, world.Dimension, Postgres = await run.Postgres.NewDatabaseAsync() });
}
