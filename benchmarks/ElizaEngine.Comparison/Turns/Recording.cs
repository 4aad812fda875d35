using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ElizaEngine.Comparison.Data;

namespace ElizaEngine.Comparison.Turns;

/// <summary>
/// A recorded conversation with elizaOS 1.7.2, from Data/traces: its agent's start, then twelve turns of a room in which twenty-four
/// had been before. A conversation is made of it as often as one likes, each with a room, a user and messages of its own.
/// </summary>
internal sealed partial class Recording
{
    private const int Start = -1;
    private const int TurnsBefore = 24;
    private const string RecordedAgent = "22222222-2222-4222-8222-222222222222";

    // So much earlier than recorded, for what gets the time of the replay to come after it, as it did.
    private static readonly TimeSpan s_earlier = TimeSpan.FromDays(400);

    private readonly SampleWorld _world;
    private readonly Lookup _turns;
    private readonly Guid _room, _user, _conversationWorld;

    private Recording(string name, SampleWorld world, Lookup turns)
    {
        (Name, _world, _turns) = (name, world, turns);
        var message = First("createMemory").Arguments[0]!;
        _room = message["roomId"]!.GetValue<Guid>();
        _user = message["entityId"]!.GetValue<Guid>();
        _conversationWorld = message["worldId"]!.GetValue<Guid>();
    }

    /// <summary><c>dm</c> or <c>group</c>.</summary>
    public string Name { get; }

    /// <param name="name">Of the file, without ending.</param>
    /// <param name="world">Its agent takes the place of the recorded one.</param>
    public static Recording Load(string name, SampleWorld world)
    {
        using var file = typeof(Recording).Assembly.GetManifestResourceStream($"{name}.jsonl")!;
        using var lines = new StreamReader(file);
        var turns = new Lookup();
        while (lines.ReadLine() is { } line) turns.Add(JsonNode.Parse(line)!.AsObject());
        return new Recording(name, world, turns);
    }

    /// <summary>What the agent asked when it started, with nothing there before.</summary>
    public Turn AgentStart() => new Filler(this, conversation: 0).Fill(_turns.Of(Start), turn: 0);

    /// <param name="number">Another number is another conversation.</param>
    public Conversation Conversation(uint number)
    {
        var filler = new Filler(this, number);
        return new Conversation(
            Turn.OneByOne(Before(filler)),
            [.. _turns.Numbers.Where(turn => turn != Start).Select(turn => filler.Fill(_turns.Of(turn), turn: 0))],
            Turn.OneByOne(After(filler)));
    }

    private TurnCall First(string method) => _turns.Of(TurnsBefore).Select(happened => happened.Call).First(call => call.Method == method);

    // The room as the recording found it.
    private IEnumerable<(string, JsonArray)> Before(Filler filler)
    {
        var (room, user, world) = (filler.Id(_room), filler.Id(_user), filler.Id(_conversationWorld));
        yield return ("createWorld", filler.Arguments(First("createWorld")));
        yield return ("createEntities", [new JsonArray(filler.Arguments(First("updateEntity"))[0]!.DeepClone())]);
        yield return ("createRooms", [new JsonArray(new JsonObject
        {
            ["id"] = room,
            ["name"] = $"the room of {Name}",
            ["source"] = "test",
            ["type"] = Name.ToUpperInvariant(),
            ["channelId"] = room,
            ["messageServerId"] = world,
            ["worldId"] = world,
        })]);
        yield return ("addParticipantsRoom", [new JsonArray(user, _world.Agent), room]);
        for (var turn = 0; turn < TurnsBefore; turn++)
        {
            foreach (var call in _turns.Of(TurnsBefore).Where(happened => happened.Begins).Select(happened => happened.Call).Where(call => call.Method is "createMemory" or "updateMemory"))
            {
                var arguments = filler.Arguments(call, turn: turn + 1);
                if (call.Method == "createMemory") arguments[0]!["createdAt"] = filler.TimeOf(First("createMemory")) - ((TurnsBefore - turn) * 60_000L) + call.Id;
                yield return (call.Method, arguments);
            }
        }
        yield return ("setCache", [$"{room}-reflection-last-processed", user]);
    }

    // Takes everything away again, so that the next conversation meets what this one met.
    private IEnumerable<(string, JsonArray)> After(Filler filler)
    {
        var room = filler.Id(_room);
        yield return ("deleteRoom", [room]);
        yield return ("deleteEntity", [filler.Id(_user)]);
        yield return ("removeWorld", [filler.Id(_conversationWorld)]);
        yield return ("deleteCache", [$"{room}-reflection-last-processed"]);
    }

    [GeneratedRegex("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")]
    private static partial Regex AnyId();

    /// <summary>Makes calls complete: gives rows the ids of one conversation, and fills the stand-ins in.</summary>
    private sealed class Filler(Recording recording, uint conversation)
    {
        private readonly SampleWorld _more = recording._world.Sibling(0xC0000000 + conversation);

        public Turn Fill(IReadOnlyList<TurnEvent> events, uint turn)
        {
            var calls = new Dictionary<int, TurnCall>();
            return new Turn([.. events.Select(happened => happened with { Call = Filled(happened.Call) })]);

            TurnCall Filled(TurnCall call)
            {
                if (!calls.TryGetValue(call.Id, out var filled)) calls[call.Id] = filled = call with { Arguments = Arguments(call, (int)turn) };
                return filled;
            }
        }

        /// <param name="call">As recorded.</param>
        /// <param name="turn">Another turn of a conversation has other ids, but the same room, user and world; 0: as recorded.</param>
        public JsonArray Arguments(TurnCall call, int turn = 0)
        {
            var text = AnyId().Replace(call.Arguments.ToJsonString(), id => Id(Guid.Parse(id.Value), turn).ToString());
            return (JsonArray)Filled(JsonNode.Parse(text))!;
        }

        public Guid Id(Guid recorded, int turn = 0)
        {
            if (recorded == Guid.Parse(RecordedAgent)) return recording._world.Agent;
            if (recorded == recording._room || recorded == recording._user || recorded == recording._conversationWorld) turn = 0;
            Span<byte> bytes = stackalloc byte[16];
            recorded.TryWriteBytes(bytes);
            var other = (conversation * 0x9E3779B1) ^ ((uint)turn * 0x85EBCA6B);
            for (var i = 0; i < sizeof(uint); i++) bytes[i] ^= (byte)(other >> (8 * i));
            return new Guid(bytes);
        }

        public long TimeOf(TurnCall message) => message.Arguments[0]!["createdAt"]!.GetValue<long>() - (long)s_earlier.TotalMilliseconds;

        private JsonNode? Filled(JsonNode? node) => node switch
        {
            JsonArray array => new JsonArray([.. array.Select(Filled)]),
            JsonObject one when one["$vector"] is not null => new JsonArray([.. _more.NextVector().Select(component => (JsonNode)component)]),
            JsonObject one when one["$text"]?.GetValue<int>() is { } length => JsonValue.Create(Text(length)),
            JsonObject members => new JsonObject(members.Select(member => member.Key switch
            {
                "$filler" => KeyValuePair.Create("filler", (JsonNode?)new JsonArray([.. Texts(member.Value!.GetValue<int>())])),
                "createdAt" => KeyValuePair.Create(member.Key, (JsonNode?)(member.Value!.GetValue<long>() - (long)s_earlier.TotalMilliseconds)),
                _ => KeyValuePair.Create(member.Key, Filled(member.Value)),
            })),
            _ => node?.DeepClone(),
        };

        // Texts as people write them: a prompt is long, and so is what providers gave.
        private IEnumerable<JsonNode> Texts(int bytes)
        {
            while (bytes > 0)
            {
                var text = _more.NextText();
                yield return JsonValue.Create(text[..Math.Min(bytes, text.Length)]);
                bytes -= text.Length + "\"\",".Length;
            }
        }

        private string Text(int length)
        {
            var text = _more.NextText();
            while (text.Length < length) text += _more.NextText();
            return text[..length];
        }
    }

    /// <summary>The recording as it is, by turn.</summary>
    private sealed class Lookup
    {
        private readonly SortedDictionary<int, List<TurnEvent>> _events = [];
        private readonly Dictionary<int, (int Turn, TurnCall Call)> _calls = [];

        public IEnumerable<int> Numbers => _events.Keys;

        public List<TurnEvent> Of(int turn) => _events[turn];

        public void Add(JsonObject line)
        {
            var id = line["i"]!.GetValue<int>();
            if (line["e"]!.GetValue<string>() == "call")
            {
                var turn = line["turn"]!.GetValue<int>();
                var call = new TurnCall(id, line["m"]!.GetValue<string>(), (JsonArray)line["a"]!.DeepClone(), null);
                _calls[id] = (turn, call);
                if (!_events.TryGetValue(turn, out var events)) _events[turn] = events = [];
                events.Add(new TurnEvent(call, true));
                return;
            }
            if (line["error"] is not null) throw new JsonException($"Call {id} of the recording failed, and a replay of it would show nothing.");
            var (began, made) = _calls[id];
            var rows = line["rows"]?.GetValue<int>();
            var ended = made with { Rows = rows };
            var happened = _events[began];
            happened[happened.FindIndex(one => one.Call.Id == id)] = new TurnEvent(ended, true);
            happened.Add(new TurnEvent(ended, false));
        }
    }
}

/// <summary>A conversation to be played.</summary>
/// <param name="Before">Makes the room as it was before the first of the turns.</param>
/// <param name="Turns">What is measured.</param>
/// <param name="After">Takes the room away.</param>
internal sealed record Conversation(Turn Before, IReadOnlyList<Turn> Turns, Turn After);
