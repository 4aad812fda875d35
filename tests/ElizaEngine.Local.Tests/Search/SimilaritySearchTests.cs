using System.Globalization;
using Xunit;

namespace ElizaEngine.Local.Tests.Search;

/// <summary>
/// Searches by code give what searches by floats give, to the bit and in the same order. A transaction searches by floats: it is asked too.
/// </summary>
public sealed class SimilaritySearchTests : IAsyncDisposable
{
    private static readonly Guid s_agent = new("00000000-0000-4000-8000-00000000a001");

    private readonly LocalDatabase _database;
    private IDatabaseAdapter _adapter;
    private Guid[] _rooms = [];
    private Guid[] _entities = [];
    // Of the components of every vector, one behind the other: rows are longer then, and as alike as before.
    private int _copies = 1;

    public SimilaritySearchTests()
    {
        _database = LocalDatabase.OpenAsync(new LocalDatabaseOptions { VectorsWithoutPartition = 20 }).GetAwaiter().GetResult();
        _adapter = _database.ForAgent(s_agent);
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 40)]
    [InlineData(3, 384)]
    [InlineData(4, 1)]
    public async Task Every_answer_is_the_exact_one_whatever_happens_to_the_rows(int seed, int dimension)
    {
        await SetUpAsync();
        var random = new Random(seed);
        var ids = new List<Guid>();
        var methods = new HashSet<SearchMethod>();
        for (var round = 0; round < 24; round++)
        {
            var isGrowing = round % 6 < 4;
            if (isGrowing) ids.AddRange(await CreateAsync(random, dimension, 150, random.Next(8) == 0 ? "facts" : "messages"));
            else await DeleteAsync(random, ids, ids.Count / 2);
            foreach (var id in Some(random, ids, 20)) await _adapter.UpdateMemoryAsync(new MemoryUpdate(id) { Embedding = Vector(random, dimension) });
            // Now and then the work in the background is over; else it is somewhere.
            if (round % 3 == 0) await _database.Partitions.Work;
            for (var i = 0; i < 12; i++) methods.Add(await CompareAsync(random, dimension, $"seed {seed}, dimension {dimension}, round {round}, search {i}"));
        }
        await _database.Partitions.Work;
        await CompareAsync(random, dimension, $"seed {seed}, at the end");
        Assert.Equal([SearchMethod.Floats, SearchMethod.Gather, SearchMethod.Scan], methods.Order());
    }

    // Of 768 components and more: the effort that walks need differs from graph to graph, and at some thousands of shorter rows it is near
    // to what a scan takes.
    [Theory]
    [InlineData(1, 32, 24)]
    [InlineData(2, 200, 4)]
    public async Task A_walk_finds_nearly_all_of_the_nearest_whatever_happened_to_the_rows(int seed, int dimension, int copies)
    {
        _copies = copies;
        await using var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions { VectorsWithoutGraph = 500 });
        await SetUpAsync(database.ForAgent(s_agent));
        var random = new Random(seed);
        var ids = new List<Guid>();
        for (var i = 0; i < 6; i++) ids.AddRange(await CreateAsync(random, dimension, 1_000));
        await AssertRecallAsync("as they came");
        foreach (var id in Some(random, ids, 500)) await _adapter.UpdateMemoryAsync(new MemoryUpdate(id) { Embedding = Vector(random, dimension) });
        await AssertRecallAsync("with other vectors");
        await DeleteAsync(random, ids, 2_500);
        await AssertRecallAsync("without many");
        ids.AddRange(await CreateAsync(random, dimension, 3_000));
        await AssertRecallAsync("with more again");

        async Task AssertRecallAsync(string when)
        {
            // The first search asks for what is missing, the others find it.
            await _adapter.SearchMemoriesAsync(new MemorySearch("messages", Vector(random, dimension)));
            await database.Partitions.Work;
            var (found, wanted, walks) = (0, 0, 0);
            for (var i = 0; i < 100; i++)
            {
                var search = new MemorySearch("messages", Vector(random, dimension)) { Count = 10 };
                var near = await _adapter.SearchMemoriesAsync(search);
                if (LastMethod() == SearchMethod.Walk) walks++;
                Assert.Equal(10, near.Count);
                var exact = await _adapter.SearchMemoriesAsync(search with { Mode = SearchMode.Exact });
                Assert.NotEqual(SearchMethod.Walk, LastMethod());
                // Of equals any will do.
                wanted += exact.Count;
                found += near.Count(memory => memory.Similarity >= exact[^1].Similarity);
                Assert.All(near, memory => Assert.Contains(memory.Id, ids));
            }
            Assert.True(walks >= 90, $"seed {seed}, {when}: {walks} of 100 searches walked");
            Assert.True(found >= 0.97 * wanted, $"seed {seed}, {when}: {found} of {wanted}");
            var plan = await database.ExplainSearchAsync(s_agent, new MemorySearch("messages", Vector(random, dimension)));
            Assert.Equal((false, "graph"), (plan.IsExact, plan.Index));
            AssertComparedByWalk(plan, ids.Count);
            var report = await database.CheckRecallAsync(s_agent, "messages", queries: 50);
            Assert.InRange(report.Recall, 0.97, 1);
            Assert.InRange(report.Approximate, report.Queries - 5, report.Queries);
        }
    }

    [Fact]
    public async Task A_walk_in_a_room_that_is_most_of_a_table_finds_what_is_near_also_where_its_neighbours_are_of_another_room()
    {
        const int dimension = 16;
        const int count = 24_000;
        // A scan of rows that are so much longer than 64 bytes takes twice as long as the walk that is wanted.
        _copies = 16;
        await using var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions { VectorsWithoutGraph = 500 });
        await SetUpAsync(database.ForAgent(s_agent));
        var random = new Random(17);
        var other = Gaussian(random, dimension, 1);
        // One in forty is of the other room, and those lie together.
        float[] Next(int i) => i % 40 == 0 ? [.. other.Zip(Gaussian(random, dimension, 0.2f), static (a, b) => a + b)] : Gaussian(random, dimension, 1);
        var vectors = Enumerable.Range(0, count).Select(Next).ToArray();
        for (var done = 0; done < count; done += 1_000)
            await _adapter.CreateMemoriesAsync([.. Enumerable.Range(done, 1_000).Select(i => Memory(i, i % 40 == 0 ? 1 : 0) with { Embedding = vectors[i] })], "messages");
        await database.BuildVectorIndexAsync(s_agent, "messages");

        await AssertRecallAsync("anywhere", _rooms[0], () => Gaussian(random, dimension, 1), walksMin: 450);
        // A walk finds too few of the room there to be quicker than a scan.
        await AssertRecallAsync("among the other room's", _rooms[0], () => [.. other.Zip(Gaussian(random, dimension, 0.1f), static (a, b) => a + b)], walksMin: 0);
        for (var i = 1; i < count; i += 97)
        {
            var search = new MemorySearch("messages", Nearly(vectors[i])) { RoomId = _rooms[i % 40 == 0 ? 1 : 0], Count = 1, Threshold = 0.95f };
            Assert.Single(await _adapter.SearchMemoriesAsync(search));
        }

        // One that is as like as a duplicate takes less than the nearest, and only that.
        var effort = database.Partitions.Find(new PartitionKey(s_agent, database.Shared.NumberOf("messages"), dimension * _copies), database.Sequencer.Published)!.Effort;
        Assert.InRange(effort.Duplicate, 1, effort.Nearest - 1);
        Assert.Equal(effort.Duplicate, await EffortAsync(1, 0.95f));
        Assert.Equal(effort.Duplicate, await EffortAsync(1, 0.98f));
        Assert.Equal(effort.Nearest, await EffortAsync(1, 0.94f));
        Assert.Equal(effort.Nearest, await EffortAsync(1, null));

        async Task<int> EffortAsync(int wanted, float? threshold)
        {
            await _adapter.SearchMemoriesAsync(new MemorySearch("messages", Nearly(vectors[1])) { Count = wanted, Threshold = threshold });
            using var last = SimilaritySearch.Rent();
            Assert.Equal(SearchMethod.Walk, last.Method);
            return last.Effort;
        }

        float[] Nearly(float[] vector) => [.. vector.Zip(Gaussian(random, dimension, 0.05f), static (a, b) => a + b)];
    }

    [Fact]
    public async Task A_walk_in_a_room_that_is_half_of_a_table_looks_as_far_as_it_must()
    {
        const int dimension = 8;
        const int count = 36_000;
        await using var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions { VectorsWithoutGraph = 500 });
        await SetUpAsync(database.ForAgent(s_agent));
        var random = new Random(23);
        // Five in eight are in the room, and lie on one side.
        float[] Next(float side, float deviation)
        {
            var vector = Gaussian(random, dimension, 1);
            vector[0] = side + (vector[0] * deviation);
            return vector;
        }
        for (var done = 0; done < count; done += 1_000)
        {
            await _adapter.CreateMemoriesAsync([.. Enumerable.Range(done, 1_000).Select(i =>
            {
                var vector = Next(0, 1);
                return Memory(i, vector[0] < 0.32 ? 0 : 1) with { Embedding = vector };
            })], "messages");
        }
        await database.BuildVectorIndexAsync(s_agent, "messages");

        await AssertRecallAsync("on its side", _rooms[0], () => Next(-1, 0.3f), walksMin: 450);
        await AssertRecallAsync("at its edge", _rooms[0], () => Next(0.4f, 0.1f), walksMin: 300);
        await AssertRecallAsync("on the other side", _rooms[0], () => Next(6, 0.1f), walksMin: 0);
        var plan = await database.ExplainSearchAsync(s_agent, new MemorySearch("messages", Next(-1, 0.3f)) { RoomId = _rooms[0] });
        Assert.Equal((false, "graph"), (plan.IsExact, plan.Index));
        AssertComparedByWalk(plan, count);
        // So many would be found by a scan before they are by a walk.
        plan = await database.ExplainSearchAsync(s_agent, new MemorySearch("messages", Next(-1, 0.3f)) { RoomId = _rooms[0], Count = 1_000 });
        Assert.True(plan.IsExact, plan.Details);
    }

    // So many scopes that how many pass is asked of a sample, which takes 19,000 of 40,000 for more than 20,000 one time in five.
    [Fact]
    public async Task A_search_with_a_threshold_among_few_that_pass_is_exact_however_many_scopes_there_are()
    {
        const int dimension = 8;
        const int count = 40_000;
        const int entities = 300;
        await using var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions { VectorsWithoutGraph = 500 });
        await SetUpAsync(database.ForAgent(s_agent));
        _entities = [.. Enumerable.Range(0, entities).Select(i => new Guid($"00000000-0000-4000-8000-0000000f{i:x4}"))];
        await _adapter.CreateEntitiesAsync([.. _entities.Select(id => new Entity { Id = id, Names = ["Bob"] })]);
        var random = new Random(31);
        var rooms = Enumerable.Range(0, count).Select(i => i < 19_000 ? 0 : 1).ToArray();
        random.Shuffle(rooms);
        for (var done = 0; done < count; done += 1_000)
            await _adapter.CreateMemoriesAsync([.. Enumerable.Range(done, 1_000).Select(i => Memory(i, rooms[i]) with { Embedding = Gaussian(random, dimension, 1) })], "messages");
        await database.BuildVectorIndexAsync(s_agent, "messages");
        // As for a duplicate: a walk that finds fewer than were asked for is followed by a scan, but for the one.
        var plans = new List<string>();
        for (var size = 0; size < 40; size++)
        {
            var query = Gaussian(random, dimension, 1);
            var inRoom = await database.ExplainSearchAsync(s_agent, new MemorySearch("messages", query) { RoomId = _rooms[0], Threshold = 0.95f, Count = 1 });
            if (!inRoom.IsExact) plans.Add($"{size}: {inRoom.EligibleRows} rows, {inRoom.Details}");
            var all = await database.ExplainSearchAsync(s_agent, new MemorySearch("messages", query) { Threshold = 0.95f, Count = 1 });
            Assert.False(all.IsExact, all.Details);
            await _adapter.CreateMemoriesAsync([.. Enumerable.Range(0, 50).Select(i => Memory(i, 2) with { Embedding = Gaussian(random, dimension, 1) })], "messages");
            await database.BuildVectorIndexAsync(s_agent, "messages");
        }
        Assert.Empty(plans);

        // Of the larger room some go, until as few are left, though they still have entries, and no search has met what is gone.
        var doomed = await _adapter.SearchMemoriesAsync(new MemorySearch("messages", Gaussian(random, dimension, 1)) { RoomId = _rooms[1], Count = 1_500, Mode = SearchMode.Exact });
        await _adapter.DeleteMemoriesAsync([.. doomed.Select(memory => memory.Id)]);
        var left = await database.ExplainSearchAsync(s_agent, new MemorySearch("messages", Gaussian(random, dimension, 1)) { RoomId = _rooms[1], Threshold = 0.95f, Count = 1 });
        Assert.InRange(left.EligibleRows, 19_000, 20_000);
        Assert.True(left.IsExact, left.Details);
    }

    // One call deletes them, and nobody has looked for any of them since.
    [Fact]
    public async Task A_search_with_a_threshold_is_exact_as_soon_as_few_are_left()
    {
        const int dimension = 8;
        const int count = 24_000;
        await using var database = await LocalDatabase.OpenAsync(
            new LocalDatabaseOptions { VectorsWithoutGraph = 500, UpkeepInterval = Timeout.InfiniteTimeSpan });
        await SetUpAsync(database.ForAgent(s_agent));
        var random = new Random(37);
        var ids = new List<Guid>();
        for (var done = 0; done < count; done += 1_000) await AddAsync(1_000);
        await database.BuildVectorIndexAsync(s_agent, "messages");
        Assert.Equal((false, 24_000), await ExplainAsync());

        await _adapter.DeleteMemoriesAsync([.. ids.Where((_, i) => i % 4 == 0)]);
        Assert.Equal((true, 18_000), await ExplainAsync());
        await database.UpkeepAsync(CancellationToken.None);
        await database.Partitions.Work;
        Assert.Equal((true, 18_000), await ExplainAsync());

        // What is gone is known now, and leaves those that come to be many.
        await AddAsync(3_000);
        await database.BuildVectorIndexAsync(s_agent, "messages");
        Assert.Equal((false, 21_000), await ExplainAsync());

        async Task AddAsync(int more)
        {
            var results = await _adapter.CreateMemoriesAsync(
                [.. Enumerable.Range(0, more).Select(i => Memory(i, 0) with { Embedding = Gaussian(random, dimension, 1) })], "messages");
            ids.AddRange(results.Select(result => result.Id));
        }

        async Task<(bool IsExact, long Rows)> ExplainAsync()
        {
            var search = new MemorySearch("messages", Gaussian(random, dimension, 1)) { Threshold = 0.95f, Count = 1 };
            var plan = await database.ExplainSearchAsync(s_agent, search);
            return (plan.IsExact, plan.EligibleRows);
        }
    }

    // By each way in which a vector goes.
    [Theory]
    [InlineData("replaced")]
    [InlineData("deleted with their room")]
    [InlineData("deleted by a transaction")]
    public async Task A_search_with_a_threshold_counts_no_vectors_that_were(string how)
    {
        const int dimension = 8;
        const int count = 21_000;
        await using var database = await LocalDatabase.OpenAsync(
            new LocalDatabaseOptions { VectorsWithoutGraph = 500, UpkeepInterval = Timeout.InfiniteTimeSpan });
        await SetUpAsync(database.ForAgent(s_agent));
        var random = new Random(41);
        var ids = new List<Guid>();
        for (var done = 0; done < count; done += 1_000)
        {
            var results = await _adapter.CreateMemoriesAsync(
                [.. Enumerable.Range(done, 1_000).Select(i => Memory(i, i < 1_500 ? 0 : 1) with { Embedding = Gaussian(random, 8, 1) })], "messages");
            ids.AddRange(results.Select(result => result.Id));
        }
        await database.BuildVectorIndexAsync(s_agent, "messages");
        var search = new MemorySearch("messages", Gaussian(random, dimension, 1)) { Threshold = 0.95f, Count = 1 };
        Assert.False((await database.ExplainSearchAsync(s_agent, search)).IsExact);
        switch (how)
        {
            // As many as before, but entries that are twice as many stand for them.
            case "replaced":
                foreach (var id in ids.Take(1_500))
                    await _adapter.UpdateMemoryAsync(new MemoryUpdate(id) { Embedding = Gaussian(random, dimension, 1) });
                await _adapter.DeleteMemoriesAsync([.. ids.Skip(1_500).Take(1_500)]);
                await database.BuildVectorIndexAsync(s_agent, "messages");
                break;
            case "deleted with their room":
                await _adapter.DeleteRoomAsync(_rooms[0]);
                break;
            default:
                await _adapter.TransactionAsync(async (session, token) => await session.DeleteMemoriesAsync([.. ids.Take(1_500)], token));
                break;
        }
        var plan = await database.ExplainSearchAsync(s_agent, search);
        Assert.True(plan.IsExact, plan.Details);
    }

    [Theory]
    [InlineData(2, 48)]
    [InlineData(7, 200)]
    [InlineData(40, 200)]
    public async Task A_scan_finds_what_passes_its_filter_whether_many_do_or_few(int one, int dimension)
    {
        const int count = 4_000;
        await SetUpAsync();
        var random = new Random(29);
        await _adapter.CreateMemoriesAsync([.. Enumerable.Range(0, count).Select(NewMemory)], "messages");
        await _database.BuildVectorIndexAsync(s_agent, "messages");
        foreach (var wanted in (int[])[1, 10, 1_000, int.MaxValue])
        {
            foreach (var threshold in (float?[])[null, 0.9f, 0.2f, -1])
            {
                var search = new MemorySearch("messages", Vector(random, dimension)) { Count = wanted, Threshold = threshold, Mode = SearchMode.Exact };
                var filtered = search with { EntityId = _entities[0] };
                foreach (var asked in (MemorySearch[])[filtered, filtered with { UniqueOnly = true }, search with { UniqueOnly = true }])
                {
                    var found = await _adapter.SearchMemoriesAsync(asked);
                    Assert.Equal(SearchMethod.Scan, LastMethod());
                    // By floats, as a transaction searches.
                    var expected = await _adapter.TransactionAsync((session, token) => session.SearchMemoriesAsync(asked, token));
                    Assert.Equal(
                        expected.Select(memory => (memory.Id, memory.Similarity)), found.Select(memory => (memory.Id, memory.Similarity)));
                }
            }
        }
        // Where few pass, only these are compared.
        var plan = await _database.ExplainSearchAsync(
            s_agent, new MemorySearch("messages", Vector(random, dimension)) { Count = 10, EntityId = _entities[0] });
        Assert.Equal((true, (count + one - 1L) / one), (plan.IsExact, plan.EligibleRows));
        Assert.InRange(plan.ComparedRows!.Value, plan.EligibleRows, one < 12 ? count : plan.EligibleRows);

        Memory NewMemory(int i) =>
            Memory(i, i % 3) with { EntityId = _entities[i % one == 0 ? 0 : 1], Embedding = Vector(random, dimension), Unique = i % 40 != 1 };
    }

    [Fact]
    public async Task A_gather_finds_what_the_room_has_among_many_that_were_deleted_or_given_other_vectors()
    {
        await SetUpAsync();
        var random = new Random(19);
        var same = Vector(random, 8);
        // As like the query as can be, and gone: they must not take the places of those that are there.
        Memory[] doomed = [.. Enumerable.Range(0, 200).Select(i => Memory(i, 1) with { Embedding = same })];
        Memory[] kept = [.. Enumerable.Range(200, 30).Select(i => Memory(i, 1) with { Embedding = Vector(random, 8) })];
        Memory[] others = [.. Enumerable.Range(300, 2_000).Select(i => Memory(i, 0) with { Embedding = Vector(random, 8) })];
        await _adapter.CreateMemoriesAsync([.. doomed, .. kept, .. others], "messages");
        await SearchTwiceAsync(new MemorySearch("messages", same));
        await _adapter.DeleteMemoriesAsync([.. doomed.Take(100).Select(memory => memory.Id)]);
        foreach (var memory in doomed.Skip(100)) await _adapter.UpdateMemoryAsync(new MemoryUpdate(memory.Id) { Embedding = same.Select(component => -component).ToArray() });

        for (var i = 0; i < 3; i++)
        {
            var search = new MemorySearch("messages", same) { RoomId = _rooms[1], Count = 30 };
            var found = await _adapter.SearchMemoriesAsync(search);
            Assert.Equal(SearchMethod.Gather, LastMethod());
            Assert.Equal(kept.Select(memory => memory.Id).Order(), found.Select(memory => memory.Id).Order());
            Assert.Empty(await _adapter.SearchMemoriesAsync(search with { Threshold = 0.9999f, UniqueOnly = true, EntityId = Guid.NewGuid() }));
        }
    }

    [Fact]
    public async Task Thousands_of_equal_vectors_come_newest_first()
    {
        await SetUpAsync();
        var same = new float[] { 1, 2, 3 };
        await _adapter.CreateMemoriesAsync([.. Enumerable.Range(0, 3_000).Select(i => Memory(i, i % 2) with { Embedding = same })], "messages");
        await SearchTwiceAsync(new MemorySearch("messages", same) { Count = 50 });
        var found = await _adapter.SearchMemoriesAsync(new MemorySearch("messages", same) { Count = 50 });
        Assert.Equal(Enumerable.Range(0, 50).Select(i => (DateTimeOffset?)At(2_999 - i)), found.Select(memory => memory.CreatedAt));
        Assert.All(found, memory => Assert.Equal(1f, memory.Similarity!.Value, 1e-6f));
    }

    // They have numbers from the newest on or from the oldest on, by whether they were there before the index.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Thousands_of_equal_vectors_come_newest_first_out_of_a_graph(bool isLoaded)
    {
        await using var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions { VectorsWithoutGraph = 500 });
        await SetUpAsync(database.ForAgent(s_agent));
        var same = new float[] { 1, 2, 3 };
        var random = new Random(5);
        await _adapter.CreateMemoryAsync(Memory(0, 0) with { Embedding = Gaussian(random, 3, 1) }, "messages");
        if (!isLoaded) await database.BuildVectorIndexAsync(s_agent, "messages");
        // When they were created is not the order in which they come.
        foreach (var chunk in Enumerable.Range(0, 3_000).OrderBy(i => isLoaded ? i : random.Next()).Chunk(500))
            await _adapter.CreateMemoriesAsync([.. chunk.Select(i => Memory(i, i % 2) with { Embedding = same })], "messages");
        // So many others that a walk pays.
        for (var i = 0; i < 30_000; i += 1_000)
            await _adapter.CreateMemoriesAsync([.. Enumerable.Range(0, 1_000).Select(_ => Memory(0, 0) with { Embedding = Gaussian(random, 3, 1) })], "messages");
        await database.BuildVectorIndexAsync(s_agent, "messages");
        foreach (var room in new Guid?[] { null, _rooms[1] })
        {
            var found = await _adapter.SearchMemoriesAsync(new MemorySearch("messages", same) { Count = 50, RoomId = room });
            if (room is null) Assert.Equal(SearchMethod.Walk, LastMethod());
            var expected = Enumerable.Range(0, 50).Select(i => (DateTimeOffset?)At(2_999 - (room is null ? i : 2 * i)));
            Assert.Equal(expected, found.Select(memory => memory.CreatedAt));
        }
    }

    [Fact]
    public async Task An_index_can_be_built_before_the_first_search()
    {
        await SetUpAsync();
        await _database.BuildVectorIndexAsync(s_agent, "messages");
        var random = new Random(3);
        await CreateAsync(random, 8, 600);
        await _database.BuildVectorIndexAsync(s_agent, "messages");
        await _adapter.SearchMemoriesAsync(new MemorySearch("messages", Vector(random, 8)));
        Assert.Equal(SearchMethod.Scan, LastMethod());
        await _database.BuildVectorIndexAsync(s_agent, "messages");
        await _database.BuildVectorIndexAsync(s_agent, "nothing");
        await Assert.ThrowsAsync<InvalidInputException>(() => _database.BuildVectorIndexAsync(s_agent, ""));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _database.BuildVectorIndexAsync(s_agent, "messages", new CancellationToken(canceled: true)));
        await _database.CloseAsync();
        await Assert.ThrowsAsync<DatabaseClosedException>(() => _database.BuildVectorIndexAsync(s_agent, "messages"));
    }

    [Fact]
    public async Task An_index_is_built_while_others_write_all_the_time()
    {
        const int batches = 40;
        await using var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions { VectorsWithoutGraph = 500 });
        await SetUpAsync(database.ForAgent(s_agent));
        var random = new Random(29);
        // More than what is given codes without waiting for a search.
        Memory[] Batch() => [.. Enumerable.Range(0, 1_100).Select(i => Memory(i, 0) with { Embedding = Gaussian(random, 8, 1) })];
        await _adapter.CreateMemoriesAsync(Batch(), "messages");
        var key = new PartitionKey(s_agent, database.Shared.NumberOf("messages"), 8);
        var build = database.BuildVectorIndexAsync(s_agent, "messages");
        var written = 1;
        var watch = System.Diagnostics.Stopwatch.StartNew();
        while (!build.IsCompleted && written < batches)
        {
            // Whenever all have codes, and are being taken into the graph, more of them come: the work is never done.
            while (!build.IsCompleted && CodesOf(database, key) < written * 1_100)
            {
                Assert.True(watch.Elapsed < TimeSpan.FromMinutes(5), $"{written} batches in {watch.Elapsed}");
                await Task.Yield();
            }
            await _adapter.CreateMemoriesAsync(Batch(), "messages");
            written++;
        }
        Assert.True(written < batches, $"It took {written} batches.");
        await build;
        Assert.True(database.Partitions.Find(key, database.Sequencer.Published)!.Graph!.Count >= 1_100);
    }

    private static int CodesOf(LocalDatabase database, PartitionKey key) =>
        database.Partitions.Find(key, database.Sequencer.Published)?.Codes.Count ?? 0;

    [Fact]
    public async Task What_was_acknowledged_is_found_at_once_and_what_was_deleted_is_not()
    {
        await SetUpAsync();
        var random = new Random(9);
        await CreateAsync(random, 8, 200);
        await SearchTwiceAsync(new MemorySearch("messages", Vector(random, 8)));
        for (var i = 0; i < 400; i++)
        {
            var memory = Memory(10_000 + i, i % 3) with { Embedding = Vector(random, 8) };
            await _adapter.CreateMemoryAsync(memory, "messages");
            Assert.Equal(memory.Id, (await _adapter.SearchMemoriesAsync(new MemorySearch("messages", memory.Embedding!.Value) { Count = 1 }))[0].Id);
            if (i % 2 == 0) continue;
            await _adapter.DeleteMemoryAsync(memory.Id);
            Assert.DoesNotContain(memory.Id, (await _adapter.SearchMemoriesAsync(new MemorySearch("messages", memory.Embedding!.Value) { Count = 5 })).Select(found => found.Id));
        }
    }

    [Fact]
    public async Task Searches_from_many_threads_find_what_is_there_while_others_write_and_delete()
    {
        await SetUpAsync();
        var random = new Random(11);
        var vectors = new Dictionary<Guid, float[]>();
        for (var i = 0; i < 500; i++)
        {
            // Of a kind of their own, and none like another.
            var memory = Memory(i, i % 3);
            vectors.Add(memory.Id, [.. Vector(random, 15).Select(component => component + random.NextSingle()), 9]);
            await _adapter.CreateMemoryAsync(memory with { Embedding = vectors[memory.Id] }, "messages");
        }
        var kept = vectors.Keys.ToArray();
        var isOver = false;
        var searchers = Enumerable.Range(0, 4).Select(seed => OnItsOwnThread.Run(async () =>
        {
            var mine = new Random(seed);
            do
            {
                var id = kept[mine.Next(kept.Length)];
                var found = await _adapter.SearchMemoriesAsync(new MemorySearch("messages", vectors[id]) { Count = 3 });
                Assert.Equal(3, found.Count);
                Assert.Contains(found, memory => memory.Id == id);
            }
            while (!Volatile.Read(ref isOver));
        })).ToArray();
        for (var round = 0; round < 30; round++)
        {
            var others = await CreateAsync(random, 16, 100);
            await _adapter.DeleteMemoriesAsync([.. others]);
        }
        Volatile.Write(ref isOver, true);
        await Task.WhenAll(searchers);
        await _database.Partitions.Work;
        // 3,000 came and went: what is kept of them is bounded.
        await _adapter.SearchMemoriesAsync(new MemorySearch("messages", vectors[kept[0]]) { Count = 3 });
    }

    [Fact]
    public async Task Rows_whose_vectors_are_replaced_all_the_time_are_found_by_every_search()
    {
        const int rows = 40;
        await SetUpAsync();
        var random = new Random(13);
        Memory[] memories = [.. Enumerable.Range(0, rows).Select(i => Memory(i, i % 3) with { Embedding = Vector(random, 8) })];
        await _adapter.CreateMemoriesAsync(memories, "messages");
        var isOver = false;
        var searches = 0;
        var searchers = Enumerable.Range(0, 3).Select(seed => OnItsOwnThread.Run(async () =>
        {
            var mine = new Random(seed);
            do
            {
                Assert.Equal(rows, (await _adapter.SearchMemoriesAsync(new MemorySearch("messages", Vector(mine, 8)) { Count = 100 })).Count);
                Interlocked.Increment(ref searches);
            }
            while (!Volatile.Read(ref isOver));
        })).ToArray();
        for (var i = 0; i < 4_000; i++) await _adapter.UpdateMemoryAsync(new MemoryUpdate(memories[random.Next(rows)].Id) { Embedding = Vector(random, 8) });
        Volatile.Write(ref isOver, true);
        await Task.WhenAll(searchers);
        Assert.True(searches >= 3, $"{searches} searches");
    }

    private async Task SetUpAsync(IDatabaseAdapter? adapter = null)
    {
        _adapter = adapter ?? _adapter;
        await _adapter.CreateAgentAsync(new Agent { Id = s_agent, Name = "Ada" });
        _entities = [.. Enumerable.Range(0, 3).Select(i => new Guid($"00000000-0000-4000-8000-0000000e{i:x4}"))];
        await _adapter.CreateEntitiesAsync([.. _entities.Select(id => new Entity { Id = id, Names = ["Bob"] })]);
        var rooms = new List<Guid>();
        for (var i = 0; i < 6; i++) rooms.Add(await _adapter.CreateRoomAsync(new Room { Source = "test", Type = ChannelTypes.Group }));
        _rooms = [.. rooms];
    }

    private static DateTimeOffset At(int number) => DateTimeOffset.UnixEpoch.AddMinutes(number);

    private Memory Memory(int number, int room) => new()
    {
        RoomId = _rooms[room],
        EntityId = _entities[number % _entities.Length],
        Content = Content.FromText($"number {number}"),
        CreatedAt = At(number),
        Unique = number % 5 != 0,
    };

    // Few directions, so that many are near each other and some are equal.
    private float[] Vector(Random random, int dimension)
    {
        var vector = new float[dimension];
        var center = new Random(random.Next(8));
        var spread = random.Next(4) == 0 ? 0 : 0.3f;
        for (var i = 0; i < dimension; i++) vector[i] = center.NextSingle() - 0.5f + (spread * (random.NextSingle() - 0.5f));
        return Copied(vector);
    }

    private float[] Copied(float[] vector) => [.. Enumerable.Repeat(vector, _copies).SelectMany(static copy => copy)];

    private float[] Gaussian(Random random, int dimension, float deviation)
    {
        var vector = new float[dimension];
        for (var i = 0; i < dimension; i++)
            vector[i] = (float)(deviation * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        return Copied(vector);
    }

    private async Task<IEnumerable<Guid>> CreateAsync(Random random, int dimension, int count, string table = "messages")
    {
        // Most in one large room, the others in small ones.
        Memory[] memories =
        [
            .. Enumerable.Range(0, count).Select(_ =>
                Memory(random.Next(5_000), random.Next(3) > 0 ? 0 : random.Next(_rooms.Length)) with { Embedding = random.Next(10) == 0 ? (ReadOnlyMemory<float>?)null : Vector(random, dimension) }),
        ];
        return (await _adapter.CreateMemoriesAsync(memories, table)).Select(result => result.Id);
    }

    private async Task DeleteAsync(Random random, List<Guid> ids, int count)
    {
        var doomed = Some(random, ids, count).ToHashSet();
        await _adapter.DeleteMemoriesAsync([.. doomed]);
        ids.RemoveAll(doomed.Contains);
    }

    private static IEnumerable<Guid> Some(Random random, List<Guid> ids, int count) => Enumerable.Range(0, Math.Min(count, ids.Count)).Select(_ => ids[random.Next(ids.Count)]).ToArray();

    private async Task<SearchMethod> CompareAsync(Random random, int dimension, string what)
    {
        var search = new MemorySearch("messages", Vector(random, dimension))
        {
            Count = random.Next(6) switch { 0 => 1, 1 => 1_000, _ => random.Next(2, 40) },
            Threshold = random.Next(3) == 0 ? (random.NextSingle() * 2) - 1 : null,
            RoomId = random.Next(2) == 0 ? _rooms[random.Next(_rooms.Length)] : null,
            EntityId = random.Next(4) == 0 ? _entities[random.Next(_entities.Length)] : null,
            UniqueOnly = random.Next(5) == 0,
        };
        var found = await _adapter.SearchMemoriesAsync(search);
        var method = LastMethod();
        var expected = await _adapter.TransactionAsync((session, token) => session.SearchMemoriesAsync(search, token));
        Assert.True(
            expected.Select(memory => (memory.Id, memory.Similarity)).SequenceEqual(found.Select(memory => (memory.Id, memory.Similarity))),
            $"{what}, {method}, {search}: {found.Count} instead of {expected.Count}");
        return method;
    }

    // Of 500 searches in a room; each finds as many as it may.
    private async Task AssertRecallAsync(string where, Guid room, Func<float[]> next, int walksMin)
    {
        var (found, wanted, walks) = (0, 0, 0);
        for (var i = 0; i < 500; i++)
        {
            var search = new MemorySearch("messages", next()) { RoomId = room, Count = 10 };
            var near = await _adapter.SearchMemoriesAsync(search);
            if (LastMethod() == SearchMethod.Walk) walks++;
            var exact = await _adapter.SearchMemoriesAsync(search with { Mode = SearchMode.Exact });
            Assert.Equal((10, 10), (near.Count, exact.Count));
            wanted += exact.Count;
            found += near.Count(memory => memory.Similarity >= exact[^1].Similarity);
            Assert.All(near, memory => Assert.Equal(room, memory.RoomId));
        }
        Assert.True(walks >= walksMin, $"{where}: {walks} of 500 searches walked");
        Assert.True(found >= 0.98 * wanted, $"{where}: {found} of {wanted}");
    }

    // It looked at what it kept at least, and at far from all.
    private static void AssertComparedByWalk(SearchPlan plan, int rows)
    {
        using var last = SimilaritySearch.Rent();
        Assert.InRange(plan.ComparedRows!.Value, Math.Min(last.Effort, rows), rows);
        Assert.Equal(last.Compared, plan.ComparedRows);
        var begin = string.Create(CultureInfo.InvariantCulture, $"{plan.ComparedRows:N0} compared, effort {last.Effort:N0}, ");
        Assert.StartsWith(begin, plan.Details, StringComparison.Ordinal);
    }

    private async Task SearchTwiceAsync(MemorySearch search)
    {
        await _adapter.SearchMemoriesAsync(search);
        await _database.Partitions.Work;
        await _adapter.SearchMemoriesAsync(search);
        Assert.Equal(SearchMethod.Scan, LastMethod());
    }

    // A search runs on its caller's thread, which keeps what it needed.
    private static SearchMethod LastMethod()
    {
        using var last = SimilaritySearch.Rent();
        return last.Method;
    }
}
