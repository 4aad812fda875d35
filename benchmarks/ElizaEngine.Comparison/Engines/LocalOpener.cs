using System.Diagnostics;
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
    /// <param name="arguments">Folder, durability, seed and dimension of the world.</param>
    public static async Task<Opened> RunAsync(string[] arguments)
    {
        var (options, world) = Read(arguments);
        var vector = FirstQuestions.Vector(world);
        var start = Stopwatch.GetTimestamp();
        await using var database = await LocalDatabase.OpenAsync(options);
        var adapter = database.ForAgent(world.Agent);
        var opened = Stopwatch.GetElapsedTime(start);
        var latest = await LatestAsync(adapter, world.Rooms[0], FirstQuestions.Count);
        var read = Stopwatch.GetElapsedTime(start);
        var found = await SearchAsync(adapter, world.Rooms[0], vector);
        var searched = Stopwatch.GetElapsedTime(start);
        if (latest < FirstQuestions.Count || found < FirstQuestions.Count) throw new InvalidOperationException($"Found {latest} and {found} memories in a room.");
        foreach (var room in world.Rooms)
        {
            await LatestAsync(adapter, room, FirstQuestions.ReadOfEachRoom);
            await SearchAsync(adapter, room, vector);
        }
        var memory = ProcessMemory.OfThis();
        return new Opened(opened.TotalMilliseconds, (read - opened).TotalMilliseconds, (searched - read).TotalMilliseconds, memory.AnonymousBytes) { MappedBytes = memory.MappedBytes };
    }

    public static (LocalDatabaseOptions Options, SampleWorld World) Read(string[] arguments) => (
        new LocalDatabaseOptions { Directory = arguments[0], Durability = Enum.Parse<Durability>(arguments[1]) },
        new SampleWorld(uint.Parse(arguments[2], CultureInfo.InvariantCulture), int.Parse(arguments[3], CultureInfo.InvariantCulture)));

    // With vectors, as elizaOS reads them.
    private static async Task<int> LatestAsync(IDatabaseAdapter adapter, Guid room, int count) =>
        (await adapter.GetMemoriesAsync(new MemoryQuery(SampleMemory.Table) { RoomId = room, Count = count })).Count;

    private static async Task<int> SearchAsync(IDatabaseAdapter adapter, Guid room, float[] vector) =>
        (await adapter.SearchMemoriesAsync(new MemorySearch(SampleMemory.Table, vector) { RoomId = room, Count = FirstQuestions.Count })).Count;
}
