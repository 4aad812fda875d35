using System.Diagnostics;
using System.Globalization;
using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Measuring;

namespace ElizaEngine.Comparison.Engines;

internal partial class Local : IOpenEngine
{
    private const int LoadedAtOnce = 10_000;

    public async Task PrepareAsync(Run run, string folder, SampleWorld world, int memories)
    {
        await using var store = await CreateAsync(run, folder, world);
        for (var left = memories; left > 0; left -= LoadedAtOnce) await store.LoadAsync(world.Take(Math.Min(left, LoadedAtOnce)));
    }

    public Task<Opened> OpenAsync(Run run, string folder, SampleWorld world) =>
        Child.AskAsync<OpenLocal, Opened>([folder, durability.ToString(), .. Of(world)], run.CancellationToken);

    public async Task KillWhileWritingAsync(Run run, string folder, SampleWorld world, uint number, int acknowledged)
    {
        using var child = Child.Start<WriteLocal>([folder, durability.ToString(), .. Of(world), $"{number}", $"{acknowledged}"]);
        await using var kill = run.CancellationToken.Register(child.Kill);
        var said = await child.StandardError.ReadLineAsync();
        if (said != WriteLocal.Acknowledged) throw new InvalidOperationException($"The writer on {folder} failed: {said} {await child.StandardError.ReadToEndAsync()}");
        child.Kill();
        await child.WaitForExitAsync(CancellationToken.None);
    }

    private static string[] Of(SampleWorld world) => [$"{world.Seed}", $"{world.Dimension}"];

    /// <summary>What both children are given: folder, durability, seed, dimension.</summary>
    private static (LocalDatabaseOptions Options, SampleWorld World) Read(string[] arguments) => (
        new LocalDatabaseOptions { Directory = arguments[0], Durability = Enum.Parse<Durability>(arguments[1]) },
        new SampleWorld(uint.Parse(arguments[2], CultureInfo.InvariantCulture), int.Parse(arguments[3], CultureInfo.InvariantCulture)));

    /// <summary>In the child: opens, asks, and looks at its memory.</summary>
    internal sealed class OpenLocal : IChildTask
    {
        public async Task<object> RunAsync(string[] arguments)
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

        // With vectors, as elizaOS reads them.
        private static async Task<int> LatestAsync(IDatabaseAdapter adapter, Guid room, int count) =>
            (await adapter.GetMemoriesAsync(new MemoryQuery(SampleMemory.Table) { RoomId = room, Count = count })).Count;

        private static async Task<int> SearchAsync(IDatabaseAdapter adapter, Guid room, float[] vector) =>
            (await adapter.SearchMemoriesAsync(new MemorySearch(SampleMemory.Table, vector) { RoomId = room, Count = FirstQuestions.Count })).Count;
    }

    /// <summary>In the child: writes, says when enough is acknowledged, and goes on until it is killed.</summary>
    internal sealed class WriteLocal : IChildTask
    {
        public const string Acknowledged = "acknowledged";

        public async Task<object> RunAsync(string[] arguments)
        {
            var (options, world) = Read(arguments);
            var written = world.Sibling(uint.Parse(arguments[4], CultureInfo.InvariantCulture));
            var enough = int.Parse(arguments[5], CultureInfo.InvariantCulture);
            await using var database = await LocalDatabase.OpenAsync(options);
            var adapter = database.ForAgent(world.Agent);
            for (var acknowledged = 0; ; acknowledged++)
            {
                if (acknowledged == enough) await Console.Error.WriteLineAsync(Acknowledged);
                await adapter.CreateMemoryAsync(AdapterStore.Of(written.Next()), SampleMemory.Table);
            }
        }
    }
}
