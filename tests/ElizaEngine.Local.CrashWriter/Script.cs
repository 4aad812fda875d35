using System.Buffers.Binary;

namespace ElizaEngine.Local.CrashWriter;

/// <summary>
/// What every writer does, call by call: a function of seed, writer and index alone, so that the process that writes and the
/// process that checks know the same without talking.
/// </summary>
public sealed class Script(int seed)
{
    public const int Dimension = 48;

    /// <summary>Tables the writers use.</summary>
    public static readonly IReadOnlyList<string> Tables = ["messages", "facts"];

    // Beyond the size of one frame of the log, so that the batch becomes a chain of frames.
    private const int LongTextCharacters = 270_000;
    private const int ItemsPerCall = 64;

    public static Guid AgentId { get; } = Guid.Parse("aaaaaaaa-0000-4000-8000-000000000001");

    public static Guid RoomOf(int writer) => IdOf(1, writer, 0);

    public static Guid EntityOf(int writer) => IdOf(2, writer, 0);

    /// <summary>A vector like the stored ones, to search with.</summary>
    public static float[] VectorOf(Random random) => [.. Enumerable.Range(0, Dimension).Select(_ => (random.NextSingle() * 2) - 1)];

    /// <summary>The call with this index of a writer.</summary>
    public Call CallOf(int writer, int index)
    {
        var random = new Random(Mix(Mix(Mix(17, seed), writer), index));
        return random.Next(100) switch
        {
            < 14 => New(random, writer, index, 1, withVectors: false),
            < 32 => New(random, writer, index, 1, withVectors: true),
            < 44 => New(random, writer, index, 2 + random.Next(6), withVectors: random.Next(2) == 0),
            < 52 => new UpdateMemories([Update(random, writer, index, content: true, vector: false)]),
            < 60 => new UpdateMemories([Update(random, writer, index, content: false, vector: true)]),
            < 64 => new UpdateMemories([.. Enumerable.Range(0, 3).Select(_ => Update(random, writer, index, content: true, vector: random.Next(2) == 0))]),
            < 68 => new UpsertMemories(Table(random), [Earlier(random, writer, index), Item(random, writer, index, 0, withVector: true, 100)]),
            < 75 => new DeleteMemories([.. Enumerable.Range(0, 1 + random.Next(3)).Select(_ => EarlierId(random, writer, index))]),
            < 76 => new ClearTable(RoomOf(writer), Tables[1]),
            < 82 => new CreateLogs([.. Enumerable.Range(0, 1 + random.Next(3)).Select(item => Log(random, writer, index, item))]),
            < 84 => new DeleteLogs([IdOf(4, writer, ItemsPerCall * random.Next(index + 1))]),
            < 88 => new SetCache([.. Enumerable.Range(0, 1 + random.Next(3)).Select(_ => Value(random, writer, index))]),
            < 90 => new DeleteCache([Key(random, writer)]),
            < 98 => Transaction(random, writer, index),
            98 => New(random, writer, index, ItemsPerCall, withVectors: true),
            _ => random.Next(4) == 0 ? Long(random, writer, index) : New(random, writer, index, 1, withVectors: true),
        };
    }

    private static CreateMemories New(Random random, int writer, int index, int count, bool withVectors)
    {
        var longest = random.Next(20) == 0 ? 20_000 : 300;
        return new(Table(random), [.. Enumerable.Range(0, count).Select(item => Item(random, writer, index, item, withVectors && random.Next(4) > 0, longest))]);
    }

    private static CreateMemories Long(Random random, int writer, int index) =>
        new(Table(random), [.. Enumerable.Range(0, 5).Select(item => Item(random, writer, index, item, true, 10) with { Content = LongText(writer, index, item) })]);

    private static Content LongText(int writer, int index, int item) => Content.FromText($"{writer}/{index}/{item} " + new string('x', LongTextCharacters));

    private static Together Transaction(Random random, int writer, int index) => new(
    [
        new CreateMemories(Table(random), [Item(random, writer, index, 0, true, 200), Item(random, writer, index, 1, false, 200)]),
        new UpdateMemories([Update(random, writer, index, content: true, vector: true)]),
        new DeleteMemories([EarlierId(random, writer, index)]),
        new SetCache([Value(random, writer, index)]),
        new CreateLogs([Log(random, writer, index, 0)]),
        new CreateMemories(Table(random), [Item(random, writer, index, 2, true, 200)]),
    ]);

    private static Memory Item(Random random, int writer, int index, int item, bool withVector, int longest) => new()
    {
        Id = IdOf(3, writer, (index * ItemsPerCall) + item),
        EntityId = EntityOf(writer),
        RoomId = RoomOf(writer),
        CreatedAt = DateTimeOffset.UnixEpoch.AddMilliseconds(1_700_000_000_000 + (index * 1000L) + item),
        Content = Text(random, $"created {writer}/{index}/{item}", longest),
        Metadata = new MemoryMetadata(Json.ObjectOf(("type", Json.From("message")), ("index", Json.From(index)))),
        Embedding = withVector ? (ReadOnlyMemory<float>?)VectorOf(random) : null,
        Unique = true,
    };

    // A memory that may be there, under the id of an earlier call, with other values.
    private static Memory Earlier(Random random, int writer, int index) =>
        Item(random, writer, index, ItemsPerCall - 1, random.Next(2) == 0, 100) with { Id = EarlierId(random, writer, index) };

    private static MemoryUpdate Update(Random random, int writer, int index, bool content, bool vector) => new(EarlierId(random, writer, index))
    {
        Content = content ? Text(random, $"updated {writer}/{index}", 300) : null,
        Metadata = content && random.Next(2) == 0 ? new MemoryMetadata(Json.ObjectOf(("updated", Json.From(index)))) : null,
        Embedding = !vector ? (ReadOnlyMemory<float>?)null : random.Next(6) == 0 ? new float[Dimension] : VectorOf(random),
    };

    private static LogEntry Log(Random random, int writer, int index, int item) => new()
    {
        Id = IdOf(4, writer, (index * ItemsPerCall) + item),
        EntityId = EntityOf(writer),
        RoomId = RoomOf(writer),
        Type = random.Next(2) == 0 ? "action" : "useModel:TEXT_LARGE",
        Body = new LogBody(Json.ObjectOf(("index", Json.From(index)), ("prompt", Json.From(new string('p', random.Next(2000)))))),
        CreatedAt = DateTimeOffset.UnixEpoch.AddMilliseconds(1_700_000_000_000 + (index * 1000L) + item),
    };

    private static CacheEntry Value(Random random, int writer, int index) =>
        new(Key(random, writer), Json.ObjectOf(("index", Json.From(index)), ("random", Json.From(random.Next()))));

    private static string Key(Random random, int writer) => $"writer {writer} key {random.Next(20)}";

    private static string Table(Random random) => Tables[random.Next(Tables.Count)];

    private static Guid EarlierId(Random random, int writer, int index) =>
        IdOf(3, writer, Math.Max(0, index - 1 - random.Next(25)) * ItemsPerCall + random.Next(8) / 6);

    private static Content Text(Random random, string start, int longest) =>
        Content.FromText(start + " " + new string((char)('a' + random.Next(26)), random.Next(longest)));

    private static Guid IdOf(int kind, int writer, int number)
    {
        // Spread over the order of ids, as real ones are.
        var bytes = new byte[16];
        BinaryPrimitives.WriteInt32BigEndian(bytes, Mix(Mix(kind, writer), number));
        BinaryPrimitives.WriteInt16BigEndian(bytes.AsSpan(4), (short)kind);
        bytes[6] = 0x40;
        bytes[8] = 0x80;
        BinaryPrimitives.WriteInt16BigEndian(bytes.AsSpan(10), (short)writer);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(12), number);
        return new Guid(bytes, bigEndian: true);
    }

    private static int Mix(int hash, int value)
    {
        var mixed = unchecked(((uint)hash * 0x9E3779B1u) ^ ((uint)value * 0x85EBCA77u));
        mixed ^= mixed >> 15;
        return (int)unchecked(mixed * 0xC2B2AE3Du);
    }
}
