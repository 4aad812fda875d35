using Xunit;

namespace ElizaEngine.Postgres.Tests.Vectors;

/// <summary>
/// What an answer holds must not depend on whether an index gave it: how many rows, which of equals, which vector of a memory. Every
/// test first makes sure that a search would indeed be answered by the index.
/// </summary>
[Trait("Stage", "Postgres")]
public sealed class WalkTests
{
    private const int Seed = 7;

    [Fact]
    public async Task Any_count_is_answered_in_full_and_from_the_best()
    {
        await using var world = await CreateAsync(32, 2_600);
        foreach (var count in (int[])[1, 10, 100, 600, 700, 1_000, 2_599, 5_000])
        {
            var query = world.Rows[count % 100].Vector;
            var search = new MemorySearch(VectorWorld.Table, query) { Count = count };
            var plan = await ExplainAsync(world, search);
            Assert.Equal(count > 666, plan.IsExact);

            var truth = ExactAnswer.Of(world.Rows, query);
            var found = await world.Adapter.SearchMemoriesAsync(search);
            Assert.Equal(Math.Min(count, truth.Count), found.Count);
            Assert.True(ExactAnswer.Recall(truth, found, count) >= 0.99, $"seed {Seed}, count {count}");
        }
    }

    [Fact]
    public async Task A_threshold_leaves_out_what_is_below_it_and_nothing_else()
    {
        await using var world = await CreateAsync(32, 2_600);
        foreach (var query in world.Rows.Take(10).Select(row => row.Vector))
        {
            var truth = ExactAnswer.Of(world.Rows, query);
            foreach (var rank in (int[])[0, 1, 7, 40])
            {
                var threshold = (float)((truth[rank].Similarity + truth[rank + 1].Similarity) / 2);
                var search = new MemorySearch(VectorWorld.Table, query) { Count = 30, Threshold = threshold };
                Assert.False((await ExplainAsync(world, search)).IsExact);
                var found = await world.Adapter.SearchMemoriesAsync(search);
                Assert.Equal(truth.Take(Math.Min(rank + 1, 30)).Select(entry => entry.Row.Id), found.Select(memory => memory.Id));
            }
            Assert.Empty(await world.Adapter.SearchMemoriesAsync(new MemorySearch(VectorWorld.Table, Array.ConvertAll(query, x => -x)) { Threshold = 0.999f }));
        }
    }

    [Fact]
    public async Task Rows_that_lie_elsewhere_are_all_found()
    {
        var vectors = new ClusteredVectors(32, 20, Seed);
        var query = vectors.Next().Vector;
        await using var world = await VectorWorld.CreateAsync(32, rooms: 2);
        // Of the room a few are near the query, among a thousand of another room; all others are on the far side.
        await world.AddAsync(
        [
            .. Enumerable.Range(0, 1_000).Select(number => Row(number, [.. query.Zip(vectors.Next().Vector, (x, y) => x + (0.02f * y))], number % 20 == 0 ? 0 : 1)),
            .. Enumerable.Range(0, 2_500).Select(number => Row(number, [.. query.Zip(vectors.Next().Vector, (x, y) => y - (3 * x))], 0)),
        ]);
        await AssertComparedAsync(world, query, "only");
    }

    [Fact]
    public async Task Rows_behind_a_neighbourhood_that_does_not_match_are_not_left_to_the_index()
    {
        var vectors = new ClusteredVectors(32, 20, Seed);
        var query = vectors.Next().Vector;
        await using var world = await VectorWorld.CreateAsync(32, rooms: 2);
        await world.AddAsync(
        [
            .. Enumerable.Range(0, 100).Select(number => Row(number, [.. query.Zip(vectors.Next().Vector, (x, y) => x + (0.02f * y))], 1)),
            .. Enumerable.Range(0, 2_500).Select(number => Row(number, vectors.Next().Vector, 0)),
        ]);
        await AssertComparedAsync(world, query, "neighbourhood");
    }

    [Fact]
    public async Task Of_equals_by_the_thousand_the_newest_are_found()
    {
        var vectors = new ClusteredVectors(32, 20, Seed);
        float[] same = vectors.Next().Vector, other = vectors.Next().Vector;
        await using var world = await VectorWorld.CreateAsync(32);
        // Two thousand equals, whose times come in threes; and as many others.
        await world.AddAsync(
        [
            .. Enumerable.Range(0, 2_000).Select(number => new VectorRow(Guid.NewGuid(), VectorWorld.Time(number / 3), same)),
            .. Enumerable.Range(0, 2_000).Select(number => new VectorRow(Guid.NewGuid(), VectorWorld.Time(number), vectors.Next().Vector)),
        ]);
        await world.Database.BuildVectorIndexAsync(32, TestContext.Current.CancellationToken);

        // Equals crowd out each other's links to the rest of a graph, whose levels are drawn by lot: some of the others may be out of reach.
        var plans = new List<SearchPlan>();
        foreach (var row in world.Rows.Skip(2_000).Take(40))
        {
            plans.Add(await ExplainAsync(world, new MemorySearch(VectorWorld.Table, row.Vector)));
        }
        Assert.Contains(plans, plan => !plan.IsExact);
        foreach (var query in (float[][])[same, [.. same.Zip(other, (x, y) => x + (0.01f * y))]])
        {
            var found = await world.Adapter.SearchMemoriesAsync(new MemorySearch(VectorWorld.Table, query) { Count = 50 });
            Assert.Equal(ExactAnswer.Of(world.Rows, query).Take(50).Select(entry => entry.Row.Id), found.Select(memory => memory.Id));
        }
    }

    [Fact]
    public async Task Vectors_of_zeros_which_elizaOS_stores_for_none_are_never_found()
    {
        await using var world = await CreateAsync(384, 2_200);
        await world.ExecuteAsync($"""
            WITH silent AS (
                INSERT INTO public.memories (id, type, content, agent_id)
                SELECT gen_random_uuid(), '{VectorWorld.Table}', '{"{}"}', '{world.Agent}' FROM generate_series(1, 1000) RETURNING id)
            INSERT INTO public.embeddings (memory_id, dim_384) SELECT id, array_fill(0, ARRAY[384])::vector FROM silent
            """);
        var search = new MemorySearch(VectorWorld.Table, world.Rows[0].Vector);
        Assert.False((await ExplainAsync(world, search)).IsExact);
        Assert.Equal(10, (await world.Adapter.SearchMemoriesAsync(search)).Count);

        var all = await world.Adapter.SearchMemoriesAsync(search with { Count = 10_000, IncludeEmbeddings = false });
        Assert.Equal(world.Rows.Count, all.Count);
        Assert.All(all, memory => Assert.True(float.IsFinite(memory.Similarity!.Value)));
    }

    [Fact]
    public async Task Of_several_vectors_of_a_memory_only_the_newest_is_found()
    {
        await using var world = await CreateAsync(384, 2_200);
        float[] query = [.. world.Rows[0].Vector.Select(x => -x)];
        var (outdated, updated) = (world.Rows[1], world.Rows[2]);
        // elizaOS' rows of one memory: the first got one at the query before its own, the second one after.
        await world.ExecuteAsync($"""
            INSERT INTO public.embeddings (memory_id, created_at, dim_384) VALUES
                ('{outdated.Id}', '2024-01-01', '[{string.Join(',', query)}]'), ('{updated.Id}', '2026-01-01', '[{string.Join(',', query)}]')
            """);
        var search = new MemorySearch(VectorWorld.Table, query);
        Assert.False((await ExplainAsync(world, search)).IsExact);

        var found = await world.Adapter.SearchMemoriesAsync(search);

        Assert.Equal(updated.Id, found[0].Id);
        Assert.Equal(1f, found[0].Similarity!.Value, 1e-6f);
        Assert.Equal(query, found[0].Embedding!.Value.ToArray());
        Assert.DoesNotContain(found, memory => memory.Id == outdated.Id);
        var rows = world.Rows.Select(row => row == updated ? row with { Vector = query } : row);
        Assert.Equal(ExactAnswer.Of(rows, query).Take(10).Select(entry => entry.Row.Id), found.Select(memory => memory.Id));
    }

    [Fact]
    public async Task Vectors_that_no_half_can_hold_are_stored_and_found_beside_an_index_of_halves()
    {
        await using var world = await CreateAsync(2_001, 500);
        foreach (var scale in (float[])[1e9f, 1e-9f])
        {
            float[] vector = [.. world.Rows[0].Vector.Select((x, i) => (i % 2 == 0 ? -x : x) * scale)];
            var created = await world.Adapter.CreateMemoriesAsync([new Memory { RoomId = VectorWorld.Room(0), Unique = true, Embedding = vector }], VectorWorld.Table);
            var search = new MemorySearch(VectorWorld.Table, vector) { Count = 1 };
            Assert.False((await ExplainAsync(world, search)).IsExact);
            var found = Assert.Single(await world.Adapter.SearchMemoriesAsync(search));
            Assert.Equal((created[0].Id, 1f), (found.Id, found.Similarity!.Value));
            await world.Adapter.DeleteMemoriesAsync([created[0].Id]);
        }
    }

    [Theory]
    [InlineData(32)]
    [InlineData(384)]
    public async Task The_exact_answer_is_exact_beside_an_index(int dimension)
    {
        await using var world = await CreateAsync(dimension, 2_200);
        foreach (var row in world.Rows.Take(5))
        {
            var search = new MemorySearch(VectorWorld.Table, row.Vector) { Count = 200, Mode = SearchMode.Exact };
            var plan = await ExplainAsync(world, search);
            Assert.True(plan.IsExact);
            Assert.Equal(world.Rows.Count, plan.ComparedRows);
            var found = await world.Adapter.SearchMemoriesAsync(search);
            Assert.Equal(ExactAnswer.Of(world.Rows, row.Vector).Take(200).Select(entry => entry.Row.Id), found.Select(memory => memory.Id));
        }
    }

    [Fact]
    public async Task A_transaction_finds_what_it_wrote_and_its_searches_leave_no_settings_behind()
    {
        await using var world = await CreateAsync(384, 2_200);
        await world.ExecuteAsync("""
            CREATE TABLE public.noted (seqscan text, ef_search text);
            CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN INSERT INTO public.noted VALUES (current_setting('enable_seqscan'), current_setting('hnsw.ef_search')); RETURN NEW; END $$;
            CREATE TRIGGER note BEFORE INSERT ON public.memories FOR EACH ROW EXECUTE FUNCTION public.note();
            """);
        float[] query = [.. world.Rows[0].Vector.Select(x => -x)];
        var search = new MemorySearch(VectorWorld.Table, query) { Count = 5 };
        Assert.False((await ExplainAsync(world, search)).IsExact);

        var mine = await world.Adapter.TransactionAsync(
            async (transaction, token) =>
            {
                Assert.Equal(5, (await transaction.SearchMemoriesAsync(search, token)).Count);
                var created = await transaction.CreateMemoriesAsync([new Memory { RoomId = VectorWorld.Room(0), Unique = true, Embedding = query }], VectorWorld.Table, token);
                Assert.Equal(created[0].Id, (await transaction.SearchMemoriesAsync(search, token))[0].Id);
                Assert.NotEqual(created[0].Id, (await world.Adapter.SearchMemoriesAsync(search, token))[0].Id);
                return created[0].Id;
            },
            cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(mine, (await world.Adapter.SearchMemoriesAsync(search))[0].Id);
        Assert.Equal("on/40", await world.ReadAsync<string>("SELECT string_agg(DISTINCT seqscan || '/' || ef_search, ' ') FROM public.noted"));
    }

    [Fact]
    public async Task Near_duplicates_are_told_among_thousands_beside_an_index()
    {
        await using var world = await CreateAsync(384, 2_200, room: VectorWorld.Room(0));
        var seen = world.Rows[1_000].Vector;
        float[] near = [.. seen.Select((x, i) => i % 16 == 0 ? -x : x)], far = [.. seen.Select(x => -x)];
        Assert.InRange(ExactAnswer.Cosine(near, seen), 0.5, 0.9499);

        foreach (var (vector, isUnique) in ((float[], bool)[])[(seen, false), (far, true)])
        {
            var created = await world.Adapter.CreateMemoriesAsync([new Memory { RoomId = VectorWorld.Room(0), Embedding = vector }], VectorWorld.Table);
            Assert.Equal(isUnique, created[0].Unique);
        }
    }

    private static async Task<VectorWorld> CreateAsync(int dimension, int rows, Guid? room = null)
    {
        var vectors = new ClusteredVectors(dimension, 20, Seed);
        var world = await VectorWorld.CreateAsync(dimension);
        await world.AddAsync(
            [.. Enumerable.Range(0, rows).Select(number => new VectorRow(Guid.NewGuid(), VectorWorld.Time(number), vectors.Next().Vector) { RoomId = room })]);
        await world.BuildReachableIndexAsync();
        return world;
    }

    private static VectorRow Row(int number, float[] vector, int room) => new(Guid.NewGuid(), VectorWorld.Time(number), vector) { RoomId = VectorWorld.Room(room) };

    // Beside an index, a search of the first room is answered by comparing, for this reason, and in full.
    private static async Task AssertComparedAsync(VectorWorld world, float[] query, string reason)
    {
        await world.Database.BuildVectorIndexAsync(world.Dimension, TestContext.Current.CancellationToken);
        var search = new MemorySearch(VectorWorld.Table, query) { RoomId = VectorWorld.Room(0) };
        Assert.False((await ExplainAsync(world, search with { RoomId = null })).IsExact);

        var plan = await ExplainAsync(world, search);

        Assert.True(plan.IsExact);
        Assert.Contains(reason, plan.Reason, StringComparison.Ordinal);
        var truth = ExactAnswer.Of(world.Rows.Where(row => row.RoomId == search.RoomId), query).Take(10);
        Assert.Equal(truth.Select(entry => entry.Row.Id), (await world.Adapter.SearchMemoriesAsync(search)).Select(memory => memory.Id));
    }

    private static Task<SearchPlan> ExplainAsync(VectorWorld world, MemorySearch search) => world.Database.ExplainSearchAsync(world.Agent, search);
}
