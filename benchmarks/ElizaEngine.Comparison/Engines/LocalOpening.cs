using System.Globalization;
using ElizaEngine.Comparison.Data;

namespace ElizaEngine.Comparison.Engines;

internal partial class Local : IOpenEngine
{
    private const int LoadedAtOnce = 10_000;

    public bool KeepsIndex => true;

    public async Task PrepareAsync(Run run, string folder, SampleWorld world, int memories, bool withIndex = true)
    {
        var (store, database) = await CreateAsync(folder, world);
        await using var closing = store;
        for (var left = memories; left > 0; left -= LoadedAtOnce) await store.LoadAsync(world.Take(Math.Min(left, LoadedAtOnce)));
        // As it is after anybody has searched: closing keeps the graph, where there is one.
        if (withIndex) await database.BuildVectorIndexAsync(world.Agent, SampleMemory.Table);
    }

    public Task<Opened> OpenAsync(Run run, string folder, SampleWorld world, FirstQuestions questions, int memories) =>
        Child.AskAsync<OpenLocal, Opened>([.. ArgumentsOf(folder, world), $"{questions}", $"{memories}"], run.CancellationToken);

    public async Task KillWhileWritingAsync(Run run, string folder, SampleWorld world, uint number, int acknowledged)
    {
        using var child = Child.Start<WriteLocal>([.. ArgumentsOf(folder, world), $"{number}", $"{acknowledged}"]);
        await using var kill = run.CancellationToken.Register(child.Kill);
        var said = await child.StandardError.ReadLineAsync();
        if (said != WriteLocal.Acknowledged) throw new InvalidOperationException($"The writer on {folder} failed: {said} {await child.StandardError.ReadToEndAsync()}");
        child.Kill();
        await child.WaitForExitAsync(CancellationToken.None);
    }

    /// <summary>What those who open it in a process of their own are given.</summary>
    public string[] ArgumentsOf(string folder, SampleWorld world) => [folder, durability.ToString(), $"{world.Seed}", $"{world.Dimension}"];

    /// <summary>In the child.</summary>
    internal sealed class OpenLocal : IChildTask
    {
        public async Task<object> RunAsync(string[] arguments) => await LocalOpener.RunAsync(arguments);
    }

    /// <summary>In the child: writes, says when enough is acknowledged, and goes on until it is killed.</summary>
    internal sealed class WriteLocal : IChildTask
    {
        public const string Acknowledged = "acknowledged";

        public async Task<object> RunAsync(string[] arguments)
        {
            var (options, world) = LocalOpener.Read(arguments);
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
