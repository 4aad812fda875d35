using BenchmarkDotNet.Attributes;
using ElizaEngine.Benchmarks.Abstractions;
using ElizaEngine.Local;

namespace ElizaEngine.Benchmarks.Local;

/// <summary>The records of a turn to their bodies and back: a message with 200 bytes of content, a person, a room, a log entry with 30 KB, a cached id.</summary>
[MemoryDiagnoser]
public class RowBenchmark
{
    private readonly SharedValues _shared = new();
    private Func<byte[]> _encode = () => [];
    private Func<ReadOnlyMemory<byte>, object> _decode = _ => "";
    private Func<ReadOnlyMemory<byte>, object> _read = _ => "";
    private byte[] _body = [];

    [Params("memory", "entity", "room", "log", "cache")]
    public string Kind { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        switch (Kind)
        {
            case "memory": UseMemory(); break;
            case "entity": UseEntity(); break;
            case "room": UseRoom(); break;
            case "log": UseLog(); break;
            default: UseCacheEntry(); break;
        }
        _body = _encode();
    }

    /// <summary>What a write does with it.</summary>
    [Benchmark]
    public byte[] Encode() => _encode();

    /// <summary>What the first read does with it.</summary>
    [Benchmark]
    public object Decode() => _decode(_body);

    /// <summary>What opening does with it. Rows of few are decoded whole.</summary>
    [Benchmark]
    public object Read_the_row() => _read(_body);

    private static DateTimeOffset Time => DateTimeOffset.UnixEpoch.AddDays(20_000);

    private void UseMemory()
    {
        var memory = TurnScene.NewMessage(1) with
        {
            AgentId = TurnScene.Agent,
            TableName = "messages",
            CreatedAt = Time,
            Unique = true,
            Content = new Content { Text = TurnScene.Text(new Random(1), 150), Source = "bench", ChannelType = ChannelTypes.Group },
            Metadata = new MemoryMetadata { Type = MemoryTypes.Message },
        };
        var row = Rows.Of(memory, _shared);
        (_encode, _decode, _read) = (() => Rows.Encode(memory), body => Rows.DecodeMemory(body, row), body => Rows.ReadMemory(body, _shared));
    }

    private void UseEntity()
    {
        var entity = TurnScene.NewPerson(1) with { AgentId = TurnScene.Agent, CreatedAt = Time };
        (_encode, _decode, _read) = (() => Rows.Encode(entity), Rows.DecodeEntity, body => Rows.Of(Rows.DecodeEntity(body)));
    }

    private void UseRoom()
    {
        var room = TurnScene.NewRoom(1) with { AgentId = TurnScene.Agent, CreatedAt = Time };
        (_encode, _decode, _read) = (() => Rows.Encode(room), Rows.DecodeRoom, body => Rows.Of(Rows.DecodeRoom(body)));
    }

    private void UseLog()
    {
        var entry = new LogEntry
        {
            EntityId = TurnScene.Person(1),
            RoomId = TurnScene.Room(1),
            Type = "useModel:TEXT_LARGE",
            CreatedAt = Time,
            Body = new LogBody { RunId = TurnScene.Agent.ToString("D"), Metadata = Json.From(TurnScene.Text(new Random(1), 30_000)) },
        };
        (_encode, _decode, _read) = (() => Rows.Encode(entry), Rows.DecodeLog, body => Rows.ReadLog(body, _shared));
    }

    private void UseCacheEntry()
    {
        var value = Json.From(TurnScene.Message(1, 1).ToString("D"));
        var row = new CacheRow { Id = TurnScene.Agent, Key = TurnScene.CacheKey(1), ExpiresMs = null };
        (_encode, _decode, _read) = (() => Rows.Encode(row, value), body => Rows.DecodeCache(body), body => Rows.ReadCache(body));
    }
}
