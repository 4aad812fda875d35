using ElizaEngine.Storage;
using Xunit;

namespace ElizaEngine.Local.Tests.Search;

/// <summary>Indexes of vectors have a limit of memory: those that nobody searches go first, and every answer stays right.</summary>
public sealed class SearchMemoryTests : IDisposable
{
    private const int Tables = 10;
    private const int Rows = 200;
    private const int Dimension = 24;

    private static readonly Guid s_agent = new("00000000-0000-4000-8000-00000000a001");

    private readonly TestFolder _folder = new();
    private readonly Random _random = new(20261126);

    // An index of Rows vectors, which has a graph.
    private static long OneIndex => VectorPartition.EmptyBytesOf(Dimension) + VectorPartition.BytesOf(Dimension, Rows, hasGraph: true);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1_000)]
    [InlineData(Rows * 100)]
    public async Task A_limit_that_has_no_room_for_one_index_leaves_the_floats(long limit)
    {
        await using var database = await OpenAsync(limit);
        await FillAsync(database, tables: 1);
        for (var i = 0; i < 5; i++)
        {
            await AssertRightAsync(database, 0, _random);
            await database.Partitions.Work;
        }

        var statistics = database.GetStatistics();
        Assert.Equal((0L, 0L), (statistics.VectorIndexes, statistics.VectorIndexBytes));
        // Asked once, it is not tried again with each search.
        Assert.InRange(statistics.VectorIndexesReleased, 0, 1);
        await database.BuildVectorIndexAsync(s_agent, Table(0));
        Assert.Equal(0, database.GetStatistics().VectorIndexes);
    }

    [Fact]
    public async Task Tables_are_searched_by_turns_and_three_of_ten_keep_their_index()
    {
        await using var database = await OpenAsync((3 * OneIndex) + (OneIndex / 2));
        await FillAsync(database, Tables);
        for (var round = 0; round < 4; round++)
        {
            for (var table = 0; table < Tables; table++)
            {
                await AssertRightAsync(database, table, _random, isOnce: true);
                await database.Partitions.Work;
                AssertWithin(database);
            }
        }

        // They do not drive each other out, and be it that each is searched as often as the others.
        Assert.Equal((3L, 0L), (database.GetStatistics().VectorIndexes, database.GetStatistics().VectorIndexesReleased));

        // Those that are searched now take the place of those that are not any more.
        for (var round = 0; round < 3; round++)
        {
            for (var table = 6; table < 9; table++)
            {
                await AssertRightAsync(database, table, _random);
                await database.Partitions.Work;
                AssertWithin(database);
            }
        }

        Assert.Equal((3L, 3L), (database.GetStatistics().VectorIndexes, database.GetStatistics().VectorIndexesReleased));
        Assert.Equal(0, database.GetStatistics().VectorIndexesRestored);
        for (var table = 6; table < 9; table++) Assert.NotEqual(SearchMethod.Floats, await AssertRightAsync(database, table, _random));

        // The first ones were saved when they were released: they come back.
        for (var i = 0; i < 3; i++)
        {
            await AssertRightAsync(database, 0, _random);
            await database.Partitions.Work;
        }
        Assert.NotEqual(SearchMethod.Floats, await AssertRightAsync(database, 0, _random));
        Assert.Equal(1, database.GetStatistics().VectorIndexesRestored);
        AssertWithin(database);
    }

    [Fact]
    public async Task Searches_go_on_while_indexes_are_released_and_come_back()
    {
        await using var database = await OpenAsync((2 * OneIndex) + (OneIndex / 2));
        await FillAsync(database, 6);
        var searches = 0;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(seed => OnItsOwnThread.Run(async () =>
        {
            var random = new Random(seed);
            for (var i = 0; i < 60; i++)
            {
                var table = random.Next(6);
                // So often that it drives others out, which others search at this moment.
                for (var again = 0; again < 4; again++)
                {
                    await AssertRightAsync(database, table, random);
                    Interlocked.Increment(ref searches);
                }
            }
        })));
        await database.Partitions.Work;
        AssertWithin(database);
        Assert.True(database.GetStatistics().VectorIndexesReleased > 0, $"nothing was released in {searches} searches");
    }

    /// <summary>The story: a table that had been too large once was refused until as much of the whole database was gone, whatever others hold.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(4_000)]
    public async Task An_index_that_outgrows_the_limit_is_released(int elsewhere)
    {
        await using var database = await OpenAsync((OneIndex * 3) / 2);
        await FillAsync(database, 1);
        if (elsewhere > 0)
        {
            await database.ForAgent(s_agent).CreateMemoriesAsync([.. Enumerable.Range(0, elsewhere).Select(_ => NewMemory())], "elsewhere");
        }
        await AssertRightAsync(database, 0, _random);
        await database.Partitions.Work;
        Assert.Equal(1, database.GetStatistics().VectorIndexes);
        await FillAsync(database, 1);
        await AssertRightAsync(database, 0, _random);
        await database.Partitions.Work;
        database.Partitions.Begin();
        await database.Partitions.Work;
        Assert.Equal(0, database.GetStatistics().VectorIndexes);
        await AssertRightAsync(database, 0, _random);
        await database.Partitions.Work;
        Assert.Equal(0, database.GetStatistics().VectorIndexes);

        // With fewer vectors it fits again.
        var adapter = database.ForAgent(s_agent);
        await adapter.DeleteMemoriesAsync([.. (await adapter.GetMemoriesAsync(new MemoryQuery(Table(0)) { Count = Rows })).Select(static memory => memory.Id)]);
        for (var i = 0; i < 2; i++)
        {
            await AssertRightAsync(database, 0, _random);
            await database.Partitions.Work;
        }
        Assert.Equal(1, database.GetStatistics().VectorIndexes);
    }

    // A search in a room knows nothing of the rest of its table.
    [Fact]
    public async Task A_file_that_is_larger_than_the_limit_is_not_read()
    {
        const int inRoom = 300;
        const int others = 2_700;
        Guid room;
        await using (var database = await OpenAsync(long.MaxValue))
        {
            await FillAsync(database, tables: 1, others);
            room = await database.ForAgent(s_agent).CreateRoomAsync(new Room { Source = "test", Type = ChannelTypes.Group });
            await FillAsync(database, tables: 1, inRoom, room);
            await database.BuildVectorIndexAsync(s_agent, Table(0));
        }
        var file = new FileInfo(Assert.Single(Directory.GetFiles(_folder.Data), name => FileNames.IsVectors(Path.GetFileName(name))));

        await using var again = await OpenAsync(file.Length / 2);
        for (var i = 0; i < 4; i++)
        {
            await AssertRightAsync(again, 0, _random, room: room);
            await again.Partitions.Work;
        }
        // Tried once, and not again with each search.
        Assert.Equal((0L, 0L, 1L), Indexes(again));

        // With fewer vectors there is room, though the file is as large as it was.
        var adapter = again.ForAgent(s_agent);
        var all = await adapter.GetMemoriesAsync(new MemoryQuery(Table(0)) { Count = others + inRoom });
        await adapter.DeleteMemoriesAsync([.. all.Where(memory => memory.RoomId is null).Skip(Rows).Select(static memory => memory.Id)]);
        for (var i = 0; i < 2; i++)
        {
            await AssertRightAsync(again, 0, _random, room: room);
            await again.Partitions.Work;
        }
        Assert.Equal((1L, 0L, 1L), Indexes(again));
        Assert.NotEqual(SearchMethod.Floats, await AssertRightAsync(again, 0, _random));
        AssertWithin(again);
    }

    [Fact]
    public async Task An_index_that_has_no_room_beside_the_next_goes_before_it()
    {
        const int left = 80;
        await using var database = await OpenAsync(OneIndex * 21 / 20);
        await FillAsync(database, tables: 1);
        for (var i = 0; i < 2; i++)
        {
            await AssertRightAsync(database, 0, _random);
            await database.Partitions.Work;
        }
        Assert.Equal((1L, 0L, 0L), Indexes(database));
        var adapter = database.ForAgent(s_agent);
        await adapter.DeleteMemoriesAsync(
            [.. (await adapter.GetMemoriesAsync(new MemoryQuery(Table(0)) { Count = Rows - left })).Select(static memory => memory.Id)]);
        await database.UpkeepAsync(CancellationToken.None);
        await database.Partitions.Work;

        Assert.Equal((1L, 0L, 0L), Indexes(database));
        Assert.Equal(VectorPartition.EmptyBytesOf(Dimension) + VectorPartition.BytesOf(Dimension, left, hasGraph: false), database.GetStatistics().VectorIndexBytes);
        Assert.NotEqual(SearchMethod.Floats, await AssertRightAsync(database, 0, _random));
    }

    /// <summary>The story: what is deleted stays in an index until half of it is, so one whose other vectors had room was released for good.</summary>
    [Fact]
    public async Task An_index_that_is_too_large_because_of_what_was_deleted_is_built_anew()
    {
        await using var database = await OpenAsync(OneIndex * 11 / 10);
        await FillAsync(database, tables: 1);
        for (var i = 0; i < 2; i++)
        {
            await AssertRightAsync(database, 0, _random);
            await database.Partitions.Work;
        }
        var adapter = database.ForAgent(s_agent);
        await adapter.DeleteMemoriesAsync(
            [.. (await adapter.GetMemoriesAsync(new MemoryQuery(Table(0)) { Count = Rows * 2 / 5 })).Select(static memory => memory.Id)]);
        await FillAsync(database, tables: 1, rows: Rows * 3 / 10);
        await database.UpkeepAsync(CancellationToken.None);
        await database.Partitions.Work;

        Assert.Equal((1L, 0L, 0L), Indexes(database));
        AssertWithin(database);
        Assert.NotEqual(SearchMethod.Floats, await AssertRightAsync(database, 0, _random));
    }

    [Fact]
    public async Task An_index_that_grows_goes_before_one_that_was_searched_since()
    {
        await using var database = await OpenAsync(OneIndex * 23 / 10);
        await FillAsync(database, tables: 2);
        for (var table = 0; table < 2; table++)
        {
            await AssertRightAsync(database, table, _random);
            await database.Partitions.Work;
        }
        Assert.Equal((2L, 0L, 0L), Indexes(database));
        await FillAsync(database, tables: 1, rows: Rows / 2);
        Assert.NotEqual(SearchMethod.Floats, await AssertRightAsync(database, 1, _random));
        database.Partitions.Begin();
        await database.Partitions.Work;

        Assert.Equal((1L, 0L, 1L), Indexes(database));
        Assert.NotEqual(SearchMethod.Floats, await AssertRightAsync(database, 1, _random));
        AssertWithin(database);
    }

    // To sum up what all of them take allocates, and so does to put them in order.
    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(10_000)]
    public async Task Who_asks_for_room_does_not_go_through_all_indexes(long limit)
    {
        const int count = 1_000;
        var partitions = Enumerable.Range(1, count).Select(static table => new VectorPartition(new PartitionKey(s_agent, table, Dimension))).ToArray();
        var memory = new PartitionMemory(new(partitions.Select(static partition => KeyValuePair.Create(partition.Key, partition))), limit);
        for (var round = 0; round < 2; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var admitted = 0;
            for (var table = 1; table <= count; table++)
            {
                // There is enough for all, or none for who asks for the first time.
                if (memory.IsAdmitted(new PartitionKey(s_agent, table + ((round + 1) * count), Dimension), needed: 5_000, gone: 0)) admitted++;
            }
            var asked = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.Equal(limit == long.MaxValue ? count : 0, admitted);
            if (round > 0) Assert.InRange(asked / count, 0, 1_000);
        }

        if (limit == long.MaxValue)
        {
            memory.BeginTurn();
            var before = GC.GetAllocatedBytesForCurrentThread();
            foreach (var partition in partitions)
            {
                memory.Begin(partition);
                Assert.True(await memory.TryMakeRoomAsync(partition, isNew: false, needed: 5_000, gone: 0, static _ => throw new InvalidOperationException()));
                memory.End(partition);
            }
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20 * count);
        }
        foreach (var partition in partitions) partition.Dispose();
    }

    [Fact]
    public void The_memory_of_an_index_that_takes_the_place_of_another_counts()
    {
        var key = new PartitionKey(s_agent, 1, Dimension);
        using var next = new VectorPartition(key);
        using var partition = new VectorPartition(key) { Next = next };
        var memory = new PartitionMemory(new([new(key, partition)]), limit: 10_000);
        var row = Enumerable.Range(0, Dimension).Select(static i => i + 1f).ToArray();
        partition.Codes.Append(row, ElizaEngine.Vectors.Norm.InverseOf(row));
        next.Codes.Append(row, ElizaEngine.Vectors.Norm.InverseOf(row));

        Assert.Equal(2 * partition.Bytes, memory.Bytes);
    }

    private static (long Count, long Restored, long Released) Indexes(LocalDatabase database)
    {
        var statistics = database.GetStatistics();
        return (statistics.VectorIndexes, statistics.VectorIndexesRestored, statistics.VectorIndexesReleased);
    }

    private static void AssertWithin(LocalDatabase database) =>
        Assert.InRange(database.GetStatistics().VectorIndexBytes, 0, database.Options.SearchMemoryLimit!.Value);

    private Task<LocalDatabase> OpenAsync(long limit) => LocalDatabase.OpenAsync(new LocalDatabaseOptions
    {
        Directory = _folder.Data,
        Durability = Durability.ProcessCrash,
        SearchMemoryLimit = limit,
        VectorsWithoutPartition = 20,
        VectorsWithoutGraph = 100,
        UpkeepInterval = Timeout.InfiniteTimeSpan,
    });

    private static string Table(int number) => $"table{number}";

    private async Task FillAsync(LocalDatabase database, int tables, int rows = Rows, Guid? room = null)
    {
        var adapter = database.ForAgent(s_agent);
        if (await adapter.GetAgentAsync(s_agent) is null) await adapter.CreateAgentAsync(new Agent { Id = s_agent, Name = "Ada" });
        for (var table = 0; table < tables; table++)
        {
            await adapter.CreateMemoriesAsync(
                [.. Enumerable.Range(0, rows).Select(_ => NewMemory() with { RoomId = room })], Table(table));
        }
    }

    private Memory NewMemory() => new() { Content = Content.FromText("text"), Unique = true, Embedding = Vector(_random) };

    private static float[] Vector(Random random) => [.. Enumerable.Range(0, Dimension).Select(_ => random.NextSingle() - 0.5f)];

    // A transaction compares floats.
    private static async Task<SearchMethod> AssertRightAsync(
        LocalDatabase database, int table, Random random, bool isOnce = false, Guid? room = null)
    {
        var adapter = database.ForAgent(s_agent);
        var search = new MemorySearch(Table(table), Vector(random))
        {
            RoomId = room,
            Count = 7,
            Mode = SearchMode.Exact,
            IncludeEmbeddings = false,
        };
        var searching = adapter.SearchMemoriesAsync(search);
        Assert.True(searching.IsCompleted, "a search runs on its caller's thread");
        SearchMethod method;
        using (var last = SimilaritySearch.Rent()) method = last.Method;
        var found = await searching;
        var expected = await adapter.TransactionAsync((session, token) => session.SearchMemoriesAsync(search, token));
        Assert.Equal(expected.Select(static memory => (memory.Id, memory.Similarity)), found.Select(static memory => (memory.Id, memory.Similarity)));
        // And one that may walk.
        if (!isOnce) Assert.Equal(7, (await adapter.SearchMemoriesAsync(search with { Mode = SearchMode.Auto })).Count);
        return method;
    }
}
