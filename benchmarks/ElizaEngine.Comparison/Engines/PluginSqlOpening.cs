using ElizaEngine.Comparison.Data;

namespace ElizaEngine.Comparison.Engines;

internal sealed partial class PluginSqlPglite : IOpenEngine
{
    public async Task PrepareAsync(Run run, string folder, SampleWorld world, int memories, bool withIndex = true)
    {
        await using var driver = await StartAsync(run, folder, world);
        await driver.AskAsync<double>(new { Do = "fill" });
        await driver.AskAsync<double>(new { Do = "load", Count = memories, Bulk = true });
        await driver.AskAsync<double>(new { Do = "close" });
    }

    public async Task<Opened> OpenAsync(Run run, string folder, SampleWorld world, FirstQuestions questions, int memories)
    {
        await using var driver = StartDriver(run.CancellationToken);
        var vector = Asked.Vector(world);
        var answers = await driver.AskAsync<FirstAnswers>(new
        {
            Do = "openAndAsk",
            world.Seed,
            world.Dimension,
            Pglite = Directory(folder),
            Room = questions == FirstQuestions.OfRoom ? world.Rooms[0] : default(Guid?),
            Vector = vector,
            Asked.Count,
        });
        if (answers.Latest < Asked.Count || answers.Found < Asked.Count) throw new InvalidOperationException($"Found {answers.Latest} and {answers.Found} memories.");
        foreach (var room in world.Rooms)
        {
            await driver.AskAsync<object>(new { Do = "read", Method = "getMemories", Args = new object[] { new { TableName = SampleMemory.Table, RoomId = room, Count = Asked.ReadOfEachRoom } } });
            await driver.AskAsync<object>(new { Do = "read", Method = "searchMemories", Args = new object[] { new { TableName = SampleMemory.Table, RoomId = room, Asked.Count, Embedding = vector } } });
        }
        var memory = await driver.AskAsync<Resident>(new { Do = "memory" });
        await driver.AskAsync<double>(new { Do = "close" });
        // elizaOS looks at its migrations whenever it starts, and asks nothing before.
        var opening = new OpenStep("opening", answers.OpenMs + answers.MigrateMs);
        var search = new OpenStep("search", answers.SearchMs);
        return new Opened(answers.LatestMs is { } latest ? [opening, new OpenStep("latest ten", latest), search] : [opening, search], memory.AnonymousBytes) { MappedBytes = memory.MappedBytes };
    }

    public async Task KillWhileWritingAsync(Run run, string folder, SampleWorld world, uint number, int acknowledged)
    {
        await using var driver = await StartAsync(run, folder, world);
        await driver.AskAsync<bool>(new { Do = "write", Operation = "createMemory", Acknowledged = acknowledged, Number = number });
        driver.Kill();
    }

    private sealed record FirstAnswers(double OpenMs, double MigrateMs, double? LatestMs, int? Latest, double SearchMs, int Found);

    private sealed record Resident(long AnonymousBytes, long MappedBytes);
}
