using Xunit;

namespace ElizaEngine.Conformance;

/// <summary>Embeddings: the active dimension of an agent, what may be stored, what comes back, and who is a near-duplicate.</summary>
public abstract class EmbeddingConformance : ConformanceTest
{
    private const string Facts = "facts";
    private const double Side = 1e-5;

    private static readonly float[] East = [1, 0, 0];

    // The active dimension.

    [Fact]
    public async Task An_agent_has_no_dimension_until_a_vector_is_stored()
    {
        Assert.Null(await Adapter.GetEmbeddingDimensionAsync());
        await Adapter.CreateMemoriesAsync([new Memory(), new Memory { Embedding = Vector(0, 0, 0) }], Facts);
        Assert.Null(await Adapter.GetEmbeddingDimensionAsync());
    }

    [Theory]
    [InlineData("create")]
    [InlineData("upsert of a new memory")]
    [InlineData("upsert of an old memory")]
    [InlineData("update")]
    public async Task The_first_vector_stored_sets_the_dimension(string how)
    {
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1) }, Facts);
        switch (how)
        {
            case "create": await Adapter.CreateMemoryAsync(new Memory { Id = Id(2), Embedding = Vector(1, 2, 3, 4, 5) }, Facts); break;
            case "upsert of a new memory": await Adapter.UpsertMemoryAsync(new Memory { Id = Id(2), Embedding = Vector(1, 2, 3, 4, 5) }, Facts); break;
            case "upsert of an old memory": await Adapter.UpsertMemoryAsync(new Memory { Id = Id(1), Embedding = Vector(1, 2, 3, 4, 5) }, Facts); break;
            default: await Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Embedding = Vector(1, 2, 3, 4, 5) }); break;
        }

        Assert.Equal(5, await Adapter.GetEmbeddingDimensionAsync());
        await AgainAsync();
        Assert.Equal(5, await Adapter.GetEmbeddingDimensionAsync());
        var error = await Assert.ThrowsAsync<DimensionMismatchException>(() => Adapter.CreateMemoryAsync(new Memory { Embedding = East }, Facts));
        Assert.Equal((5, 3), (error.ActiveDimension, error.GivenDimension));
    }

    [Fact]
    public async Task Each_agent_has_its_own_dimension()
    {
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), Embedding = East }, Facts);
        Assert.Null(await Other.GetEmbeddingDimensionAsync());

        await Other.CreateMemoryAsync(new Memory { Id = Id(2), Embedding = Vector(1, 2) }, Facts);

        Assert.Equal(3, await Adapter.GetEmbeddingDimensionAsync());
        Assert.Equal(2, await Other.GetEmbeddingDimensionAsync());
        AssertIds(await Adapter.SearchMemoriesAsync(new MemorySearch(Facts, East)), Id(1));
        AssertIds(await Other.SearchMemoriesAsync(new MemorySearch(Facts, Vector(1, 2))), Id(2));
        await Adapter.EnsureEmbeddingDimensionAsync(7);
        Assert.Equal(2, await Other.GetEmbeddingDimensionAsync());
    }

    [Fact]
    public async Task A_call_that_fails_sets_no_dimension()
    {
        await Assert.ThrowsAsync<ReferenceNotFoundException>(
            () => Adapter.CreateMemoriesAsync([new Memory { Embedding = East }, new Memory { RoomId = Id(99) }], Facts));
        await Assert.ThrowsAsync<InvalidEmbeddingException>(
            () => Adapter.CreateMemoriesAsync([new Memory { Embedding = East }, new Memory { Embedding = Vector(float.NaN) }], Facts));
        var error = await Assert.ThrowsAsync<DimensionMismatchException>(
            () => Adapter.CreateMemoriesAsync([new Memory { Embedding = East }, new Memory { Embedding = Vector(1, 2) }], Facts));

        Assert.Equal((3, 2), (error.ActiveDimension, error.GivenDimension));
        Assert.Null(await Adapter.GetEmbeddingDimensionAsync());
        Assert.Equal(0, await Adapter.CountMemoriesAsync(new MemoryQuery(Facts)));
    }

    [Fact]
    public async Task A_vector_that_is_not_stored_sets_no_dimension()
    {
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1) }, Facts);

        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), Embedding = East }, Facts);
        await Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(99)) { Embedding = East });
        await Adapter.SearchMemoriesAsync(new MemorySearch(Facts, East));

        Assert.Null(await Adapter.GetEmbeddingDimensionAsync());
    }

    [Fact]
    public async Task A_dimension_can_be_set_before_the_first_vector_and_is_remembered()
    {
        await Adapter.EnsureEmbeddingDimensionAsync(7);
        await Adapter.EnsureEmbeddingDimensionAsync(7);
        Assert.Equal(7, await Adapter.GetEmbeddingDimensionAsync());
        await AgainAsync();

        Assert.Equal(7, await Adapter.GetEmbeddingDimensionAsync());
        Assert.Null(await Other.GetEmbeddingDimensionAsync());
        await Assert.ThrowsAsync<DimensionMismatchException>(() => Adapter.CreateMemoryAsync(new Memory { Embedding = East }, Facts));
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), Embedding = Vector(1, 2, 3, 4, 5, 6, 7) }, Facts);
        AssertIds(await Adapter.SearchMemoriesAsync(new MemorySearch(Facts, Vector(1, 2, 3, 4, 5, 6, 7))), Id(1));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(4001)]
    [InlineData(int.MaxValue)]
    public async Task A_dimension_outside_the_limits_is_refused(int dimension)
    {
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.EnsureEmbeddingDimensionAsync(dimension));
        Assert.Null(await Adapter.GetEmbeddingDimensionAsync());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4000)]
    public async Task The_smallest_and_the_largest_dimension_are_dimensions(int dimension)
    {
        await Adapter.EnsureEmbeddingDimensionAsync(dimension);
        var vector = Enumerable.Repeat(0.5f, dimension).ToArray();
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), Embedding = vector }, Facts);

        Assert.Equal(dimension, await Adapter.GetEmbeddingDimensionAsync());
        Assert.Equal(vector, (await Adapter.GetMemoryByIdAsync(Id(1)))!.Embedding!.Value.ToArray());
        AssertIds(await Adapter.SearchMemoriesAsync(new MemorySearch(Facts, vector)), Id(1));
    }

    [Fact]
    public async Task Old_vectors_are_not_seen_after_a_change_of_dimension_and_are_back_after_the_change_back()
    {
        await Adapter.CreateMemoriesAsync([new Memory { Id = Id(1), Embedding = East }, new Memory { Id = Id(2), Embedding = Vector(1, 1, 0) }], Facts);

        await Adapter.EnsureEmbeddingDimensionAsync(2);
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(3), Embedding = Vector(1, 2) }, Facts);
        await AgainAsync();

        AssertIds(await Adapter.SearchMemoriesAsync(new MemorySearch(Facts, Vector(1, 2))), Id(3));
        Assert.Null((await Adapter.GetMemoryByIdAsync(Id(1)))!.Embedding);
        Assert.All(await Adapter.GetMemoriesAsync(new MemoryQuery(Facts)), memory => Assert.Equal(memory.Id == Id(3), memory.Embedding.HasValue));
        Assert.Equal(3, await Adapter.CountMemoriesAsync(new MemoryQuery(Facts)));
        var error = await Assert.ThrowsAsync<DimensionMismatchException>(() => Adapter.SearchMemoriesAsync(new MemorySearch(Facts, East)));
        Assert.Equal((2, 3), (error.ActiveDimension, error.GivenDimension));

        await Adapter.EnsureEmbeddingDimensionAsync(3);
        await AgainAsync();

        AssertIds(await Adapter.SearchMemoriesAsync(new MemorySearch(Facts, East)), Id(1), Id(2));
        Assert.Equal(East, (await Adapter.GetMemoryByIdAsync(Id(1)))!.Embedding!.Value.ToArray());
        Assert.Null((await Adapter.GetMemoryByIdAsync(Id(3)))!.Embedding);
    }

    [Fact]
    public async Task A_memory_can_have_a_vector_in_each_of_two_dimensions()
    {
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), Embedding = East }, Facts);
        await Adapter.EnsureEmbeddingDimensionAsync(2);
        Assert.True(await Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Embedding = Vector(3, 4) }));
        await AgainAsync();
        Assert.Equal(Vector(3, 4), (await Adapter.GetMemoryByIdAsync(Id(1)))!.Embedding!.Value.ToArray());
        AssertIds(await Adapter.SearchMemoriesAsync(new MemorySearch(Facts, Vector(3, 4))), Id(1));

        await Adapter.EnsureEmbeddingDimensionAsync(3);
        Assert.Equal(East, (await Adapter.GetMemoryByIdAsync(Id(1)))!.Embedding!.Value.ToArray());
        AssertIds(await Adapter.SearchMemoriesAsync(new MemorySearch(Facts, East)), Id(1));

        // A zero vector removes the one of the active dimension only.
        Assert.True(await Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Embedding = Vector(0, 0, 0) }));
        Assert.Null((await Adapter.GetMemoryByIdAsync(Id(1)))!.Embedding);
        await Adapter.EnsureEmbeddingDimensionAsync(2);
        Assert.Equal(Vector(3, 4), (await Adapter.GetMemoryByIdAsync(Id(1)))!.Embedding!.Value.ToArray());
    }

    [Fact]
    public async Task Deleting_a_memory_deletes_its_vectors_in_all_dimensions()
    {
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), Embedding = East }, Facts);
        await Adapter.EnsureEmbeddingDimensionAsync(2);
        await Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Embedding = Vector(3, 4) });
        await Adapter.DeleteMemoryAsync(Id(1));
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1) }, Facts);
        await AgainAsync();

        foreach (var dimension in new[] { 2, 3 })
        {
            await Adapter.EnsureEmbeddingDimensionAsync(dimension);
            Assert.Null((await Adapter.GetMemoryByIdAsync(Id(1)))!.Embedding);
            Assert.Empty(await Adapter.SearchMemoriesAsync(new MemorySearch(Facts, Enumerable.Repeat(1f, dimension).ToArray())));
        }
    }

    [Fact]
    public async Task Stale_memories_are_those_with_a_vector_but_none_in_the_active_dimension()
    {
        await Adapter.CreateMemoriesAsync(
            [
                new Memory { Id = Id(1), CreatedAt = At(1), Embedding = East },
                new Memory { Id = Id(2), CreatedAt = At(2), Embedding = Vector(0, 1, 0) },
                new Memory { Id = Id(3), CreatedAt = At(2), Embedding = Vector(0, 0, 1) },
                new Memory { Id = Id(4), CreatedAt = At(4) },
                new Memory { Id = Id(5), CreatedAt = At(5), Embedding = Vector(0, 0, 0) },
                new Memory { Id = Id(6), CreatedAt = At(0), Embedding = Vector(1, 1, 1), Unique = false },
            ],
            Facts);
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(7), Embedding = East }, "documents");
        await Other.CreateMemoryAsync(new Memory { Id = Id(8), Embedding = East }, Facts);
        Assert.Empty(await Adapter.StreamStaleMemoriesAsync(Facts).ToListAsync());

        await Adapter.EnsureEmbeddingDimensionAsync(2);
        await AgainAsync();

        var stale = await Adapter.StreamStaleMemoriesAsync(Facts).ToListAsync();
        AssertIds(stale, Id(3), Id(2), Id(1), Id(6));
        Assert.All(stale, memory => Assert.Null(memory.Embedding));
        Assert.Equal(await Adapter.GetMemoriesByIdsAsync([Id(2)]), stale.Where(memory => memory.Id == Id(2)));
        AssertIds(await Adapter.StreamStaleMemoriesAsync("documents").ToListAsync(), Id(7));
        Assert.Empty(await Other.StreamStaleMemoriesAsync(Facts).ToListAsync());

        // Embedding them again while the stream is read.
        await foreach (var memory in Adapter.StreamStaleMemoriesAsync(Facts))
            Assert.True(await Adapter.UpdateMemoryAsync(new MemoryUpdate(memory.Id) { Embedding = Vector(1, 2) }));
        Assert.Empty(await Adapter.StreamStaleMemoriesAsync(Facts).ToListAsync());
        await Adapter.EnsureEmbeddingDimensionAsync(3);
        Assert.Empty(await Adapter.StreamStaleMemoriesAsync(Facts).ToListAsync());
    }

    // What is refused.

    [Fact]
    public async Task A_vector_of_another_length_is_refused_by_every_call_and_nothing_of_the_call_is_stored()
    {
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), Content = Content.FromText("old"), Embedding = East }, Facts);
        var before = await Adapter.GetMemoryByIdAsync(Id(1));

        foreach (var vector in new[] { Vector(1), Vector(1, 2), Vector(1, 2, 3, 4), new float[4000].Select(_ => 1f).ToArray() })
        {
            var good = new Memory { Id = Id(2), Embedding = East };
            var bad = new Memory { Id = Id(3), Content = Content.FromText("new"), Embedding = vector };
            async Task AssertRefusedAsync(Func<Task> call)
            {
                var error = await Assert.ThrowsAsync<DimensionMismatchException>(call);
                Assert.Equal((3, vector.Length), (error.ActiveDimension, error.GivenDimension));
            }

            await AssertRefusedAsync(() => Adapter.CreateMemoriesAsync([good, bad], Facts));
            await AssertRefusedAsync(() => Adapter.UpsertMemoriesAsync([good, bad], Facts));
            await AssertRefusedAsync(() => Adapter.UpsertMemoriesAsync([good, bad with { Id = Id(1) }], Facts));
            await AssertRefusedAsync(() => Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Content = bad.Content, Metadata = new MemoryMetadata { Source = "new" }, Embedding = vector }));
            await AssertRefusedAsync(() => Adapter.UpdateMemoriesAsync([new MemoryUpdate(Id(1)) { Content = bad.Content }, new MemoryUpdate(Id(1)) { Embedding = vector }]));
            await AssertRefusedAsync(() => Adapter.SearchMemoriesAsync(new MemorySearch(Facts, vector)));
        }

        Assert.Equal(before, Assert.Single(await Adapter.GetMemoriesAsync(new MemoryQuery(Facts))));
        AssertIds(await Adapter.SearchMemoriesAsync(new MemorySearch(Facts, East)), Id(1));
        Assert.Equal(3, await Adapter.GetEmbeddingDimensionAsync());
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public async Task A_component_that_is_not_finite_is_refused_by_its_index(float component)
    {
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), Embedding = East }, Facts);
        async Task AssertRefusedAsync(Func<Task> call, int index)
        {
            var error = await Assert.ThrowsAsync<InvalidEmbeddingException>(call);
            Assert.Equal(index, error.Index);
            Assert.Null(error.Norm);
        }

        foreach (var (vector, index) in new[] { (Vector(component, 1, 2), 0), (Vector(1, component, float.NaN), 1), (Vector(1, 2, component), 2), (Vector(0, 0, component), 2) })
        {
            await AssertRefusedAsync(() => Adapter.CreateMemoriesAsync([new Memory { Id = Id(2) }, new Memory { Id = Id(3), Embedding = vector }], Facts), index);
            await AssertRefusedAsync(() => Adapter.UpsertMemoryAsync(new Memory { Id = Id(1), Content = Content.FromText("new"), Embedding = vector }, Facts), index);
            await AssertRefusedAsync(() => Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Content = Content.FromText("new"), Embedding = vector }), index);
            await AssertRefusedAsync(() => Adapter.SearchMemoriesAsync(new MemorySearch(Facts, vector)), index);
        }

        var only = Assert.Single(await Adapter.GetMemoriesAsync(new MemoryQuery(Facts)));
        Assert.Null(only.Content.Text);
        Assert.Equal(East, only.Embedding!.Value.ToArray());
    }

    [Theory]
    [InlineData(1e-13f)]
    [InlineData(0.9e-12f)]
    [InlineData(1.1e12f)]
    [InlineData(1e13f)]
    [InlineData(float.MaxValue)]
    [InlineData(float.Epsilon)]
    public async Task A_norm_out_of_range_is_refused(float norm)
    {
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), Embedding = East }, Facts);
        float[] vector = [0, -norm, 0];
        async Task AssertRefusedAsync(Func<Task> call)
        {
            var error = await Assert.ThrowsAsync<InvalidEmbeddingException>(call);
            Assert.Null(error.Index);
            Assert.Equal(1, error.Norm!.Value / norm, 1e-6);
        }

        await AssertRefusedAsync(() => Adapter.CreateMemoriesAsync([new Memory { Id = Id(2) }, new Memory { Id = Id(3), Embedding = vector }], Facts));
        await AssertRefusedAsync(() => Adapter.UpsertMemoryAsync(new Memory { Id = Id(1), Embedding = vector }, Facts));
        await AssertRefusedAsync(() => Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Embedding = vector }));
        await AssertRefusedAsync(() => Adapter.SearchMemoriesAsync(new MemorySearch(Facts, vector)));

        Assert.Equal(East, Assert.Single(await Adapter.GetMemoriesAsync(new MemoryQuery(Facts))).Embedding!.Value.ToArray());
    }

    [Theory]
    [InlineData(1.1e-12f)]
    [InlineData(0.9e12f)]
    public async Task A_norm_just_in_range_is_stored(float norm)
    {
        float[] vector = [norm, 0, 0];
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), Embedding = vector }, Facts);
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(2) }, Facts);
        await Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(2)) { Embedding = vector });

        var found = await Adapter.SearchMemoriesAsync(new MemorySearch(Facts, vector));
        Assert.Equal(2, found.Count);
        Assert.All(found, memory => Assert.Equal(vector, memory.Embedding!.Value.ToArray()));
        Assert.All(found, memory => Assert.Equal(1, memory.Similarity!.Value, 1e-6f));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4001)]
    public async Task A_vector_with_no_or_too_many_components_is_refused(int length)
    {
        var vector = Enumerable.Repeat(1f, length).ToArray();
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.CreateMemoriesAsync([new Memory { Id = Id(1) }, new Memory { Id = Id(2), Embedding = vector }], Facts));
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.UpsertMemoriesAsync([new Memory { Id = Id(1) }, new Memory { Id = Id(2), Embedding = vector }], Facts));
        Assert.Equal(0, await Adapter.CountMemoriesAsync(new MemoryQuery(Facts)));
        Assert.Null(await Adapter.GetEmbeddingDimensionAsync());

        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), Embedding = East }, Facts);
        await Assert.ThrowsAnyAsync<InvalidInputException>(() => Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Content = Content.FromText("new"), Embedding = vector }));
        await Assert.ThrowsAnyAsync<InvalidInputException>(() => Adapter.SearchMemoriesAsync(new MemorySearch(Facts, vector)));
        Assert.Equal(East, (await Adapter.GetMemoryByIdAsync(Id(1)))!.Embedding!.Value.ToArray());
        Assert.Null((await Adapter.GetMemoryByIdAsync(Id(1)))!.Content.Text);
    }

    // What comes back.

    [Fact]
    public async Task Embeddings_come_back_bit_for_bit()
    {
        const int seed = 31;
        var random = new Random(seed);
        // Any finite bits up to a length that is allowed: many decimals, tiny, subnormal, negative zero, huge.
        float[] odd = [0.1f, 1f / 3, -0f, 0f, float.Epsilon, -1e-40f, 1.17549435e-38f, 1e11f, -123_456.789f, 0.123456789f, 1e-7f, MathF.PI, MathF.BitIncrement(1), MathF.BitDecrement(1)];
        float[][] vectors = [odd, .. Enumerable.Range(0, 20).Select(_ => RandomVector(random, odd.Length))];
        for (var i = 0; i < vectors.Length; i++)
        {
            await Adapter.CreateMemoryAsync(new Memory { Id = Id(2 * i), Embedding = vectors[i] }, Facts);
            await Adapter.CreateMemoryAsync(new Memory { Id = Id((2 * i) + 1) }, Facts);
            await Adapter.UpdateMemoryAsync(new MemoryUpdate(Id((2 * i) + 1)) { Embedding = vectors[i] });
        }

        async Task AssertStoredAsync()
        {
            for (var i = 0; i < vectors.Length; i++)
            {
                foreach (var memory in await Adapter.GetMemoriesByIdsAsync([Id(2 * i), Id((2 * i) + 1)]))
                    Assert.True(Bits(vectors[i]).SequenceEqual(Bits(memory.Embedding!.Value.Span)), $"seed {seed}, vector {i}");
            }
            var found = await Adapter.SearchMemoriesAsync(new MemorySearch(Facts, vectors[5]) { Count = 100 });
            Assert.All(found, memory => Assert.Equal(Bits(vectors[memory.Id.ToByteArray(bigEndian: true)[3] / 2]), Bits(memory.Embedding!.Value.Span)));
        }

        await AssertStoredAsync();
        await AgainAsync();
        await AssertStoredAsync();
    }

    [Fact]
    public async Task Changing_content_and_metadata_leaves_the_vector_bit_for_bit()
    {
        float[] vector = [0.1f, -0f, float.Epsilon, 7];
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), Embedding = vector }, Facts);

        for (var i = 0; i < 5; i++) await Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Content = Content.FromText($"{i}"), Metadata = new MemoryMetadata { Position = i } });

        var stored = await Adapter.GetMemoryByIdAsync(Id(1));
        Assert.Equal(Bits(vector), Bits(stored!.Embedding!.Value.Span));
        Assert.Equal("4", stored.Content.Text);
    }

    // Near-duplicates.

    [Theory]
    [InlineData(1, false)]
    [InlineData(0.99, false)]
    [InlineData(0.95 + Side, false)]
    [InlineData(0.95 - Side, true)]
    [InlineData(0.5, true)]
    [InlineData(-1, true)]
    public async Task A_memory_is_unique_when_none_is_nearer_than_0_95(double cosine, bool unique)
    {
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), Embedding = East }, Facts);

        var result = Assert.Single(await Adapter.CreateMemoriesAsync([new Memory { Id = Id(2), Embedding = AtCosine(cosine) }], Facts));

        Assert.Equal(unique, result.Unique);
        Assert.Equal(unique, (await Adapter.GetMemoryByIdAsync(Id(2)))!.Unique);
        Assert.True((await Adapter.GetMemoryByIdAsync(Id(1)))!.Unique);
        Assert.Equal(unique ? 2 : 1, await Adapter.CountMemoriesAsync(new MemoryQuery(Facts) { UniqueOnly = true }));
    }

    [Theory]
    [InlineData("nothing", false)]
    [InlineData("table", true)]
    [InlineData("room", true)]
    [InlineData("world", true)]
    [InlineData("entity", true)]
    [InlineData("agent", true)]
    public async Task Near_duplicates_are_sought_in_the_same_table_room_world_entity_and_agent(string different, bool unique)
    {
        var first = new Memory { RoomId = await NewRoomAsync(), EntityId = await NewEntityAsync(), WorldId = Id(1), Embedding = East };
        await Adapter.CreateMemoryAsync(first, Facts);
        var second = new Memory
        {
            RoomId = different == "room" ? await NewRoomAsync() : first.RoomId,
            EntityId = different == "entity" ? await NewEntityAsync() : first.EntityId,
            WorldId = different == "world" ? Id(2) : first.WorldId,
            Embedding = East,
        };

        var adapter = different == "agent" ? Other : Adapter;
        var result = Assert.Single(await adapter.CreateMemoriesAsync([second], different == "table" ? "documents" : Facts));

        Assert.Equal(unique, result.Unique);
    }

    [Fact]
    public async Task What_a_memory_does_not_name_does_not_narrow_where_its_near_duplicates_are_sought()
    {
        var room = await NewRoomAsync();
        await Adapter.CreateMemoryAsync(new Memory { RoomId = room, EntityId = await NewEntityAsync(), WorldId = Id(1), Embedding = East }, Facts);
        await Adapter.CreateMemoryAsync(new Memory { Embedding = Vector(0, 1, 0) }, Facts);

        var results = await Adapter.CreateMemoriesAsync(
            [
                new Memory { Embedding = East },
                new Memory { RoomId = room, Embedding = East },
                new Memory { RoomId = room, Embedding = Vector(0, 1, 0) },
                new Memory { WorldId = Id(1), Embedding = Vector(0, 1, 0) },
            ],
            Facts);

        Assert.Equal([false, false, true, true], results.Select(result => result.Unique).ToArray());
    }

    [Fact]
    public async Task Earlier_rows_of_the_same_batch_count_as_near_duplicates()
    {
        var results = await Adapter.CreateMemoriesAsync(
            [
                new Memory { Embedding = East },
                new Memory { Embedding = Vector(0, 1, 0) },
                new Memory { Embedding = AtCosine(0.96) },
                new Memory { Embedding = Vector(0, 2, 0) },
                new Memory(),
                new Memory { Embedding = Vector(0, 0, 1), Unique = false },
                new Memory { Embedding = Vector(0, 0, 3) },
            ],
            Facts);

        Assert.Equal([true, true, false, false, true, false, false], results.Select(result => result.Unique).ToArray());
    }

    [Fact]
    public async Task A_near_duplicate_makes_near_duplicates_of_others()
    {
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), Embedding = East }, Facts);
        // 0.96 each from the one before: the third is 0.84 from the first, but the second counts too.
        var step = Math.Acos(0.96);
        for (var i = 1; i <= 2; i++) await Adapter.CreateMemoryAsync(new Memory { Id = Id(1 + i), Embedding = AtCosine(Math.Cos(step * i)) }, Facts);

        Assert.Equal(new[] { false, false, true }, (await Adapter.GetMemoriesAsync(new MemoryQuery(Facts))).Select(memory => memory.Unique!.Value).ToArray());
    }

    [Fact]
    public async Task What_the_caller_decided_is_kept()
    {
        await Adapter.CreateMemoryAsync(new Memory { Embedding = East }, Facts);

        var results = await Adapter.CreateMemoriesAsync([new Memory { Embedding = East, Unique = true }, new Memory { Embedding = Vector(0, 1, 0), Unique = false }], Facts);
        Assert.Equal([true, false], results.Select(result => result.Unique).ToArray());

        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), Embedding = East, Unique = false }, Facts, unique: true);
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(2), Unique = true }, Facts, unique: false);
        Assert.True((await Adapter.GetMemoryByIdAsync(Id(1)))!.Unique);
        Assert.False((await Adapter.GetMemoryByIdAsync(Id(2)))!.Unique);
    }

    [Fact]
    public async Task A_memory_without_a_vector_or_with_a_zero_one_is_unique()
    {
        await Adapter.CreateMemoryAsync(new Memory { Embedding = East }, Facts);

        var results = await Adapter.CreateMemoriesAsync(
            [new Memory(), new Memory(), new Memory { Embedding = Vector(0, 0, 0) }, new Memory { Embedding = Vector(0, 0, 0) }], Facts);

        Assert.All(results, result => Assert.True(result.Unique));
    }

    [Fact]
    public async Task An_upsert_decides_for_new_memories_and_no_change_decides_again()
    {
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), Embedding = East }, Facts);
        var results = await Adapter.UpsertMemoriesAsync([new Memory { Id = Id(2), Embedding = East }, new Memory { Id = Id(3), Embedding = Vector(0, 1, 0) }], Facts);
        Assert.Equal([false, true], results.Select(result => result.Unique).ToArray());

        await Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(2)) { Embedding = Vector(0, 0, 1) });
        await Adapter.UpsertMemoryAsync(new Memory { Id = Id(3), Embedding = East }, Facts);

        Assert.Equal(new[] { true, false, true }, (await Adapter.GetMemoriesByIdsAsync([Id(1), Id(2), Id(3)])).OrderBy(memory => memory.Id).Select(memory => memory.Unique!.Value).ToArray());
    }

    [Fact]
    public async Task Only_the_vectors_as_they_are_now_count_as_near_duplicates()
    {
        await Adapter.CreateMemoriesAsync([new Memory { Id = Id(1), Embedding = East }, new Memory { Id = Id(2), Embedding = Vector(0, 1, 0) }, new Memory { Id = Id(3) }], Facts);
        await Adapter.DeleteMemoryAsync(Id(1));
        await Adapter.UpdateMemoriesAsync([new MemoryUpdate(Id(2)) { Embedding = Vector(0, 0, 0) }, new MemoryUpdate(Id(3)) { Embedding = Vector(0, 0, 1) }]);

        var results = await Adapter.CreateMemoriesAsync([new Memory { Embedding = East }, new Memory { Embedding = Vector(0, 1, 0) }, new Memory { Embedding = Vector(0, 0, 1) }], Facts);

        Assert.Equal([true, true, false], results.Select(result => result.Unique).ToArray());
    }

    [Fact]
    public async Task An_upsert_decides_by_the_vectors_that_its_earlier_items_leave()
    {
        var (north, up) = (Vector(0, 1, 0), Vector(0, 0, 1));
        var room = await NewRoomAsync();
        await Adapter.CreateMemoriesAsync([new Memory { Id = Id(1), Embedding = East }, new Memory { Id = Id(2), Embedding = north }, new Memory { Id = Id(3), RoomId = room }], Facts);

        var results = await Adapter.UpsertMemoriesAsync(
            [
                new Memory { Id = Id(1), Embedding = up },
                new Memory { Id = Id(2), Embedding = Vector(0, 0, 0) },
                new Memory { Id = Id(11), Embedding = East },
                new Memory { Id = Id(12), Embedding = north },
                new Memory { Id = Id(13), Embedding = up },
                new Memory { Id = Id(3), Embedding = Vector(1, 1, 1) },
                // Where a memory is, no upsert changes.
                new Memory { Id = Id(14), RoomId = room, Embedding = Vector(2, 2, 2) },
                new Memory { Id = Id(15), RoomId = room, Embedding = up },
                new Memory { Id = Id(15), Embedding = Vector(1, 0, 1) },
                new Memory { Id = Id(16), RoomId = room, Embedding = Vector(2, 0, 2) },
                new Memory { Id = Id(17), RoomId = room, Embedding = up },
            ],
            Facts);

        Assert.Equal([true, true, true, true, false, true, false, true, true, false, true], results.Select(result => result.Unique).ToArray());
    }

    [Fact]
    public async Task An_upsert_that_gives_the_first_vector_to_a_memory_that_is_there_decides_for_those_after_it()
    {
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1) }, Facts);

        var results = await Adapter.UpsertMemoriesAsync([new Memory { Id = Id(1), Embedding = East }, new Memory { Id = Id(2), Embedding = AtCosine(0.99) }], Facts);

        Assert.Equal([true, false], results.Select(result => result.Unique).ToArray());
        Assert.Equal(3, await Adapter.GetEmbeddingDimensionAsync());
    }

    [Fact]
    public async Task The_vector_of_an_item_that_is_not_stored_counts_for_nothing()
    {
        var first = await Adapter.CreateMemoriesAsync([new Memory { Id = Id(1) }, new Memory { Id = Id(1), Embedding = East }], Facts);
        Assert.Equal([CreateOutcome.Created, CreateOutcome.Existed], first.Select(result => result.Outcome).ToArray());
        Assert.Null(await Adapter.GetEmbeddingDimensionAsync());

        var results = await Adapter.CreateMemoriesAsync(
            [
                new Memory { Id = Id(2), Embedding = Vector(0, 0, 0) },
                new Memory { Id = Id(2), Embedding = East },
                new Memory { Id = Id(3), Embedding = East },
                new Memory { Id = Id(4), Embedding = East },
            ],
            Facts);
        Assert.Equal([true, true, true, false], results.Select(result => result.Unique).ToArray());
    }

    /// <summary>What a backend that persists remembers, it must remember over a restart.</summary>
    private async Task AgainAsync()
    {
        if (Backend.Persists) await ReopenAsync();
    }

    private static int[] Bits(ReadOnlySpan<float> vector)
    {
        var bits = new int[vector.Length];
        for (var i = 0; i < bits.Length; i++) bits[i] = BitConverter.SingleToInt32Bits(vector[i]);
        return bits;
    }

    /// <summary>A random history found this.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Zeros_before_the_first_vector_of_an_agent_remove_none(bool isUpsert)
    {
        await Adapter.CreateMemoriesAsync([new Memory { Id = Id(1), Embedding = East }, new Memory { Id = Id(2) }, new Memory { Id = Id(3), Embedding = East }], Facts);

        if (isUpsert)
        {
            await Other.UpsertMemoriesAsync(
                [
                    new Memory { Id = Id(1), Embedding = Vector(0, 0, 0) },
                    new Memory { Id = Id(2), Embedding = AtCosine(0.5) },
                    new Memory { Id = Id(3), Embedding = Vector(0, 0, 0) },
                ],
                Facts);
        }
        else
        {
            Assert.Equal(3, await Other.UpdateMemoriesAsync(
            [
                new MemoryUpdate(Id(1)) { Embedding = Vector(0, 0, 0) },
                new MemoryUpdate(Id(2)) { Embedding = AtCosine(0.5) },
                new MemoryUpdate(Id(3)) { Embedding = Vector(0, 0, 0) },
            ]));
        }

        Assert.Equal(3, await Other.GetEmbeddingDimensionAsync());
        AssertIds(await Adapter.SearchMemoriesAsync(new MemorySearch(Facts, East)), Id(1), Id(2));
    }

    /// <summary>A random history found this: rows that another agent's adapter stored for this agent count from the first vector on.</summary>
    [Fact]
    public async Task The_first_vector_of_a_batch_sets_the_dimension_for_the_items_after_it_also_when_uniqueness_is_decided()
    {
        float[] vector = [0.6f, 0.8f];
        await Adapter.CreateMemoryAsync(new Memory { AgentId = OtherAgentId, Embedding = vector }, "messages");
        var room = await NewRoomAsync(Other);

        var results = await Other.CreateMemoriesAsync([new Memory { RoomId = room, Embedding = new float[] { 1, 0 } }, new Memory { Embedding = vector }], "messages");

        Assert.Equal([true, false], results.Select(result => result.Unique));
    }

    [Fact]
    public async Task An_item_that_is_there_already_may_have_a_vector_of_any_length_before_the_first_one_of_its_agent()
    {
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), AgentId = OtherAgentId, Embedding = East }, Facts);

        var results = await Other.CreateMemoriesAsync(
            [
                new Memory { Id = Id(1), Embedding = Vector(1, 0, 0, 0) },
                new Memory { Id = Id(2), Embedding = East },
                new Memory { Id = Id(3), Embedding = East },
            ],
            Facts);

        Assert.Equal([CreateOutcome.Existed, CreateOutcome.Created, CreateOutcome.Created], results.Select(result => result.Outcome).ToArray());
        Assert.Equal([true, true, false], results.Select(result => result.Unique).ToArray());
        Assert.Equal(3, await Other.GetEmbeddingDimensionAsync());
        AssertIds(await Other.SearchMemoriesAsync(new MemorySearch(Facts, East)), Id(3), Id(2), Id(1));
    }

    [Fact]
    public async Task A_search_that_can_find_nothing_is_refused_by_the_dimension_that_a_transaction_has_set_since()
    {
        await Adapter.CreateMemoryAsync(new Memory { Embedding = East }, Facts);
        await Adapter.TransactionAsync((session, token) => session.EnsureEmbeddingDimensionAsync(4, token));

        await Assert.ThrowsAsync<DimensionMismatchException>(() => Adapter.SearchMemoriesAsync(new MemorySearch(Facts, Vector(0, 0, 0))));
        Assert.Empty(await Adapter.SearchMemoriesAsync(new MemorySearch(Facts, Vector(0, 0, 0, 0))));
        await Adapter.TransactionAsync((session, token) => session.EnsureEmbeddingDimensionAsync(3, token));

        await Assert.ThrowsAsync<DimensionMismatchException>(() => Adapter.SearchMemoriesAsync(new MemorySearch(Facts, Vector(1, 0, 0, 0)) { Count = 0 }));
        Assert.Empty(await Adapter.SearchMemoriesAsync(new MemorySearch(Facts, East) { Count = 0 }));
    }

    /// <summary>A backend that assumes the dimension, and asks again for the vectors only, stored the items that have none.</summary>
    [Theory]
    [InlineData("create")]
    [InlineData("create of decided ones")]
    [InlineData("create of one twice")]
    [InlineData("upsert")]
    [InlineData("update")]
    public async Task A_batch_refused_by_the_dimension_that_a_transaction_has_set_since_leaves_nothing(string how)
    {
        await Adapter.CreateMemoriesAsync(
            [new Memory { Id = Id(1), Content = Content.FromText("old") }, new Memory { Id = Id(2), Embedding = East }], Facts);
        var before = await Adapter.GetMemoriesAsync(new MemoryQuery(Facts));
        await Adapter.TransactionAsync((session, token) => session.EnsureEmbeddingDimensionAsync(4, token));
        var content = Content.FromText("new");

        var error = await Assert.ThrowsAsync<DimensionMismatchException>(() => how switch
        {
            "create" => Adapter.CreateMemoriesAsync(
                [new Memory { Id = Id(3) }, new Memory { Id = Id(4), Embedding = East }, new Memory { Id = Id(5) }], Facts),
            "create of decided ones" => Adapter.CreateMemoriesAsync(
                [new Memory { Id = Id(3), Unique = true }, new Memory { Id = Id(4), Unique = true, Embedding = Vector(0, 0, 0) }], Facts),
            "create of one twice" => Adapter.CreateMemoriesAsync(
                [new Memory { Id = Id(3), Unique = true }, new Memory { Id = Id(3), Unique = true, Embedding = East }], Facts),
            "upsert" => Adapter.UpsertMemoriesAsync(
                [new Memory { Id = Id(1), Content = content }, new Memory { Id = Id(2), Embedding = Vector(0, 0, 0) }, new Memory { Id = Id(3) }], Facts),
            _ => Adapter.UpdateMemoriesAsync(
                [new MemoryUpdate(Id(1)) { Content = content }, new MemoryUpdate(Id(2)) { Embedding = East }, new MemoryUpdate(Id(2)) { Content = content }]),
        });

        Assert.Equal((4, 3), (error.ActiveDimension, error.GivenDimension));
        await Adapter.TransactionAsync((session, token) => session.EnsureEmbeddingDimensionAsync(3, token));
        Assert.Equal(before, await Adapter.GetMemoriesAsync(new MemoryQuery(Facts)));
    }

    /// <summary>The same backend, whose second look found what its first had left, and took it for somebody else's.</summary>
    [Fact]
    public async Task A_batch_of_an_agent_that_was_removed_and_created_anew_is_created()
    {
        await Adapter.CreateMemoryAsync(new Memory { Embedding = East }, Facts);
        Assert.True(await Other.DeleteAgentAsync(AgentId));
        await Other.CreateAgentAsync(new Agent { Id = AgentId, Name = "Ada" });

        var results = await Adapter.CreateMemoriesAsync(
            [new Memory { Id = Id(1) }, new Memory { Id = Id(2), Embedding = East }, new Memory { Id = Id(3), Embedding = East }], Facts);

        Assert.All(results, result => Assert.Equal(CreateOutcome.Created, result.Outcome));
        Assert.Equal([true, true, false], results.Select(result => result.Unique).ToArray());
        Assert.Equal(3, await Adapter.GetEmbeddingDimensionAsync());
        AssertIds(await Adapter.SearchMemoriesAsync(new MemorySearch(Facts, East)), Id(3), Id(2));
    }
}
