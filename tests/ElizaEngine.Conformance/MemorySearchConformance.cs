using System.Globalization;
using Xunit;

namespace ElizaEngine.Conformance;

/// <summary>
/// Searching memories: which are found, how like they are, in what order. A similarity is right to 1e-6, so every boundary is
/// tested 1e-5 to each side of it.
/// </summary>
public abstract class MemorySearchConformance : ConformanceTest
{
    private const string Facts = "facts";
    private const double Side = 1e-5;

    private static readonly float[] East = [1, 0, 0];

    // Similarity and threshold.

    [Theory]
    [InlineData(0.95)]
    [InlineData(0.7)]
    [InlineData(0.1)]
    [InlineData(0.0)]
    [InlineData(-0.5)]
    [InlineData(-0.95)]
    public async Task A_threshold_keeps_what_is_above_it_and_leaves_out_what_is_below(double threshold)
    {
        await Adapter.CreateMemoriesAsync(
            [
                new Memory { Id = Id(1), Embedding = AtCosine(threshold + Side) },
                new Memory { Id = Id(2), Embedding = AtCosine(threshold - Side) },
                new Memory { Id = Id(3), Embedding = East },
                new Memory { Id = Id(4), Embedding = Vector(-1, 0, 0) },
            ],
            Facts);

        AssertIds(await SearchAsync(new MemorySearch(Facts, East) { Threshold = (float)threshold }), Id(3), Id(1));
    }

    [Fact]
    public async Task A_search_can_be_explained()
    {
        var search = new MemorySearch(Facts, East) { Threshold = 0.5f, Count = 1 };
        var plan = await Database.ExplainSearchAsync(AgentId, search);
        Assert.Equal((0L, 0L), (plan.EligibleRows, plan.ComparedRows));
        await Adapter.CreateMemoriesAsync(
            [new Memory { Id = Id(1), Embedding = East }, new Memory { Id = Id(2), Embedding = Vector(-1, 0, 0), Unique = false }, new Memory { Id = Id(3) }],
            Facts);

        // Twice: a backend may learn from the first.
        foreach (var _ in (int[])[1, 2])
        {
            plan = await Database.ExplainSearchAsync(AgentId, search);
            Assert.True(plan.IsExact, plan.Reason);
            Assert.Equal((3L, 2L, null), (plan.EligibleRows, plan.ComparedRows, plan.Index));
            Assert.NotEmpty(plan.Reason);
            plan = await Database.ExplainSearchAsync(AgentId, search with { UniqueOnly = true });
            Assert.Equal((2L, 1L), (plan.EligibleRows, plan.ComparedRows));
        }

        Assert.Equal(0, (await Database.ExplainSearchAsync(AgentId, search with { Count = 0 })).ComparedRows);
        Assert.Equal(0, (await Database.ExplainSearchAsync(AgentId, search with { TableName = "nothing" })).EligibleRows);
        await Assert.ThrowsAsync<DimensionMismatchException>(() => Database.ExplainSearchAsync(AgentId, search with { Embedding = Vector(1, 0) }));
        await Assert.ThrowsAsync<InvalidInputException>(() => Database.ExplainSearchAsync(AgentId, search with { TableName = "" }));
    }

    [Fact]
    public async Task Recall_can_be_checked_on_what_is_stored()
    {
        Assert.Equal(new RecallReport(Facts, 0, 0, 10, 0, 1, 1), await Database.CheckRecallAsync(AgentId, Facts));
        await Adapter.CreateMemoriesAsync(
            [.. Enumerable.Range(1, 30).Select(i => new Memory { Id = Id(i), Embedding = i % 3 == 0 ? (ReadOnlyMemory<float>?)null : Vector(i, 1, 0) })],
            Facts);
        Assert.Equal(new RecallReport(Facts, 30, 20, 5, 0, 1, 1), await Database.CheckRecallAsync(AgentId, Facts, queries: 1_000, count: 5));
        Assert.Equal(0, (await Database.CheckRecallAsync(OtherAgentId, Facts)).Queries);
        await Assert.ThrowsAsync<InvalidInputException>(() => Database.CheckRecallAsync(AgentId, Facts, queries: 0));
        await Assert.ThrowsAsync<InvalidInputException>(() => Database.CheckRecallAsync(AgentId, Facts, count: 0));
        await Assert.ThrowsAsync<InvalidInputException>(() => Database.CheckRecallAsync(AgentId, ""));
    }

    /// <summary>The story: where few memories have a vector, hardly any of the sample had one, and of nothing that was asked nothing was missed.</summary>
    [Fact]
    public async Task Recall_is_checked_on_as_many_vectors_as_were_asked_for_however_few_memories_have_one()
    {
        await Adapter.CreateMemoriesAsync(
            [.. Enumerable.Range(1, 400).Select(i => new Memory { Id = Id(i), Unique = true, Embedding = i % 30 == 0 ? Vector(i, 1, 0) : (ReadOnlyMemory<float>?)null })],
            Facts);
        Assert.Equal(new RecallReport(Facts, 400, 10, 10, 0, 1, 1), await Database.CheckRecallAsync(AgentId, Facts, queries: 10));
        // More parts than there are vectors: each is asked for once.
        Assert.Equal(13, (await Database.CheckRecallAsync(AgentId, Facts, queries: 300)).Queries);
    }

    [Fact]
    public async Task Without_a_threshold_everything_with_a_vector_is_found_even_the_opposite()
    {
        await Adapter.CreateMemoriesAsync(
            [
                new Memory { Id = Id(1), Embedding = Vector(-1, 0, 0) },
                new Memory { Id = Id(2), Embedding = Vector(0, 1, 0) },
                new Memory { Id = Id(3), Embedding = Vector(-1, 1, 0) },
                new Memory { Id = Id(4), Embedding = East },
            ],
            Facts);

        AssertIds(await SearchAsync(new MemorySearch(Facts, East)), Id(4), Id(2), Id(3), Id(1));
        AssertIds(await SearchAsync(new MemorySearch(Facts, East) { Threshold = (float)(-1 + Side) }), Id(4), Id(2), Id(3));
        AssertIds(await SearchAsync(new MemorySearch(Facts, East) { Threshold = (float)(1 - Side) }), Id(4));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(384)]
    [InlineData(1536)]
    [InlineData(4000)]
    public async Task Similarity_is_the_cosine_in_every_dimension(int dimension)
    {
        const int seed = 20_260_102;
        var random = new Random(seed + dimension);
        var rows = Enumerable.Range(0, 40).Select(i => new Memory { Id = Id(i), Embedding = RandomVector(random, dimension) }).ToList();
        await Adapter.CreateMemoriesAsync(rows, Facts);

        for (var i = 0; i < 5; i++)
        {
            var search = new MemorySearch(Facts, RandomVector(random, dimension)) { Count = 15 };
            AssertBest(await SearchAsync(search), rows, search, $"seed {seed}, dimension {dimension}, query {i}");
        }
    }

    [Fact]
    public async Task Similarity_is_never_beyond_one_and_a_vector_is_most_like_itself()
    {
        const int seed = 4711;
        var random = new Random(seed);
        var rows = Enumerable.Range(0, 50).Select(i => new Memory { Id = Id(i), Embedding = RandomVector(random, 48) }).ToList();
        await Adapter.CreateMemoriesAsync(rows, Facts);

        foreach (var row in rows)
        {
            var all = await SearchAsync(new MemorySearch(Facts, row.Embedding!.Value) { Count = 50 });
            Assert.All(all, found => Assert.InRange(found.Similarity!.Value, -1f, 1f));
            Assert.True(all[0].Id == row.Id, $"seed {seed}, row {row.Id}");
            Assert.Equal(1, all[0].Similarity!.Value, 1e-6f);
            var opposite = await SearchAsync(new MemorySearch(Facts, row.Embedding!.Value.ToArray().Select(x => -x).ToArray()) { Count = 50 });
            Assert.True(opposite[^1].Id == row.Id, $"seed {seed}, opposite of row {row.Id}");
            Assert.InRange(opposite[^1].Similarity!.Value, -1f, -1f + 1e-6f);
        }
    }

    [Theory]
    [InlineData(1e-10f)]
    [InlineData(1e-3f)]
    [InlineData(3f)]
    [InlineData(12_345.678f)]
    [InlineData(1e10f)]
    public async Task Length_does_not_change_similarity(float scale)
    {
        float[] query = [0.5f, -0.25f, 0.125f, 0.7f], vector = [0.1f, 0.9f, -0.3f, 0.2f];
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), Embedding = vector.Select(x => x * scale).ToArray() }, Facts);
        var expected = (float)Cosine(query, vector);

        Assert.Equal(expected, Assert.Single(await SearchAsync(new MemorySearch(Facts, query))).Similarity!.Value, 1e-6f);
        var scaled = query.Select(x => x * scale).ToArray();
        Assert.Equal(expected, Assert.Single(await SearchAsync(new MemorySearch(Facts, scaled))).Similarity!.Value, 1e-6f);
    }

    [Fact]
    public async Task Vectors_at_the_ends_of_the_allowed_lengths_are_found_by_direction()
    {
        await Adapter.CreateMemoriesAsync(
            [
                new Memory { Id = Id(1), Embedding = Vector(1.1e-12f, 0, 0) },
                new Memory { Id = Id(2), Embedding = Vector(9e11f, 9e10f, 0) },
                new Memory { Id = Id(3), Embedding = Vector(0, 9e11f, 0) },
            ],
            Facts);

        foreach (var length in new[] { 1.1e-12f, 1f, 9e11f })
        {
            var found = await SearchAsync(new MemorySearch(Facts, Vector(length, 0, 0)));
            AssertIds(found, Id(1), Id(2), Id(3));
            Assert.Equal(1, found[0].Similarity!.Value, 1e-6f);
            Assert.Equal((float)Cosine(East, Vector(9e11f, 9e10f, 0)), found[1].Similarity!.Value, 1e-6f);
            Assert.Equal(0, found[2].Similarity!.Value, 1e-6f);
        }
    }

    // Order and count.

    [Theory]
    [InlineData(new[] { 1, 2, 3, 4, 5 })]
    [InlineData(new[] { 5, 4, 3, 2, 1 })]
    [InlineData(new[] { 3, 5, 1, 4, 2 })]
    public async Task Equal_vectors_order_by_time_and_then_id_descending_in_whatever_order_they_came(int[] arrival)
    {
        ArgumentNullException.ThrowIfNull(arrival);
        long[] times = [0, 7, 9, 7, 7, 8];
        foreach (var i in arrival) await Adapter.CreateMemoryAsync(new Memory { Id = Id(i), CreatedAt = At(times[i]), Embedding = Vector(0.3f, 0.1f, 0.7f) }, Facts);
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(9), CreatedAt = At(100), Embedding = Vector(0, 1, 0) }, Facts);

        foreach (var mode in new[] { SearchMode.Auto, SearchMode.Exact })
        {
            var search = new MemorySearch(Facts, Vector(0.2f, 0.1f, 0.9f)) { Mode = mode };
            var found = await Adapter.SearchMemoriesAsync(search);
            AssertIds(found, Id(2), Id(5), Id(4), Id(3), Id(1), Id(9));
            Assert.Single(found.Take(5).Select(memory => memory.Similarity).Distinct());
            AssertIds(await Adapter.SearchMemoriesAsync(search with { Count = 1 }), Id(2));
            AssertIds(await Adapter.SearchMemoriesAsync(search with { Count = 3 }), Id(2), Id(5), Id(4));
        }
    }

    [Fact]
    public async Task Equal_vectors_that_came_by_update_order_the_same()
    {
        await Adapter.CreateMemoriesAsync([.. Enumerable.Range(1, 5).Select(i => new Memory { Id = Id(i), CreatedAt = At(3) })], Facts);
        foreach (var i in new[] { 4, 1, 5, 3, 2 }) await Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(i)) { Embedding = Vector(1, 2, 3) });

        AssertIds(await SearchAsync(new MemorySearch(Facts, East)), Id(5), Id(4), Id(3), Id(2), Id(1));
        AssertIds(await SearchAsync(new MemorySearch(Facts, East) { Count = 2 }), Id(5), Id(4));
    }

    [Fact]
    public async Task Many_equal_vectors_are_cut_at_the_count_by_time_and_id()
    {
        const int rows = 300;
        await Adapter.CreateMemoriesAsync(
            [.. Enumerable.Range(0, rows).Select(i => new Memory { Id = Id(i * 7 % rows), CreatedAt = At(i * 7 % rows / 10), Embedding = Vector(1, 2, 3) })], Facts);

        var found = await SearchAsync(new MemorySearch(Facts, Vector(3, 2, 1)) { Count = 25 });

        AssertIds(found, [.. Enumerable.Range(rows - 25, 25).Reverse().Select(Id)]);
    }

    [Theory]
    [InlineData(null, 10)]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(12, 12)]
    [InlineData(13, 12)]
    [InlineData(int.MaxValue, 12)]
    public async Task Count_is_ten_unless_given(int? count, int expected)
    {
        await CreateFanAsync(12);

        AssertIds(await SearchAsync(new MemorySearch(Facts, East) { Count = count }), [.. Enumerable.Range(0, expected).Select(Id)]);
    }

    [Fact]
    public async Task A_negative_count_and_a_threshold_that_is_no_number_are_refused()
    {
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.SearchMemoriesAsync(new MemorySearch(Facts, East) { Count = -1 }));
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.SearchMemoriesAsync(new MemorySearch(Facts, East) { Threshold = float.NaN }));
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.SearchMemoriesAsync(new MemorySearch(Facts, East) { Threshold = float.PositiveInfinity }));
    }

    // Filters.

    [Fact]
    public async Task Every_combination_of_filters_threshold_and_count_finds_what_plain_LINQ_finds()
    {
        Guid[] rooms = [await NewRoomAsync(), await NewRoomAsync()], entities = [await NewEntityAsync(), await NewEntityAsync()];
        Guid[] worlds = [Id(1001), Id(1002)];
        // Cosines 0.02 apart, dealt out over all combinations of values.
        var rows = Enumerable.Range(0, 96).Select(i => new Memory
        {
            Id = Id(i),
            RoomId = rooms[i & 1],
            WorldId = worlds[(i >> 1) & 1],
            EntityId = entities[(i >> 2) & 1],
            Unique = ((i >> 3) & 1) == 0,
            Embedding = AtCosine(0.95 - (0.02 * (i * 35 % 96))),
        }).ToList();
        await Adapter.CreateMemoriesAsync(rows, Facts);
        (string Name, Func<MemorySearch, MemorySearch> Ask, Func<Memory, bool> Keep)[] filters =
        [
            ("room", search => search with { RoomId = rooms[0] }, row => row.RoomId == rooms[0]),
            ("world", search => search with { WorldId = worlds[1] }, row => row.WorldId == worlds[1]),
            ("entity", search => search with { EntityId = entities[0] }, row => row.EntityId == entities[0]),
            ("unique", search => search with { UniqueOnly = true }, row => row.Unique == true),
            ("threshold", search => search with { Threshold = 0.2f }, row => Cosine(East, row.Embedding!.Value.Span) >= 0.2),
        ];

        for (var mask = 0; mask < 1 << filters.Length; mask++)
        {
            var chosen = filters.Where((_, i) => (mask >> i & 1) == 1).ToArray();
            var expected = rows.Where(row => chosen.All(filter => filter.Keep(row)))
                .OrderByDescending(row => Cosine(East, row.Embedding!.Value.Span)).Select(row => row.Id).ToArray();
            foreach (var count in new int?[] { null, 0, 3, 1000 })
            {
                var search = chosen.Aggregate(new MemorySearch(Facts, East) { Count = count }, (search, filter) => filter.Ask(search));
                var found = (await SearchAsync(search)).Select(row => row.Id);
                var name = string.Join(" and ", chosen.Select(filter => filter.Name));
                Assert.True(expected.Take(count ?? 10).SequenceEqual(found), $"search by {name}, count {count?.ToString(CultureInfo.InvariantCulture) ?? "null"}");
            }
        }
    }

    [Fact]
    public async Task A_filter_by_something_unknown_finds_nothing()
    {
        await Adapter.CreateMemoryAsync(new Memory { RoomId = await NewRoomAsync(), WorldId = Id(1), EntityId = await NewEntityAsync(), Embedding = East }, Facts);

        Assert.Empty(await SearchAsync(new MemorySearch(Facts, East) { RoomId = Id(99) }));
        Assert.Empty(await SearchAsync(new MemorySearch(Facts, East) { WorldId = Id(99) }));
        Assert.Empty(await SearchAsync(new MemorySearch(Facts, East) { EntityId = Id(99) }));
        Assert.Empty(await SearchAsync(new MemorySearch("documents", East)));
    }

    [Theory]
    [InlineData("room")]
    [InlineData("world")]
    [InlineData("entity")]
    [InlineData("unique")]
    [InlineData("table")]
    [InlineData("agent")]
    public async Task Closer_rows_outside_the_filter_do_not_crowd_out_the_ones_inside(string filter)
    {
        Guid near = await NewRoomAsync(), far = await NewRoomAsync(), nearEntity = await NewEntityAsync(), farEntity = await NewEntityAsync();
        var outside = Enumerable.Range(100, 2_000).Select(i => new Memory
        {
            Id = Id(i),
            RoomId = near,
            WorldId = Id(1),
            EntityId = nearEntity,
            Unique = false,
            Embedding = Vector(1, i * 1e-6f, 0),
        }).ToList();
        if (filter == "agent") await Other.CreateMemoriesAsync(outside, Facts);
        else await Adapter.CreateMemoriesAsync(outside, filter == "table" ? "documents" : Facts);
        await Adapter.CreateMemoriesAsync(
            [.. Enumerable.Range(0, 5).Select(i => new Memory { Id = Id(i), RoomId = far, WorldId = Id(2), EntityId = farEntity, Unique = true, Embedding = AtCosine(-0.1 - (0.1 * i)) })],
            Facts);

        var search = new MemorySearch(Facts, East) { Count = 5 };
        search = filter switch
        {
            "room" => search with { RoomId = far },
            "world" => search with { WorldId = Id(2) },
            "entity" => search with { EntityId = farEntity },
            "unique" => search with { UniqueOnly = true },
            _ => search,
        };

        AssertIds(await SearchAsync(search), Id(0), Id(1), Id(2), Id(3), Id(4));
        AssertIds(await SearchAsync(search with { Threshold = -0.35f }), Id(0), Id(1), Id(2));
    }

    [Fact]
    [Trait("Speed", "Slow")]
    public async Task Among_many_rows_a_narrow_filter_still_finds_its_few_and_new_rows_are_found_at_once()
    {
        const int seed = 99, rows = 12_000, dimension = 16;
        var random = new Random(seed);
        Guid room = await NewRoomAsync(), narrow = await NewRoomAsync();
        var all = Enumerable.Range(0, rows)
            .Select(i => new Memory { Id = Id(i), RoomId = i % 1_000 == 0 ? narrow : room, Unique = true, Embedding = RandomVector(random, dimension) }).ToList();
        foreach (var batch in all.Chunk(2_000)) await Adapter.CreateMemoriesAsync(batch, Facts);

        for (var i = 0; i < 10; i++)
        {
            var search = new MemorySearch(Facts, RandomVector(random, dimension)) { Count = 20 };
            var message = $"seed {seed}, query {i}";
            AssertBest(await Adapter.SearchMemoriesAsync(search with { Mode = SearchMode.Exact }), all, search, message);
            AssertBest(await SearchAsync(search with { RoomId = narrow }), [.. all.Where(row => row.RoomId == narrow)], search, message);
            Assert.Equal(20, (await Adapter.SearchMemoriesAsync(search)).Count);

            var added = new Memory { Id = Id(rows + i), RoomId = room, Unique = true, Embedding = search.Embedding };
            await Adapter.CreateMemoryAsync(added, Facts);
            Assert.True((await Adapter.SearchMemoriesAsync(search))[0].Id == added.Id, message);
            await Adapter.DeleteMemoryAsync(added.Id);
            Assert.DoesNotContain(await Adapter.SearchMemoriesAsync(search), memory => memory.Id == added.Id);
        }
    }

    [Fact]
    public async Task A_search_sees_only_this_agents_memories()
    {
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), Embedding = East }, Facts);
        await Other.CreateMemoryAsync(new Memory { Id = Id(2), Embedding = East }, Facts);
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(3), AgentId = OtherAgentId, Unique = true, Embedding = Vector(1, 1, 0) }, Facts);

        AssertIds(await SearchAsync(new MemorySearch(Facts, East)), Id(1));
        AssertIds(await Other.SearchMemoriesAsync(new MemorySearch(Facts, East)), Id(2), Id(3));
    }

    // What has a vector.

    [Fact]
    public async Task Rows_without_a_vector_are_never_found()
    {
        await Adapter.CreateMemoriesAsync([new Memory { Id = Id(1) }, new Memory { Id = Id(2), Embedding = East }, new Memory { Id = Id(3), Embedding = Vector(0, 0, 0) }], Facts);

        AssertIds(await SearchAsync(new MemorySearch(Facts, East)), Id(2));
        AssertIds(await SearchAsync(new MemorySearch(Facts, East) { Threshold = -1 }), Id(2));
        Assert.Null((await Adapter.GetMemoryByIdAsync(Id(3)))!.Embedding);
    }

    [Fact]
    public async Task A_zero_query_finds_nothing()
    {
        await Adapter.CreateMemoriesAsync([new Memory { Embedding = East }, new Memory { Embedding = Vector(0, 0, 0) }], Facts);

        Assert.Empty(await SearchAsync(new MemorySearch(Facts, Vector(0, 0, 0))));
        Assert.Empty(await SearchAsync(new MemorySearch(Facts, Vector(0, -0f, 0)) { Threshold = -1 }));
    }

    [Fact]
    public async Task Before_the_first_vector_a_query_of_any_length_finds_nothing()
    {
        await Adapter.CreateMemoryAsync(new Memory(), Facts);

        Assert.Empty(await SearchAsync(new MemorySearch(Facts, East)));
        Assert.Empty(await SearchAsync(new MemorySearch(Facts, new float[] { 1, 2, 3, 4, 5, 6, 7 })));
        Assert.Null(await Adapter.GetEmbeddingDimensionAsync());
    }

    [Fact]
    public async Task A_vector_is_found_once_it_came_by_update_or_upsert_and_as_the_newest_one_said()
    {
        await Adapter.CreateMemoriesAsync([new Memory { Id = Id(1) }, new Memory { Id = Id(2), Embedding = Vector(0, 1, 0) }], Facts);
        Assert.True(await Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Embedding = East }));
        AssertIds(await SearchAsync(new MemorySearch(Facts, East) { Threshold = 0.5f }), Id(1));

        Assert.True(await Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Embedding = Vector(0, 0, 1) }));
        Assert.Empty(await SearchAsync(new MemorySearch(Facts, East) { Threshold = 0.5f }));
        AssertIds(await SearchAsync(new MemorySearch(Facts, Vector(0, 0, 1)) { Threshold = 0.5f }), Id(1));

        await Adapter.UpsertMemoryAsync(new Memory { Id = Id(1), Embedding = Vector(0, 1, 1) }, Facts);
        AssertIds(await SearchAsync(new MemorySearch(Facts, Vector(0, 1, 0)) { Threshold = 0.5f }), Id(2), Id(1));
        AssertIds(await SearchAsync(new MemorySearch(Facts, Vector(0, 0, 1)) { Threshold = 0.5f }), Id(1));
        Assert.Equal(2, (await SearchAsync(new MemorySearch(Facts, East))).Count);
    }

    [Fact]
    public async Task A_new_content_or_metadata_leaves_the_vector_to_be_found_with_the_new_row()
    {
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), Content = Content.FromText("old"), Embedding = East }, Facts);
        await Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Content = Content.FromText("new"), Metadata = new MemoryMetadata { Source = "new" } });

        var found = Assert.Single(await SearchAsync(new MemorySearch(Facts, East)));
        Assert.Equal("new", found.Content.Text);
        Assert.Equal("new", found.Metadata!.Source);
        Assert.Equal(East, found.Embedding!.Value.ToArray());
    }

    [Fact]
    public async Task A_zero_update_removes_the_vector_and_a_new_one_brings_it_back()
    {
        await Adapter.CreateMemoriesAsync([new Memory { Id = Id(1), Embedding = East }, new Memory { Id = Id(2), Embedding = Vector(1, 1, 0) }], Facts);

        Assert.True(await Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Embedding = Vector(0, 0, 0) }));
        AssertIds(await SearchAsync(new MemorySearch(Facts, East)), Id(2));
        Assert.Null((await Adapter.GetMemoryByIdAsync(Id(1)))!.Embedding);

        Assert.True(await Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Embedding = East }));
        AssertIds(await SearchAsync(new MemorySearch(Facts, East)), Id(1), Id(2));
    }

    [Fact]
    public async Task Every_vector_is_found_right_after_its_acknowledgement()
    {
        const int seed = 17;
        var random = new Random(seed);
        for (var i = 0; i < 100; i++)
        {
            var vector = RandomVector(random, 24);
            if (i % 2 == 0)
            {
                await Adapter.CreateMemoryAsync(new Memory { Id = Id(i), Embedding = vector }, Facts);
            }
            else
            {
                await Adapter.CreateMemoryAsync(new Memory { Id = Id(i) }, Facts);
                await Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(i)) { Embedding = vector });
            }
            var found = await Adapter.SearchMemoriesAsync(new MemorySearch(Facts, vector) { Count = 1 });
            Assert.True(found.Count == 1 && found[0].Id == Id(i), $"seed {seed}, row {i}");
        }
    }

    [Theory]
    [InlineData("memory")]
    [InlineData("document")]
    [InlineData("table of the room")]
    [InlineData("room")]
    [InlineData("entity")]
    public async Task What_is_deleted_is_found_no_more(string how)
    {
        Guid room = await NewRoomAsync(), entity = await NewEntityAsync(), kept = await NewRoomAsync();
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(5), Metadata = new MemoryMetadata { Type = MemoryTypes.Document, Timestamp = At(0) } }, "documents");
        await Adapter.CreateMemoriesAsync(
            [
                new Memory
                {
                    Id = Id(1),
                    RoomId = room,
                    EntityId = entity,
                    Embedding = East,
                    Metadata = new MemoryMetadata { Type = MemoryTypes.Fragment, DocumentId = Id(5), Position = 0 },
                },
                new Memory { Id = Id(2), RoomId = kept, Embedding = Vector(1, 1, 0) },
            ],
            Facts);
        AssertIds(await SearchAsync(new MemorySearch(Facts, East)), Id(1), Id(2));

        switch (how)
        {
            case "memory": await Adapter.DeleteMemoryAsync(Id(1)); break;
            case "document": await Adapter.DeleteMemoryAsync(Id(5)); break;
            case "table of the room": await Adapter.DeleteAllMemoriesAsync(room, Facts); break;
            case "room": await Adapter.DeleteRoomAsync(room); break;
            default: await Adapter.DeleteEntityAsync(entity); break;
        }

        AssertIds(await SearchAsync(new MemorySearch(Facts, East)), Id(2));
        AssertIds(await SearchAsync(new MemorySearch(Facts, East) { Count = 1 }), Id(2));
    }

    // Cached embeddings.

    [Fact]
    public async Task Cached_embeddings_are_those_within_some_edits_best_first_then_newest()
    {
        await Adapter.CreateMemoriesAsync(
            [
                Said(1, "kitten", Vector(1, 0, 0)),
                Said(2, "sitting", Vector(2, 0, 0)),
                Said(3, "kitten", Vector(3, 0, 0)),
                Said(4, "mitten", Vector(4, 0, 0)),
                Said(5, "", Vector(5, 0, 0)),
                Said(6, "kittens", null),
                Said(7, "Kitten", Vector(7, 0, 0)),
            ],
            Facts);

        Assert.Equal([(3, 0), (1, 0), (7, 1), (4, 1), (2, 3), (5, 6)], await CachedAsync(new CachedEmbeddingQuery(Facts, "kitten", "text", 6, 100)));
        Assert.Equal([(3, 0), (1, 0), (7, 1), (4, 1), (2, 3)], await CachedAsync(new CachedEmbeddingQuery(Facts, "kitten", "text", 5, 100)));
        Assert.Equal([(3, 0), (1, 0), (7, 1), (4, 1), (2, 3)], await CachedAsync(new CachedEmbeddingQuery(Facts, "kitten", "text", 3, 100)));
        Assert.Equal([(3, 0), (1, 0), (7, 1), (4, 1)], await CachedAsync(new CachedEmbeddingQuery(Facts, "kitten", "text", 2, 100)));
        Assert.Equal([(3, 0), (1, 0)], await CachedAsync(new CachedEmbeddingQuery(Facts, "kitten", "text", 0, 100)));
        Assert.Equal([(3, 0), (1, 0), (7, 1)], await CachedAsync(new CachedEmbeddingQuery(Facts, "kitten", "text", 6, 3)));
        Assert.Empty(await CachedAsync(new CachedEmbeddingQuery(Facts, "kitten", "text", 6, 0)));
        Assert.Equal([(5, 0)], await CachedAsync(new CachedEmbeddingQuery(Facts, "", "text", 0, 100)));
        Assert.Empty(await CachedAsync(new CachedEmbeddingQuery("documents", "kitten", "text", 6, 100)));
    }

    [Fact]
    public async Task Cached_embeddings_compare_the_string_under_the_field_and_nothing_else()
    {
        await Adapter.CreateMemoriesAsync(
            [
                new Memory { Embedding = Vector(1, 0, 0), Content = new Content { Thought = "abc", Text = "xyz" } },
                new Memory { Embedding = Vector(2, 0, 0), Content = new Content { Text = "abc" } },
                new Memory { Embedding = Vector(3, 0, 0), Content = new Content { ["thought"] = Json.From(5) } },
                new Memory { Embedding = Vector(4, 0, 0), Content = new Content { ["thought"] = Json.Null } },
                new Memory { Embedding = Vector(5, 0, 0), Content = new Content { ["thought"] = Json.From(["abc"]) } },
                new Memory { Embedding = Vector(6, 0, 0), Metadata = new MemoryMetadata { ["thought"] = Json.From("abc") } },
            ],
            Facts);

        Assert.Equal([(1, 0)], await CachedAsync(new CachedEmbeddingQuery(Facts, "abc", "thought", 5, 100)));
    }

    [Fact]
    public async Task Cached_embeddings_are_those_of_all_agents_and_rooms()
    {
        await Adapter.CreateMemoryAsync(Said(1, "abc", Vector(1, 0, 0)) with { RoomId = await NewRoomAsync() }, Facts);
        await Other.CreateMemoryAsync(Said(2, "abc", Vector(2, 0, 0)) with { RoomId = await NewRoomAsync() }, Facts);

        Assert.Equal([(2, 0), (1, 0)], await CachedAsync(new CachedEmbeddingQuery(Facts, "abc", "text", 0, 100)));
    }

    [Fact]
    public async Task Cached_embeddings_compare_texts_of_any_length_in_code_points()
    {
        var text = string.Concat(Enumerable.Range(0, 1_000).Select(i => (char)('a' + (i % 26))));
        await Adapter.CreateMemoriesAsync(
            [
                Said(1, text, Vector(1, 0, 0)),
                Said(2, text[..500] + "!" + text[500..], Vector(2, 0, 0)),
                Said(3, "\U0001F600b", Vector(3, 0, 0)),
                Said(4, "e\u0301b", Vector(4, 0, 0)),
                Said(5, new string('é', 300), Vector(5, 0, 0)),
            ],
            Facts);

        Assert.Equal([(1, 0), (2, 1)], await CachedAsync(new CachedEmbeddingQuery(Facts, text, "text", 1, 100)));
        Assert.Equal([(1, 1), (2, 2)], await CachedAsync(new CachedEmbeddingQuery(Facts, text[1..], "text", 2, 100)));
        Assert.Equal([(3, 1), (4, 2)], await CachedAsync(new CachedEmbeddingQuery(Facts, "ab", "text", 2, 100)));
        Assert.Equal([(3, 1)], await CachedAsync(new CachedEmbeddingQuery(Facts, "\U0001F601b", "text", 1, 100)));
        Assert.Equal([(3, 2)], await CachedAsync(new CachedEmbeddingQuery(Facts, "\U0001F601\U0001F601", "text", 2, 1)));
        Assert.Equal([(5, 1)], await CachedAsync(new CachedEmbeddingQuery(Facts, new string('é', 299), "text", 1, 100)));
    }

    [Fact]
    public async Task A_cached_embedding_is_the_one_in_the_active_dimension_or_else_the_smallest()
    {
        await Adapter.CreateMemoryAsync(Said(1, "abc", Vector(1, 2, 3, 4)), Facts);
        foreach (var vector in new[] { Vector(1, 2), Vector(1, 2, 3) })
        {
            await Adapter.EnsureEmbeddingDimensionAsync(vector.Length);
            await Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Embedding = vector });
        }
        var query = new CachedEmbeddingQuery(Facts, "abc", "text", 0, 100);

        Assert.Equal(Vector(1, 2, 3), Assert.Single(await Adapter.GetCachedEmbeddingsAsync(query)).Embedding.ToArray());
        await Adapter.EnsureEmbeddingDimensionAsync(4);
        Assert.Equal(Vector(1, 2, 3, 4), Assert.Single(await Adapter.GetCachedEmbeddingsAsync(query)).Embedding.ToArray());
        await Adapter.EnsureEmbeddingDimensionAsync(5);
        Assert.Equal(Vector(1, 2), Assert.Single(await Adapter.GetCachedEmbeddingsAsync(query)).Embedding.ToArray());
    }

    [Fact]
    public async Task Cached_embeddings_refuse_a_negative_threshold_or_count()
    {
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.GetCachedEmbeddingsAsync(new CachedEmbeddingQuery(Facts, "a", "text", -1, 1)));
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.GetCachedEmbeddingsAsync(new CachedEmbeddingQuery(Facts, "a", "text", 1, -1)));
    }

    /// <summary>To compare these would take far longer than the call is given.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_call_for_cached_embeddings_can_be_cancelled_while_it_compares(bool isTransaction)
    {
        const int characters = 300_000;
        await Adapter.CreateMemoryAsync(Said(1, new string('a', characters), Vector(1, 0, 0)), Facts);
        var query = new CachedEmbeddingQuery(Facts, new string('b', characters), "text", int.MaxValue, 1);
        using var source = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));

        var call = isTransaction
            ? Adapter.TransactionAsync((session, _) => session.GetCachedEmbeddingsAsync(query, source.Token))
            : Adapter.GetCachedEmbeddingsAsync(query, source.Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.Equal(1, await Adapter.CountMemoriesAsync(new MemoryQuery(Facts)));
    }

    // Row i has the cosine 0.9 - i / 100: the best is row 0.
    private async Task CreateFanAsync(int rows) =>
        await Adapter.CreateMemoriesAsync([.. Enumerable.Range(0, rows).Select(i => new Memory { Id = Id(i), Embedding = AtCosine(0.9 - (i / 100.0)) })], Facts);

    private static Memory Said(int id, string text, float[]? vector)
    {
        var memory = new Memory { Id = Id(id), CreatedAt = At(id), Content = Content.FromText(text) };
        return vector is null ? memory : memory with { Embedding = vector };
    }

    // First component of each vector, and its score.
    private async Task<(int First, int Score)[]> CachedAsync(CachedEmbeddingQuery query) =>
        [.. (await Adapter.GetCachedEmbeddingsAsync(query)).Select(cached => ((int)cached.Embedding.Span[0], cached.LevenshteinScore))];

    /// <summary>Searches in both modes, which must agree wherever these tests use it: the partitions are small or the filters narrow.</summary>
    private async Task<IReadOnlyList<Memory>> SearchAsync(MemorySearch search)
    {
        var found = await Adapter.SearchMemoriesAsync(search);
        var exact = await Adapter.SearchMemoriesAsync(search with { Mode = SearchMode.Exact });
        Assert.Equal(exact.Select(memory => memory.Id), found.Select(memory => memory.Id));
        return found;
    }

    /// <summary>The best rows for a search, each with its similarity, in order; rows within 1e-6 of each other may stand either way.</summary>
    private static void AssertBest(IReadOnlyList<Memory> found, IReadOnlyList<Memory> rows, MemorySearch search, string message)
    {
        var similarities = rows.ToDictionary(row => row.Id, row => Cosine(search.Embedding.Span, row.Embedding!.Value.Span));
        var best = similarities.Values.OrderDescending().Take(search.Count!.Value).ToArray();
        Assert.True(best.Length == found.Count, $"{message}: {found.Count} rows");
        Assert.True(found.Count == found.Select(memory => memory.Id).Distinct().Count(), $"{message}: a row twice");
        for (var i = 0; i < best.Length; i++)
        {
            var own = similarities[found[i].Id];
            Assert.True(Math.Abs(own - found[i].Similarity!.Value) <= 1e-6, $"{message}: similarity {found[i].Similarity} instead of {own} at {i}");
            Assert.True(Math.Abs(own - best[i]) <= 2e-6, $"{message}: a row with {own} where one with {best[i]} belongs, at {i}");
            Assert.True(i == 0 || found[i - 1].Similarity >= found[i].Similarity, $"{message}: out of order at {i}");
        }
    }
}
