namespace ElizaEngine.Conformance.Model;

/// <summary>Makes histories: the same one from the same seed, whatever is tested.</summary>
internal sealed partial class HistoryMaker(int seed)
{
    private static readonly DateTimeOffset Begin = new ManualTime().GetUtcNow();
    private readonly Random _random = new(seed);

    /// <summary>The steps of a history. It begins with two agents, rooms and entities, and ends with a look at everything.</summary>
    public IReadOnlyList<Step> Make(int count)
    {
        var steps = new List<Step>
        {
            new CallStep(0, new CreateAgents([new Agent { Id = Pool.Agents[0], Name = "Ada" }, new Agent { Id = Pool.Agents[1], Name = "Bob" }])),
            new CallStep(0, new CreateEntities([.. Pool.Entities.Take(3).Select(id => new Entity { Id = id, Names = ["Zoë"] })])),
            new CallStep(0, new CreateRooms([.. Pool.Rooms.Take(2).Select(id => new Room { Id = id, Source = "test", Type = "GROUP", WorldId = Pool.Worlds[0] })])),
            new CallStep(1, new CreateRooms([new Room { Id = Pool.Rooms[2], Source = "test", Type = "DM" }])),
            new CallStep(0, new CreateWorlds([new World { Id = Pool.Worlds[0] }])),
        };
        // More than any default count, in every other history.
        if (Chance(50)) steps.Add(new CallStep(0, new CreateMemories([.. Pool.Memories.Take(14).Select(NewVector)], Pool.Tables[0])));
        if (Chance(50)) steps.Add(new CallStep(0, new CreateLogs(Several(11, 14, NewLog))));
        while (steps.Count < count) steps.Add(NextStep());
        steps.Add(new CallStep(0, new Census()));
        steps.Add(new CallStep(1, new Census()));
        return steps;
    }

    /// <summary>The calls a history begins with.</summary>
    public IReadOnlyList<CallStep> MakeBeginning() => [.. Make(0).OfType<CallStep>().Where(step => step.Call is not Census)];

    /// <summary>A call that writes.</summary>
    public Call MakeWrite() => Write();

    private Memory NewVector(Guid id) => NewMemory() with { Id = id, AgentId = null, EntityId = null, RoomId = Pool.Rooms[0], Embedding = OneOf(Pool.Vectors(3)) };

    private Step NextStep() => _random.Next(100) switch
    {
        < 3 => new CallStep(Agent(), new Census()),
        < 9 => new AdvanceStep(OneOf(TimeSpan.FromMilliseconds(1), TimeSpan.FromTicks(3), TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10))),
        < 11 => new ReopenStep(),
        < 12 => new CrashStep(),
        < 17 => new TransactionStep(Agent(), [.. Several(1, 5, () => Chance(70) ? Write() : Read())], Commits: Chance(70)),
        < 22 => new InterleavedStep(Agent(), PlainRead(), Agent(), PlainWrite(), Chance(50), PlainWrite()),
        < 65 => new CallStep(Agent(), Write()),
        _ => new CallStep(Agent(), Read()),
    };

    private int Agent() => Chance(75) ? 0 : 1;

    private bool Chance(int percent) => _random.Next(100) < percent;

    private T OneOf<T>(params IReadOnlyList<T> items) => items[_random.Next(items.Count)];

    private T? Maybe<T>(IReadOnlyList<T> items, int percent = 50)
        where T : struct => Chance(percent) ? OneOf(items) : null;

    private List<T> Several<T>(int min, int max, Func<T> next) => [.. Enumerable.Range(0, _random.Next(min, max + 1)).Select(_ => next())];

    /// <summary>One of the ids that are there from the beginning, as a rule.</summary>
    private Guid Known(Guid[] ids, int known) => OneOf(Chance(95) ? ids[..known] : ids);

    private Guid? MaybeKnown(Guid[] ids, int known, int percent) => Chance(percent) ? Known(ids, known) : null;

    private List<Guid> SomeOf(IReadOnlyList<Guid> ids) => Several(Chance(10) ? 0 : 1, 3, () => OneOf(ids));

    private List<T> Batch<T>(Func<T> next) => Several(Chance(5) ? 0 : 1, Chance(60) ? 1 : 3, next);

    private string Table() => Chance(75) ? Pool.Tables[0] : OneOf(Pool.Tables);

    // Around the beginning of the history, often the same; before 1970 and with parts of a millisecond, too.
    private DateTimeOffset? Time() => _random.Next(10) switch
    {
        < 6 => null,
        < 8 => Begin.AddMilliseconds(_random.Next(4)),
        8 => Begin.AddTicks(_random.Next(40_000)),
        _ => OneOf(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddDays(-1), Begin.ToOffset(TimeSpan.FromHours(2)).AddHours(1)),
    };

    private int? Count() => OneOf<int?>(null, null, null, 0, 1, 2, 5, 100, Chance(20) ? -1 : 3);

    private Json AnyJson() => Json.Parse(OneOf(
        "{}", """{"a":1}""", """{"z":{"y":[1,2.5,null,true]},"a":"text"}""", """{"a":{"b":{"c":1}}}""", """{"😀":"\u0000"}"""));

    private Json? MaybeJson() => Chance(60) ? AnyJson() : null;

    /// <summary>A vector, mostly of three components, sometimes of four or all zeros: then it is another dimension, or none.</summary>
    private ReadOnlyMemory<float> Vector()
    {
        var dimension = Chance(85) ? 3 : 4;
        return Chance(8) ? new float[dimension] : OneOf(Pool.Vectors(dimension));
    }

    private ReadOnlyMemory<float>? MaybeVector()
    {
        if (Chance(30)) return null;
        return Vector();
    }
}
