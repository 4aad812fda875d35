using System.Text.Json.Nodes;
using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Engines;
using ElizaEngine.Comparison.Measuring;
using ElizaEngine.Comparison.Report;
using ElizaEngine.Comparison.Turns;

namespace ElizaEngine.Comparison.Suites;

/// <summary>
/// One message to an elizaOS agent: every call that its runtime makes of the database, as it was recorded. Twelve turns of a
/// conversation, again and again, each time in a new room that holds what the recorded one held, among the agent's other memories.
/// </summary>
internal sealed class TurnSuite : ISuite
{
    private const uint Seed = 40;
    private const int Dimension = 384;
    private const int CallKindsShown = 6;

    // Of those who take longer for one than a slice is long: the turns of a conversation differ, and twelve are few.
    private const int ConversationsMin = 2;

    private static readonly string[] s_recordings = ["dm", "group"];

    public string Name => "turn";

    public int Place => 4;

    public IReadOnlyList<Target> Targets { get; } =
    [
        .. s_recordings.Select(recording => Faster(recording, "local", "plugin-sql-pglite", "agent turn, PowerLoss", "x elizaOS on PGlite", 50, 150)),
        .. s_recordings.Select(recording => Faster(recording, "local-process-crash", "plugin-sql-pglite", "agent turn, ProcessCrash", "x elizaOS on PGlite", 100, 500)),
        .. s_recordings.Select(recording => Faster(recording, "postgres", "plugin-sql-postgres", "agent turn, Postgres", "x elizaOS on PostgreSQL", 2, 5)),
    ];

    public async Task RunAsync(Run run)
    {
        var world = new SampleWorld(Seed, Dimension);
        var recordings = s_recordings.Select(name => Recording.Load(name, world)).ToArray();
        var memories = run.Pick(500, 10_000, 10_000);
        var stage = new List<Played>();
        try
        {
            foreach (var engine in await run.EnginesAsync<ITurnEngine>(Name)) stage.Add(new Played(engine, () => OpenAsync(run, engine, recordings[0], world, memories)));
            await BeginAsync(stage);
            foreach (var recording in recordings) await MeasureAsync(run, recording, stage, $"{memories} memories");
        }
        finally
        {
            foreach (var played in stage) await played.DisposeAsync();
        }
    }

    public IEnumerable<Picture> Pictures(Rows rows)
    {
        var turns = rows.Where(row => row.Suite == Name && s_recordings.Contains(row.Workload)).ToArray();
        if (turns.Length > 0) yield return Picture.LatencyBars("turn", "One turn of an agent", turns);
    }

    private static Target Faster(string recording, string engine, string than, string what, string unit, double must, double aim) => new(
        $"{what}, {recording}", unit, must, aim, rows => Turns(rows, recording, than) is { } row ? rows.SpeedupOfP50("turn", recording, row.Setting, engine, than) : null);

    private static Row? Turns(Rows rows, string recording, string engine) =>
        rows.FirstOrDefault(row => row.Suite == "turn" && row.Workload == recording && row.Engine == engine && row.NotRun is null);

    // The rooms and people that the other memories are of.
    private static Turn OthersOf(SampleWorld world) => Turn.OneByOne(
    [
        ("createRooms", [new JsonArray([.. world.Rooms.Select(room => new JsonObject { ["id"] = room, ["source"] = "bench", ["type"] = "GROUP" })])]),
        ("createEntities", [new JsonArray([.. world.Entities.Select(entity =>
            new JsonObject { ["id"] = entity, ["names"] = new JsonArray("Bob"), ["metadata"] = new JsonObject(), ["agentId"] = world.Agent })])]),
    ]);

    private async Task<ITurnPlayer> OpenAsync(Run run, ITurnEngine engine, Recording recording, SampleWorld world, int memories)
    {
        run.Say($"{Name}: {engine.Name}: {memories} memories");
        var player = await engine.OpenTurnsAsync(run, run.NewFolder(engine.Name), new SampleWorld(Seed, Dimension));
        try
        {
            await player.PlayAsync([recording.AgentStart()], oneByOne: true);
            await player.PlayAsync([OthersOf(world)], oneByOne: true);
            await player.LoadAsync(memories);
            return player;
        }
        catch
        {
            await player.DisposeAsync();
            throw;
        }
    }

    // Each in a database, and a process if it has one, of its own.
    private static async Task BeginAsync(IReadOnlyList<Played> stage)
    {
        foreach (var played in stage) await played.BeginAsync();
    }

    private async Task MeasureAsync(Run run, Recording recording, IReadOnlyList<Played> stage, string setting)
    {
        run.Say($"turn: {recording.Name}");
        var contenders = stage.Select(entry =>
        {
            var conversations = 0u;
            return new Contender(new Row(Name, recording.Name, setting, entry.Engine.Name), async () =>
            {
                var (latencies, elapsed, allocated) = (new Latencies(), TimeSpan.Zero, default(long?));
                for (var inSlice = 0; elapsed < run.SliceTime || inSlice < run.Pick(1, 1, ConversationsMin); inSlice++)
                {
                    var played = await PlayAsync(entry.Player, Short(run, recording.Conversation(++conversations)), oneByOne: false);
                    foreach (var turn in played.TurnsUs) latencies.RecordUs(turn);
                    elapsed += TimeSpan.FromMicroseconds(played.TurnsUs.Sum());
                    if (played.AllocatedBytes is { } bytes) allocated = (allocated ?? 0) + bytes;
                }
                return new Slice(latencies, elapsed) { AllocatedBytes = allocated };
            });
        });
        var turns = run.TakeTurns(rounds: run.Pick(1, 2, 8), warmsUp: run.Size > Size.Toy);
        var rows = await turns.RunAsync([.. contenders], renew: run.Size == Size.Full ? () => BeginAsync(stage) : null);
        run.Rows.Add(rows.Select(row => row.SliceP50sUs is { } medians ? row with { Note = $"medians of the slices {Number.Text(medians.Min())} to {Number.Text(medians.Max())} us" } : row));
        foreach (var played in stage) run.Rows.Add(await CallsAsync(played.Engine, played.Player, Short(run, recording.Conversation(uint.MaxValue)), recording.Name));
    }

    // A toy plays two of the twelve turns, a quick run six.
    private static Conversation Short(Run run, Conversation conversation) =>
        conversation with { Turns = [.. conversation.Turns.Take(run.Pick(2, 6, 12))] };

    private static async Task<PlayedTurns> PlayAsync(ITurnPlayer player, Conversation conversation, bool oneByOne)
    {
        await player.PlayAsync([conversation.Before], oneByOne: true);
        var played = await player.PlayAsync(conversation.Turns, oneByOne);
        await player.PlayAsync([conversation.After], oneByOne: true);
        foreach (var (call, rows) in conversation.Turns.SelectMany(turn => turn.Calls).Zip(played.Rows))
        {
            if (call.Rows is { } recorded && rows != recorded)
                throw new InvalidOperationException($"{call.Method} (call {call.Id}) has {rows} rows, and had {recorded} in the recording.");
        }
        return played;
    }

    // Where the time goes: each call waits for the one before, so that none waits for another's sake.
    private async Task<IEnumerable<Row>> CallsAsync(ITurnEngine engine, ITurnPlayer player, Conversation conversation, string recording)
    {
        var played = await PlayAsync(player, conversation, oneByOne: true);
        var all = played.CallsUs.Sum();
        var kinds = conversation.Turns.SelectMany(turn => turn.Calls).Zip(played.CallsUs).GroupBy(call => call.First.Method, call => call.Second);
        return
        [
            RowOf("all of a turn", played.TurnsUs) with { Note = "one by one" },
            .. kinds.OrderByDescending(kind => kind.Sum()).Take(CallKindsShown).Select(kind => RowOf(kind.Key, kind) with
            {
                Note = $"{kind.Sum() / all:p0} of a turn, {(double)kind.Count() / conversation.Turns.Count:0.#} calls of it",
            }),
        ];

        Row RowOf(string what, IEnumerable<double> times)
        {
            var latencies = new Latencies();
            foreach (var microseconds in times) latencies.RecordUs(microseconds);
            return new Row(Name, $"calls of {recording}", what, engine.Name)
            {
                Operations = latencies.Count,
                P50Us = latencies.MedianUs,
                P99Us = latencies.PercentileUs(99),
                MaxUs = latencies.MaxUs,
            };
        }
    }

    /// <summary>An engine, and the player that has its database open.</summary>
    private sealed class Played(ITurnEngine engine, Func<Task<ITurnPlayer>> open) : IAsyncDisposable
    {
        private ITurnPlayer? _player;

        public ITurnEngine Engine => engine;

        public ITurnPlayer Player => _player ?? throw new InvalidOperationException("Its database is not open.");

        /// <summary>Opens a database that nobody had before.</summary>
        public async Task BeginAsync()
        {
            await DisposeAsync();
            _player = await open();
        }

        public async ValueTask DisposeAsync()
        {
            if (_player is not null) await _player.DisposeAsync();
            _player = null;
        }
    }
}
