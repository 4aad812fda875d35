using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Engines;
using ElizaEngine.Comparison.Report;

namespace ElizaEngine.Comparison.Suites;

/// <summary>Rows: created by one caller and by many, loaded, read, deleted.</summary>
internal sealed class StorageSuite : ISuite
{
    private const uint Seed = 20;

    public string Name => "storage";

    public int Place => 1;

    public IReadOnlyList<Target> Targets { get; } = StorageTargets.All;

    public async Task RunAsync(Run run)
    {
        foreach (var safety in (Safety[])[Safety.PowerLoss, Safety.ProcessCrash])
        {
            var engines = await run.EnginesAsync<IStoreEngine>(Name, engine => engine.Safety == safety);
            await using var stores = await Stores.CreateAsync(run, engines, new SampleWorld(Seed, 0));
            foreach (var callers in (int[])[1, 16, 64])
            {
                run.Say($"storage: create, {safety}, {callers} callers");
                run.Rows.Add(await run.Turns.RunAsync([.. stores.Contenders(
                    new Row(Name, "create", $"{callers} callers", "") { X = callers },
                    callers,
                    store => caller =>
                    {
                        var world = stores.NewWorld();
                        return () => caller.CreateAsync(world.Next());
                    })]));
            }
        }
    }

    public IEnumerable<Picture> Pictures(Rows rows)
    {
        var creates = rows.Where(row => row.Suite == Name && row.Workload == "create").ToArray();
        if (creates.Length == 0) yield break;
        yield return Picture.Lines(
            "storage-create", "Creates a second against callers", ("callers", row => row.X), ("creates a second", true, row => row.PerSecond), creates);
        yield return Picture.LatencyBars("storage-latency", "Latency of storage", [.. rows.Where(row => row.Suite == Name)]);
    }
}
