using System.Diagnostics;
using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Engines;

namespace ElizaEngine.Comparison.Turns;

/// <summary>Plays recorded turns on one of our own backends, in this process.</summary>
/// <param name="database">Open and empty; closed with the player.</param>
/// <param name="world">Its memories are loaded; nobody else may take any of it.</param>
/// <param name="afterLoad">What the database gets when it was loaded; null: nothing.</param>
internal sealed class AdapterPlayer(IDatabase database, SampleWorld world, Func<IDatabase, Task>? afterLoad = null) : ITurnPlayer
{
    private const int BatchSize = 1000;

    private readonly IDatabaseAdapter _adapter = database.ForAgent(world.Agent);

    public async Task LoadAsync(int count)
    {
        foreach (var batch in world.Take(count).Chunk(BatchSize)) await _adapter.CreateMemoriesAsync([.. batch.Select(AdapterStore.Of)], SampleMemory.Table);
        if (afterLoad is not null) await afterLoad(database);
    }

    public async Task<PlayedTurns> PlayAsync(IReadOnlyList<Turn> turns, bool oneByOne)
    {
        var (turnsUs, callsUs, rows, allocated) = (new List<double>(), new List<double>(), new List<int?>(), 0L);
        foreach (var turn in turns)
        {
            var calls = turn.Calls.ToArray();
            var prepared = Array.ConvertAll(calls, AdapterCalls.Prepare);
            var places = calls.Select((call, place) => (call.Id, place)).ToDictionary();
            var script = turn.Events.Select(happened => (places[happened.Call.Id], happened.Begins)).ToArray();
            var tasks = new Task[calls.Length];
            var allocatedBefore = GC.GetTotalAllocatedBytes();
            var start = Stopwatch.GetTimestamp();
            if (oneByOne) await OneByOneAsync(prepared, tasks, callsUs);
            else await PlayAsync(script, prepared, tasks);
            turnsUs.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            allocated += GC.GetTotalAllocatedBytes() - allocatedBefore;
            for (var place = 0; place < calls.Length; place++) rows.Add(await prepared[place].RowsAsync(tasks[place]));
        }
        return new PlayedTurns(turnsUs, callsUs, rows) { AllocatedBytes = allocated };
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();

    private async Task PlayAsync((int Place, bool Begins)[] script, PreparedCall[] calls, Task[] tasks)
    {
        foreach (var (place, begins) in script)
        {
            if (begins) tasks[place] = calls[place].Begin(_adapter);
            else await tasks[place];
        }
    }

    private async Task OneByOneAsync(PreparedCall[] calls, Task[] tasks, List<double> callsUs)
    {
        for (var place = 0; place < calls.Length; place++)
        {
            var start = Stopwatch.GetTimestamp();
            tasks[place] = calls[place].Begin(_adapter);
            await tasks[place];
            callsUs.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
        }
    }
}
