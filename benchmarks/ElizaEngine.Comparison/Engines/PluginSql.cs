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

    public async Task<ITurnPlayer> OpenTurnsAsync(Run run, string folder, SampleWorld world) => new PluginSqlPlayer(await StartAsync(run, folder, world));

    /// <summary>A process that has the database open, as elizaOS has it when it has started.</summary>
    protected async Task<NodeDriver> StartAsync(Run run, string folder, SampleWorld world)
    {
        var driver = StartDriver(run.CancellationToken);
        try
        {
            await OpenAsync(driver, run, folder, world);
            await driver.AskAsync<double>(new { Do = "migrate" });
            await CheckAsync(driver, world);
            return driver;
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

    // The world is made in two languages, and figures are comparable only if it is the same one.
    private static async Task CheckAsync(NodeDriver driver, SampleWorld world)
    {
        var theirs = await driver.AskAsync<Sample>(new { Do = "sample" });
        var sibling = world.Sibling(1);
        sibling.Next();
        var memory = sibling.Next();
        var isSame = theirs.Agent == world.Agent && theirs.Room == world.Rooms[^1] && theirs.Entity == world.Entities[^1]
            && theirs.Memory.Id == memory.Id && theirs.Memory.RoomId == memory.Room && theirs.Memory.EntityId == memory.Entity
            && theirs.Memory.CreatedAt == memory.CreatedAtMs && theirs.Memory.Content.Text == memory.Text
            && theirs.Memory.Embedding.AsSpan().SequenceEqual(memory.Vector) && theirs.Query.AsSpan().SequenceEqual(sibling.NextVector());
        if (!isSame) throw new InvalidOperationException("data.mjs and SampleWorld make different worlds.");
    }

    private sealed record Sample(Guid Agent, Guid Room, Guid Entity, SampledMemory Memory, float[] Query);

    private sealed record SampledMemory(Guid Id, Guid RoomId, Guid EntityId, long CreatedAt, SampledContent Content, float[] Embedding);

    private sealed record SampledContent(string Text);
}

/// <summary>On PGlite with a directory, which is what elizaOS takes when nothing is said. It never flushes.</summary>
internal sealed partial class PluginSqlPglite : PluginSql
{
    public override string Name => "plugin-sql-pglite";

    public override string Title => "elizaOS @elizaos/plugin-sql 1.7.2 on PGlite 0.3.16, file-backed";

    protected override Task OpenAsync(NodeDriver driver, Run run, string folder, SampleWorld world) =>
        driver.AskAsync<double>(new { Do = "open", world.Seed, world.Dimension, Pglite = Directory(folder) });

    private static string Directory(string folder) => Path.Combine(folder, "pglite");
}

/// <summary>On the run's own PostgreSQL.</summary>
internal sealed class PluginSqlPostgres : PluginSql
{
    public override string Name => "plugin-sql-postgres";

    public override string Title => $"elizaOS @elizaos/plugin-sql 1.7.2 on {PostgresServer.Version}";

    public override async Task<string?> WhyNotAsync(Run run) => await base.WhyNotAsync(run) ?? await run.Postgres.WhyNotAsync();

    protected override async Task OpenAsync(NodeDriver driver, Run run, string folder, SampleWorld world) =>
        await driver.AskAsync<double>(new { Do = "open", world.Seed, world.Dimension, Postgres = await run.Postgres.NewDatabaseAsync() });
}
