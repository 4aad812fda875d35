using ElizaEngine.Conformance.Model;
using ElizaEngine.Local.Tests.Codecs;

namespace ElizaEngine.Local.Tests.Disk;

/// <summary>Makes the operations of a history: the same ones from the same seed.</summary>
internal sealed class OperationMaker(int seed)
{
    private readonly Random _random = new(seed);
    private readonly HistoryMaker _calls = new(seed);

    /// <param name="count">Operations after the rows that every history begins with.</param>
    /// <param name="overlap">Whether several callers write at once.</param>
    public IReadOnlyList<Operation> Make(int count, bool overlap)
    {
        List<Operation> operations = [.. _calls.MakeBeginning().Select(step => new Write(step.Agent, [step.Call], InTransaction: false))];
        for (var i = 0; i < count; i++) operations.Add(Next(overlap));
        return operations;
    }

    /// <summary>A write of one caller.</summary>
    public Write MakeWrite() => _random.Next(100) switch
    {
        < 4 => MakeLargeBatch(),
        < 6 => MakeLargeLogs(),
        < 8 => Single(new DeleteRooms([Pool.Rooms[_random.Next(3)]])),
        < 10 => Single(new CreateEntities([.. Pool.Entities.Take(3).Select(id => new Entity { Id = id })])),
        < 13 => Single(new CreateRooms([.. Pool.Rooms.Take(3).Select(id => new Room { Id = id, Source = "test", Type = "GROUP" })])),
        < 23 => new Write(Agent(), [.. Enumerable.Range(0, _random.Next(2, 6)).Select(_ => _calls.MakeWrite())], InTransaction: true),
        _ => MakeSingle(),
    };

    /// <summary>A write of one call.</summary>
    public Write MakeSingle() => Single(_calls.MakeWrite());

    private Operation Next(bool overlap) => _random.Next(100) switch
    {
        < 4 => new Advance(TimeSpan.FromMilliseconds(_random.Next(1, 700_000))),
        < 8 => new Reopen(),
        < 11 => new Kill(),
        < 13 => new LookAtEverything(),
        < 18 => new Compact(overlap && _random.Next(2) == 0 ? new Together([MakeWrite(), Decided(MakeSingle())]) : null),
        < 21 => new BackUp(overlap && _random.Next(2) == 0 ? new Together([MakeWrite(), Decided(MakeSingle())]) : null),
        < 23 => new MakeRoom(_random.Next(1, _random.Next(2) == 0 ? 5_000 : 90_000)),
        < 45 when overlap => new Together([MakeWrite(), .. Enumerable.Range(0, _random.Next(1, 6)).Select(_ => Decided(MakeSingle()))]),
        _ => MakeWrite(),
    };

    /// <summary>A write of more than a frame: a chain of frames, over several files.</summary>
    public Write MakeLargeBatch()
    {
        var text = string.Create(_random.Next(4_000, 9_000), _random.Next(), static (span, from) =>
        {
            for (var i = 0; i < span.Length; i++) span[i] = (char)('a' + ((from + (i * i)) & 15));
        });
        return Single(new UpsertMemories(
            [.. Pool.Memories.Take(_random.Next(10, 20)).Select(id => new Memory { Id = id, Content = new Content { Text = text } })], Pool.Tables[0]));
    }

    /// <summary>Log entries whose bodies compaction compresses.</summary>
    public Write MakeLargeLogs() => Single(new CreateLogs(
    [
        .. Enumerable.Range(0, _random.Next(1, 4)).Select(_ => new LogEntry
        {
            Id = Pool.Logs[_random.Next(Pool.Logs.Length)],
            EntityId = Pool.Entities[_random.Next(3)],
            RoomId = Pool.Rooms[_random.Next(3)],
            Type = "useModel:TEXT_LARGE",
            CreatedAt = DateTimeOffset.UnixEpoch.AddMinutes(_random.Next(1_000)),
            Body = Samples.Prompt(_random.Next(1_100, 1_700)),
        }),
    ]));

    // Whether a memory is unique, and which log entries are beyond a limit, is decided by what is durable when it is called: a caller that
    // does not wait for those before it says it.
    private static Write Decided(Write write) => write with
    {
        Calls = [.. write.Calls.Select(static call => call switch
        {
            CreateMemories create => create with { Memories = Decided(create.Memories) },
            UpsertMemories upsert => upsert with { Memories = Decided(upsert.Memories) },
            TrimLogs => new DeleteLogs(Pool.Logs),
            _ => call,
        })],
    };

    private static IReadOnlyList<Memory> Decided(IReadOnlyList<Memory> memories) =>
        [.. memories.Select(static memory => memory with { Unique = memory.Unique ?? true })];

    private Write Single(Call call) => new(Agent(), [call], InTransaction: false);

    private int Agent() => _random.Next(4) == 0 ? 1 : 0;
}
