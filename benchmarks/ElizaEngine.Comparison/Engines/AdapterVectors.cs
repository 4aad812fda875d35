using System.Buffers.Binary;
using ElizaEngine.Comparison.Data;

namespace ElizaEngine.Comparison.Engines;

/// <summary>One of our own databases as an index of vectors. Rows are memories of one agent; a row's number stands in its id.</summary>
/// <param name="database">Open; closed with the index.</param>
/// <param name="diskBytes">Tells the bytes of its files.</param>
internal sealed class AdapterVectors(IDatabase database, Func<Task<long>> diskBytes) : IVectorIndex
{
    private const int BatchSize = 1000;
    private const ulong IdSeed = 77;

    private static readonly Guid s_agent = new(1, 2, 3, new byte[8]);

    private readonly IDatabaseAdapter _adapter = database.ForAgent(s_agent);
    private VectorSearch _search = new(0);

    /// <summary>Stores the rows, as one who fills a database does: a thousand to a call, no near-duplicates looked for.</summary>
    public static async Task StoreAsync(IDatabase database, VectorBuild build)
    {
        var adapter = database.ForAgent(s_agent);
        await adapter.CreateAgentsAsync([new Agent { Id = s_agent, Name = "Ada" }]);
        await adapter.CreateRoomsAsync([.. build.Rooms.Distinct().Select(room => new Room { Id = Room(room), Source = "bench", Type = ChannelTypes.Group })]);
        foreach (var batch in Enumerable.Range(0, build.Set.Count).Chunk(BatchSize))
            await adapter.CreateMemoriesAsync([.. batch.Select(row => Of(build, row))], SampleMemory.Table);
    }

    /// <summary>Has the local backend's index of the rows ready.</summary>
    public static Task BuildIndexAsync(LocalDatabase database) => database.BuildVectorIndexAsync(s_agent, SampleMemory.Table);

    public Task<long> DiskBytesAsync() => diskBytes();

    public ValueTask PrepareAsync(VectorSearch search)
    {
        _search = search;
        return default;
    }

    public async ValueTask<int> SearchAsync(ReadOnlyMemory<float> query, Memory<int> rows)
    {
        var found = await _adapter.SearchMemoriesAsync(new MemorySearch(SampleMemory.Table, query)
        {
            RoomId = _search.Room is { } room ? Room(room) : null,
            Count = rows.Length,
            Mode = _search.IsExact ? SearchMode.Exact : SearchMode.Auto,
            IncludeEmbeddings = false,
        });
        for (var i = 0; i < found.Count; i++) rows.Span[i] = RowOf(found[i].Id);
        return found.Count;
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();

    private static Memory Of(VectorBuild build, int row) => new()
    {
        Id = Id(row),
        RoomId = Room(build.Rooms[row]),
        Content = Content.FromText("a sentence as people say them, of about a hundred characters, so that the row is like a real one"),
        Embedding = build.WithVectors ? build.Set.Row(row).ToArray() : default(ReadOnlyMemory<float>?),
        Unique = true,
    };

    private static Guid Room(int room) => new(room + 1, 5, 6, new byte[8]);

    // Scattered, as real ids are.
    private static Guid Id(int row)
    {
        Span<byte> bytes = stackalloc byte[16];
        var random = SplitMix64.Of(IdSeed, (ulong)row);
        BinaryPrimitives.WriteUInt64BigEndian(bytes, random.Next());
        BinaryPrimitives.WriteInt32BigEndian(bytes[12..], row);
        return new Guid(bytes, bigEndian: true);
    }

    private static int RowOf(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return BinaryPrimitives.ReadInt32BigEndian(bytes[12..]);
    }
}
