using System.Runtime.InteropServices;
using ElizaEngine.Vectors;
using ElizaEngine.Vectors.Kernels;
using Xunit;

namespace ElizaEngine.Local.Tests.Search;

/// <summary>
/// The first search of a database that was opened with a checkpoint: rows that nobody has asked for are compared as they are written down,
/// and their vectors are read from the files. It finds what there is, to the bit, and meets damage as any other.
/// </summary>
public sealed class FirstSearchTests : IDisposable
{
    private const int Memories = 1_800;
    private const int Rooms = 3;
    private const int Dimension = 24;

    private static readonly Guid s_agent = new("00000000-0000-4000-8000-00000000a001");

    private readonly string _directory = Path.Combine(Path.GetTempPath(), $"eliza-{Guid.NewGuid():N}");
    private readonly Dictionary<Guid, (Guid? Room, bool Unique, float[]? Vector)> _known = [];
    private readonly Guid[] _rooms = [.. Enumerable.Range(1, Rooms).Select(number => new Guid(number, 0, 0, new byte[8]))];

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task It_finds_what_there_is_whatever_was_changed_before_it(int seed)
    {
        var random = new Random(seed);
        await using (var database = await OpenAsync(expectsCheckpoint: false)) await FillAsync(database, random);
        for (var round = 0; round < 4; round++)
        {
            await using var database = await OpenAsync(expectsCheckpoint: true);
            if (round > 0) await ChangeAsync(database, random);
            foreach (var room in (Guid?[])[_rooms[round % Rooms], null])
            {
                foreach (var uniqueOnly in (bool[])[false, true])
                {
                    // Twice: then some of the vectors have been read, and all of them.
                    for (var again = 0; again < 2; again++)
                    {
                        var search = new MemorySearch("messages", Vector(random)) { RoomId = room, Count = 12, UniqueOnly = uniqueOnly };
                        Assert.Equal(Expected(search), await FoundAsync(database, search));
                        Assert.Equal(Expected(search with { Threshold = 0.2f }), await FoundAsync(database, search with { Threshold = 0.2f }));
                    }
                }
            }
        }
    }

    [Fact]
    public async Task Rows_of_what_it_does_not_find_are_not_made()
    {
        var random = new Random(7);
        await using (var database = await OpenAsync(expectsCheckpoint: false)) await FillAsync(database, random);
        await using (var database = await OpenAsync(expectsCheckpoint: true))
        {
            Assert.Equal(12, (await FoundAsync(database, new MemorySearch("messages", Vector(random)) { RoomId = _rooms[0], Count = 12 })).Count);
            var (made, walked) = (0, 0);
            var state = database.Sequencer.Published;
            var cursor = new MemoryCursor(state, FirstTable(state), _rooms[0], long.MaxValue);
            while (cursor.MoveNext(Dimension, out var vector))
            {
                walked++;
                if (vector.Slot is not null) made++;
                Assert.Same(state.FindMemory(vector.Id), vector.Row);
                Assert.Equal(vector.Row.Vector(Dimension)?.Location ?? default, vector.Location);
                Assert.Equal((vector.Row.Scope, vector.Row.IsUnique, vector.Row.Vector(Dimension)?.InverseNorm ?? 0), (vector.Scope, vector.IsUnique, vector.InverseNorm));
            }
            Assert.Equal(_known.Values.Count(memory => memory.Room == _rooms[0]), walked);
            Assert.InRange(made, 12, walked / 2);
        }
    }

    [Fact]
    public async Task A_vector_that_was_changed_on_the_disk_is_reported()
    {
        var random = new Random(8);
        await using (var database = await OpenAsync(expectsCheckpoint: false)) await FillAsync(database, random);
        var victim = _known.Values.First(memory => memory.Room == _rooms[1] && memory.Vector is not null).Vector!;
        Flip(MemoryMarshal.AsBytes(victim.AsSpan()));
        await using (var database = await OpenAsync(expectsCheckpoint: true))
        {
            var search = new MemorySearch("messages", Vector(random)) { RoomId = _rooms[1], Count = 12 };
            for (var again = 0; again < 2; again++)
            {
                var error = await Assert.ThrowsAsync<CorruptDataException>(() => FoundAsync(database, search));
                Assert.EndsWith(".seg", error.File, StringComparison.Ordinal);
            }
            // Those of another room can be read.
            Assert.Equal(Expected(search with { RoomId = _rooms[2] }), await FoundAsync(database, search with { RoomId = _rooms[2] }));
        }
    }

    private static int FirstTable(DatabaseState state)
    {
        var walk = state.MemoriesByTable.Ascend(new TableMemoryKey(int.MinValue, long.MinValue, Id.Min));
        Assert.True(walk.MoveNext());
        return walk.Current.TableNumber;
    }

    private static float[] Vector(Random random) => [.. Enumerable.Range(0, Dimension).Select(_ => (random.NextSingle() * 2) - 1)];

    private static async Task<List<(Guid Id, float Similarity)>> FoundAsync(LocalDatabase database, MemorySearch search)
    {
        var found = await database.ForAgent(s_agent).SearchMemoriesAsync(search);
        return [.. found.Select(memory => (memory.Id, memory.Similarity!.Value))];
    }

    private List<(Guid Id, float Similarity)> Expected(MemorySearch search)
    {
        var query = search.Embedding.ToArray();
        var all = _known
            .Where(memory => memory.Value.Vector is not null && (search.RoomId is null || memory.Value.Room == search.RoomId) && (!search.UniqueOnly || memory.Value.Unique))
            .Select(memory => (memory.Key, Similarity: Cosine.Similarity(
                DotProduct.Of(query, memory.Value.Vector), Norm.InverseOf(query), Norm.InverseOf(memory.Value.Vector))));
        return [.. all.Where(memory => search.Threshold is not { } least || memory.Similarity >= least).OrderByDescending(memory => memory.Similarity).Take(search.Count!.Value)];
    }

    private async Task<LocalDatabase> OpenAsync(bool expectsCheckpoint)
    {
        // Without a partition: each search compares floats.
        var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions
        {
            Directory = _directory,
            MaxLogFileBytes = 128 << 10,
            Durability = Durability.ProcessCrash,
            LogWithoutCheckpoint = 0,
            VectorsWithoutPartition = int.MaxValue,
        });
        Assert.Equal(expectsCheckpoint, database.OpenReport.FromCheckpoint);
        return database;
    }

    private async Task FillAsync(LocalDatabase database, Random random)
    {
        var adapter = database.ForAgent(s_agent);
        await adapter.CreateAgentAsync(new Agent { Id = s_agent, Name = "Ada" });
        await adapter.CreateRoomsAsync([.. _rooms.Select(id => new Room { Id = id, Source = "test", Type = ChannelTypes.Group })]);
        await CreateAsync(adapter, random, Memories);
    }

    // Behind the checkpoint: some come, some go, some have another vector, and one lost its own.
    private async Task ChangeAsync(LocalDatabase database, Random random)
    {
        var adapter = database.ForAgent(s_agent);
        await CreateAsync(adapter, random, 40);
        var gone = _known.Keys.OrderBy(_ => random.Next()).Take(30).ToArray();
        await adapter.DeleteMemoriesAsync(gone);
        foreach (var id in gone) _known.Remove(id);
        foreach (var id in _known.Keys.OrderBy(_ => random.Next()).Take(30).ToArray())
        {
            var vector = Vector(random);
            await adapter.UpdateMemoryAsync(new MemoryUpdate(id) { Embedding = vector });
            _known[id] = _known[id] with { Vector = vector };
        }
    }

    private async Task CreateAsync(IDatabaseAdapter adapter, Random random, int count)
    {
        var memories = new List<Memory>();
        for (var i = 0; i < count; i++)
        {
            var (room, vector) = (i % 5 == 0 ? null : (Guid?)_rooms[i % Rooms], i % 4 == 0 ? null : Vector(random));
            var bytes = new byte[16];
            random.NextBytes(bytes);
            var memory = new Memory
            {
                Id = new Guid(bytes),
                RoomId = room,
                Content = Content.FromText(new string('x', random.Next(400))),
                Embedding = vector is null ? default(ReadOnlyMemory<float>?) : vector,
                Unique = i % 3 == 0,
            };
            memories.Add(memory);
            _known.Add(memory.Id, (room, memory.Unique!.Value, vector));
        }
        await adapter.CreateMemoriesAsync(memories, "messages");
    }

    private void Flip(ReadOnlySpan<byte> bytes)
    {
        foreach (var path in Directory.GetFiles(_directory, "*.seg"))
        {
            var at = File.ReadAllBytes(path).AsSpan().IndexOf(bytes);
            if (at < 0) continue;
            using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            RandomAccess.Write(handle, [(byte)(bytes[0] ^ 1)], at);
            return;
        }
        Assert.Fail("The vector is in no log file.");
    }
}
