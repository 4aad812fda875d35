using System.Globalization;
using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Measuring;

namespace ElizaEngine.Comparison.Engines;

/// <summary>
/// In a process that does nothing else: opens our local backend, asks, and looks at its memory. Stands in the harness, where .NET compiles
/// what it calls, and in a program that was compiled before.
/// </summary>
internal static class LocalOpener
{
    // Asked besides, when the clock has stopped: one answer of ten says little about how much is found.
    private const int Checked = 20;
    private const double EnoughRecall = 0.95;

    /// <param name="arguments">Folder, durability, seed and dimension of the world, what is asked, and how many memories there are at least.</param>
    public static async Task<Opened> RunAsync(string[] arguments)
    {
        var (options, world) = Read(arguments);
        var questions = Enum.Parse<FirstQuestions>(arguments[4]);
        var vectors = questions == FirstQuestions.None ? [] : Asked.Vectors(world, Checked);
        var steps = new OpenSteps();
        await using var database = await LocalDatabase.OpenAsync(options);
        var adapter = database.ForAgent(world.Agent);
        steps.End("opening");
        if (questions == FirstQuestions.None)
        {
            var opened = ProcessMemory.OfThis();
            await CheckCountAsync(adapter, int.Parse(arguments[5], CultureInfo.InvariantCulture));
            return new Opened(steps.Done, opened.AnonymousBytes) { MappedBytes = opened.MappedBytes };
        }
        var (recall, whyNot) = (default(double?), default(string));
        if (questions == FirstQuestions.OfRoom) await AskOfRoomAsync(adapter, world.Rooms[0], vectors[0], steps);
        else (recall, whyNot) = await AskOfAllAsync(database, adapter, world.Agent, vectors, steps);
        foreach (var room in world.Rooms)
        {
            await LatestAsync(adapter, room, Asked.ReadOfEachRoom);
            await adapter.SearchMemoriesAsync(Search(vectors[0]) with { RoomId = room });
        }
        var memory = ProcessMemory.OfThis();
        return new Opened(steps.Done, memory.AnonymousBytes) { MappedBytes = memory.MappedBytes, Recall = recall, WhyNot = whyNot };
    }

    public static (LocalDatabaseOptions Options, SampleWorld World) Read(string[] arguments) => (
        new LocalDatabaseOptions { Directory = arguments[0], Durability = Enum.Parse<Durability>(arguments[1]) },
        new SampleWorld(uint.Parse(arguments[2], CultureInfo.InvariantCulture), int.Parse(arguments[3], CultureInfo.InvariantCulture)));

    private static async Task CheckCountAsync(IDatabaseAdapter adapter, int atLeast)
    {
        var count = await adapter.CountMemoriesAsync(new MemoryQuery(SampleMemory.Table));
        if (count < atLeast) throw new InvalidOperationException($"{count} memories are there, and were {atLeast}.");
    }

    private static async Task AskOfRoomAsync(IDatabaseAdapter adapter, Guid room, float[] vector, OpenSteps steps)
    {
        var latest = await LatestAsync(adapter, room, Asked.Count);
        steps.End("latest ten");
        var found = await adapter.SearchMemoriesAsync(Search(vector) with { RoomId = room });
        steps.End("search");
        if (latest < Asked.Count || found.Count < Asked.Count) throw new InvalidOperationException($"Found {latest} and {found.Count} memories in a room.");
    }

    // What an agent sees: its first search is answered by comparing all, and has the index read meanwhile; the next after that walks the graph.
    // Returns the recall, or why no graph was walked, and throws where it does not find what it should.
    private static async Task<(double? Recall, string? WhyNot)> AskOfAllAsync(LocalDatabase database, IDatabaseAdapter adapter, Guid agent, float[][] vectors, OpenSteps steps)
    {
        await adapter.SearchMemoriesAsync(Search(vectors[0]));
        steps.End("search without the graph");
        await database.BuildVectorIndexAsync(agent, SampleMemory.Table);
        steps.End("until the graph is there");
        var found = await adapter.SearchMemoriesAsync(Search(vectors[0]));
        steps.End("search by the graph");

        var plan = await database.ExplainSearchAsync(agent, Search(vectors[0]));
        if (plan.Index != "graph") return (null, $"no graph was walked: {plan.Reason}");
        var restored = database.GetStatistics().VectorIndexesRestored;
        if (restored != 1) throw new InvalidOperationException($"{restored} graphs were read from a file.");
        var recall = await RecallAsync(adapter, vectors[0], found);
        foreach (var vector in vectors[1..]) recall += await RecallAsync(adapter, vector, await adapter.SearchMemoriesAsync(Search(vector)));
        recall /= vectors.Length;
        return recall >= EnoughRecall ? (recall, null) : throw new InvalidOperationException($"The graph finds {recall:0.000} of the {Asked.Count} nearest.");
    }

    private static async Task<double> RecallAsync(IDatabaseAdapter adapter, float[] vector, IReadOnlyList<Memory> found)
    {
        var nearest = await adapter.SearchMemoriesAsync(Search(vector) with { Mode = SearchMode.Exact });
        return (double)nearest.Count(memory => found.Any(one => one.Id == memory.Id)) / Asked.Count;
    }

    private static MemorySearch Search(float[] vector) => new(SampleMemory.Table, vector) { Count = Asked.Count };

    // With vectors, as elizaOS reads them.
    private static async Task<int> LatestAsync(IDatabaseAdapter adapter, Guid room, int count) =>
        (await adapter.GetMemoriesAsync(new MemoryQuery(SampleMemory.Table) { RoomId = room, Count = count })).Count;
}
