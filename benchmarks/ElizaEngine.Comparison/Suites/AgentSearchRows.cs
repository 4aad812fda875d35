using System.Diagnostics;
using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Engines;
using ElizaEngine.Comparison.Measuring;
using ElizaEngine.Comparison.Report;

namespace ElizaEngine.Comparison.Suites;

/// <summary>
/// What our local backend owes an agent of many memories: the search that creating a memory makes when nobody says whether it is unique, and
/// that a write is found as soon as it is acknowledged. One user, one world, two rooms: a small one, and one that nearly all memories are in.
/// The graph is built before, and walked at every size of a run.
/// </summary>
internal static class AgentSearchRows
{
    public const string Dedupe = "dedupe search";
    public const string Fresh = "found when acknowledged";

    private const uint Seed = 61;
    private const int Dimension = 384;
    private const int BatchSize = 1000;
    private const int Queries = 512;

    // Of the small room: one memory in so many.
    private const int SmallShare = 100;

    private const string SmallRoom = "in a room of a hundredth of";
    private const string LargeRoom = "in a room of the rest of";

    /// <summary>Both settings of <see cref="Dedupe"/>: the dearer one decides.</summary>
    public static IReadOnlyList<string> DedupeSettings(long memories) => [Setting(SmallRoom, memories), Setting(LargeRoom, memories)];

    public static async Task MeasureAsync(Run run, string suite)
    {
        if (await run.EnginesAsync<LocalVectors>(suite) is not [var engine]) return;
        var count = run.Pick(VectorSet.ToyWithGraph, 20_000, VectorSet.FullCount);
        run.Say($"{suite}: {engine.Name} takes {count} memories of one user");
        var world = new SampleWorld(Seed, Dimension);
        await using var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions { Directory = run.NewFolder(engine.Name) });
        await AdapterStore.CreateAsync(database, world, () => 0);
        var adapter = database.ForAgent(world.Agent);
        for (var stored = 0; stored < count; stored += BatchSize)
        {
            var batch = Enumerable.Range(stored, BatchSize).Select(i => Of(world, world.Next(), i % SmallShare == 0 ? 0 : 1));
            await adapter.CreateMemoriesAsync([.. batch], SampleMemory.Table);
        }
        await database.BuildVectorIndexAsync(world.Agent, SampleMemory.Table);
        var plan = await database.ExplainSearchAsync(world.Agent, new MemorySearch(SampleMemory.Table, world.Sibling(1).NextVector()) { Count = 10 });
        if (plan.Index != "graph") throw new InvalidOperationException($"Among {count} memories no graph is walked: {plan.Reason}");
        await DedupeAsync(run, suite, engine.Name, adapter, world, count);
        await FreshAsync(run, suite, engine.Name, adapter, world, count);
    }

    private static string Setting(string room, long memories) => $"{room} {Number.Text(memories)} x {Dimension}";

    private static async Task DedupeAsync(Run run, string suite, string engine, IDatabaseAdapter adapter, SampleWorld world, int count)
    {
        run.Say($"{suite}: {Dedupe}");
        var queries = world.Sibling(1);
        var vectors = Enumerable.Range(0, Queries).Select(_ => queries.NextVector()).ToArray();
        run.Rows.Add(await run.TakeTurns(rounds: run.Pick(1, 2, 4), warmsUp: run.Size > Size.Toy, usesDisk: false).RunAsync(
        [
            .. DedupeSettings(count).Select((setting, room) => new Contender(
                new Row(suite, Dedupe, setting, engine) { Stored = count },
                () => Callers.RunPreparedAsync([Searches(adapter, world, vectors, room)], blocking: true, run.SliceTime))),
        ]));
    }

    // As a create asks: within room, world and entity, for one that is as similar as a near-duplicate. There is none, as there rarely is.
    private static Func<Func<ValueTask>> Searches(IDatabaseAdapter adapter, SampleWorld world, float[][] vectors, int room)
    {
        var next = 0;
        return () =>
        {
            var search = new MemorySearch(SampleMemory.Table, vectors[next = (next + 1) % vectors.Length])
            {
                RoomId = world.Rooms[room],
                WorldId = world.World,
                EntityId = world.Entities[0],
                Count = 1,
                Threshold = Limits.DuplicateSimilarity,
                IncludeEmbeddings = false,
            };
            return async () =>
            {
                if ((await adapter.SearchMemoriesAsync(search)).Count > 0) throw new InvalidOperationException("A near-duplicate was found, and there is none.");
            };
        };
    }

    /// <summary>
    /// Each memory is written, by a create with its vector or, every other time, by a create and then an update that brings it, as elizaOS does;
    /// and at once read by its id, as the latest of its room, and searched for by its vector. The clock is that of all of this.
    /// </summary>
    private static async Task FreshAsync(Run run, string suite, string engine, IDatabaseAdapter adapter, SampleWorld world, int count)
    {
        run.Say($"{suite}: {Fresh}");
        var written = world.Sibling(2);
        var row = new Row(suite, Fresh, Setting("beside", count), engine) { Stored = count };
        run.Rows.Add(await run.Turns.RunAsync([new Contender(row, SliceAsync)]));

        async Task<Slice> SliceAsync()
        {
            var (latencies, asked, found) = (new Latencies(), 0, 0);
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i == 0 || Stopwatch.GetElapsedTime(start) < run.SliceTime; i++)
            {
                // Later than every other, whatever the generator says.
                var memory = Of(world, written.Next(), i % 2) with { CreatedAt = TimeProvider.System.GetUtcNow() };
                var before = Stopwatch.GetTimestamp();
                await WriteAsync(adapter, memory, vectorLater: i / 2 % 2 == 1);
                bool[] answers = [await IsThereAsync(adapter, memory), await IsLatestAsync(adapter, memory), await IsNearestAsync(adapter, memory)];
                latencies.RecordSince(before);
                asked += answers.Length;
                found += answers.Count(answer => answer);
            }
            return new Slice(latencies, Stopwatch.GetElapsedTime(start)) { Recall = (double)found / asked };
        }
    }

    private static async Task WriteAsync(IDatabaseAdapter adapter, Memory memory, bool vectorLater)
    {
        await adapter.CreateMemoryAsync(vectorLater ? memory with { Embedding = null } : memory, SampleMemory.Table);
        if (vectorLater) await adapter.UpdateMemoryAsync(new MemoryUpdate(memory.Id) { Embedding = memory.Embedding });
    }

    private static async Task<bool> IsThereAsync(IDatabaseAdapter adapter, Memory memory) =>
        await adapter.GetMemoryByIdAsync(memory.Id) is { Embedding: { } vector } && vector.Span.SequenceEqual(memory.Embedding!.Value.Span);

    private static async Task<bool> IsLatestAsync(IDatabaseAdapter adapter, Memory memory)
    {
        var latest = await adapter.GetMemoriesAsync(new MemoryQuery(SampleMemory.Table) { RoomId = memory.RoomId, Count = 10, IncludeEmbeddings = false });
        return latest.Any(one => one.Id == memory.Id);
    }

    private static async Task<bool> IsNearestAsync(IDatabaseAdapter adapter, Memory memory)
    {
        var nearest = await adapter.SearchMemoriesAsync(new MemorySearch(SampleMemory.Table, memory.Embedding!.Value) { Count = 1, IncludeEmbeddings = false });
        return nearest is [{ } first] && first.Id == memory.Id;
    }

    private static Memory Of(SampleWorld world, SampleMemory memory, int room) => AdapterStore.Of(memory) with
    {
        RoomId = world.Rooms[room],
        WorldId = world.World,
        EntityId = world.Entities[0],
    };
}
