using Xunit;

namespace ElizaEngine.Conformance;

/// <summary>Memories: storing, reading, changing and removing them. Vectors and searches have classes of their own.</summary>
public abstract class MemoryConformance : ConformanceTest
{
    private const string Messages = "messages";

    // Storing.

    [Fact]
    public async Task A_stored_memory_comes_back_with_every_field_from_every_read()
    {
        var world = Id(1);
        var room = await NewRoomAsync(worldId: world);
        var memory = new Memory
        {
            Id = Id(7),
            EntityId = await NewEntityAsync(),
            RoomId = room,
            WorldId = Id(2),
            CreatedAt = At(1_234_567),
            Content = new Content { Text = "hello", Source = "test", InReplyTo = Id(3) },
            Metadata = new MemoryMetadata { Type = MemoryTypes.Message, Tags = ["a", "b"] },
            Embedding = Vector(1, 2, 3),
            Unique = false,
        };
        await Adapter.CreateMemoryAsync(memory, Messages);

        var stored = memory with { AgentId = AgentId, TableName = Messages };
        var bare = stored with { Embedding = null };
        Assert.Equal(stored, await Adapter.GetMemoryByIdAsync(Id(7)));
        Assert.Equal(stored, Assert.Single(await Adapter.GetMemoriesByIdsAsync([Id(7)])));
        Assert.Equal(stored, Assert.Single(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages))));
        Assert.Equal(stored, Assert.Single(await Adapter.StreamMemoriesAsync(new MemoryQuery(Messages)).ToListAsync()));
        Assert.Equal(bare, Assert.Single(await Adapter.GetMemoriesByRoomIdsAsync([room], Messages)));
        Assert.Equal(bare, Assert.Single(await Adapter.GetMemoriesByWorldIdAsync(world)));
        var found = Assert.Single(await Adapter.SearchMemoriesAsync(new MemorySearch(Messages, Vector(1, 2, 3))));
        Assert.Equal(stored with { Similarity = found.Similarity }, found);
    }

    [Fact]
    public async Task What_is_not_given_gets_its_default()
    {
        var memory = new Memory();
        await Adapter.CreateMemoryAsync(memory, Messages);

        var stored = await Adapter.GetMemoryByIdAsync(memory.Id);
        Assert.Equal(
            memory with { AgentId = AgentId, TableName = Messages, CreatedAt = Time.GetUtcNow(), Metadata = new MemoryMetadata(), Unique = true },
            stored);
        Assert.Equal(Json.EmptyObject, stored!.Metadata!.Json);
        Assert.Equal(Json.EmptyObject, stored.Content.Json);
    }

    [Fact]
    public async Task Creating_returns_the_id_given()
    {
        Assert.Equal(Id(5), await Adapter.CreateMemoryAsync(new Memory { Id = Id(5) }, Messages));
        Assert.Equal(Id(5), await Adapter.CreateMemoryAsync(new Memory { Id = Id(5) }, Messages));
    }

    [Fact]
    public async Task The_table_is_the_one_of_the_call_not_of_the_memory()
    {
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(5), TableName = "facts" }, Messages);

        Assert.Equal(Messages, (await Adapter.GetMemoryByIdAsync(Id(5)))!.TableName);
        Assert.Empty(await Adapter.GetMemoriesAsync(new MemoryQuery("facts")));
    }

    [Fact]
    public async Task A_memory_can_belong_to_another_agent_than_the_adapters()
    {
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(5), AgentId = OtherAgentId }, Messages);

        Assert.Equal(OtherAgentId, (await Adapter.GetMemoryByIdAsync(Id(5)))!.AgentId);
        AssertIds(await Other.GetMemoriesAsync(new MemoryQuery(Messages) { AgentId = OtherAgentId }), Id(5));
    }

    [Fact]
    public async Task A_batch_has_one_result_per_item_in_order()
    {
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(2), Unique = false }, Messages);

        var results = await Adapter.CreateMemoriesAsync(
            [new Memory { Id = Id(3) }, new Memory { Id = Id(2) }, new Memory { Id = Id(1), Unique = false }, new Memory { Id = Id(3), Unique = false }],
            Messages);

        Assert.Equal(
            [
                new MemoryCreateResult(Id(3), CreateOutcome.Created, true),
                new MemoryCreateResult(Id(2), CreateOutcome.Existed, false),
                new MemoryCreateResult(Id(1), CreateOutcome.Created, false),
                new MemoryCreateResult(Id(3), CreateOutcome.Existed, true),
            ],
            results.ToArray());
    }

    [Fact]
    public async Task Of_equal_ids_in_one_batch_the_first_is_stored()
    {
        await Adapter.CreateMemoriesAsync(
            [new Memory { Id = Id(1), Content = Content.FromText("first") }, new Memory { Id = Id(1), Content = Content.FromText("second") }], Messages);

        Assert.Equal("first", Assert.Single(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages))).Content.Text);
    }

    [Fact]
    public async Task Creating_an_id_that_exists_leaves_everything_as_it_was()
    {
        var room = await NewRoomAsync();
        var memory = new Memory { Id = Id(1), RoomId = room, CreatedAt = At(5), Content = Content.FromText("first"), Embedding = Vector(1, 2, 3), Unique = false };
        await Adapter.CreateMemoryAsync(memory, Messages);
        var before = await Adapter.GetMemoryByIdAsync(Id(1));

        await Adapter.CreateMemoryAsync(
            new Memory
            {
                Id = Id(1),
                RoomId = await NewRoomAsync(),
                EntityId = await NewEntityAsync(),
                WorldId = Id(9),
                CreatedAt = At(6),
                Content = Content.FromText("second"),
                Metadata = new MemoryMetadata { Source = "second" },
                Embedding = Vector(3, 2, 1),
                Unique = true,
            },
            Messages);

        Assert.Equal(before, await Adapter.GetMemoryByIdAsync(Id(1)));
        Assert.Equal(1, await Adapter.CountMemoriesAsync(new MemoryQuery(Messages)));
        var found = Assert.Single(await Adapter.SearchMemoriesAsync(new MemorySearch(Messages, Vector(1, 2, 3))));
        Assert.Equal(1, found.Similarity!.Value, 1e-6f);
    }

    [Fact]
    public async Task Creating_an_id_that_exists_without_a_vector_gives_it_none()
    {
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1) }, Messages);

        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), Embedding = Vector(1, 2, 3) }, Messages);

        Assert.Null((await Adapter.GetMemoryByIdAsync(Id(1)))!.Embedding);
        Assert.Empty(await Adapter.SearchMemoriesAsync(new MemorySearch(Messages, Vector(1, 2, 3))));
    }

    [Fact]
    public async Task An_id_that_exists_in_another_table_stays_there()
    {
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), Content = Content.FromText("first") }, Messages);

        var result = Assert.Single(await Adapter.CreateMemoriesAsync([new Memory { Id = Id(1), Content = Content.FromText("second") }], "facts"));

        Assert.Equal(CreateOutcome.Existed, result.Outcome);
        Assert.Empty(await Adapter.GetMemoriesAsync(new MemoryQuery("facts")));
        Assert.Equal("first", Assert.Single(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages))).Content.Text);
    }

    [Theory]
    [InlineData("rooms")]
    [InlineData("entities")]
    [InlineData("agents")]
    public async Task A_reference_to_nothing_refuses_the_whole_batch(string table)
    {
        var bad = table switch
        {
            "rooms" => new Memory { Id = Id(2), RoomId = Id(99) },
            "entities" => new Memory { Id = Id(2), EntityId = Id(99) },
            _ => new Memory { Id = Id(2), AgentId = Id(99) },
        };

        var error = await Assert.ThrowsAsync<ReferenceNotFoundException>(
            () => Adapter.CreateMemoriesAsync([new Memory { Id = Id(1) }, bad, new Memory { Id = Id(3) }], Messages));
        Assert.Equal(table, error.Table);
        Assert.Equal(Id(99), error.Id);
        await Assert.ThrowsAsync<ReferenceNotFoundException>(() => Adapter.UpsertMemoriesAsync([new Memory { Id = Id(1) }, bad], Messages));

        Assert.Equal(0, await Adapter.CountMemoriesAsync(new MemoryQuery(Messages)));
        Assert.Empty(await Adapter.GetMemoriesByIdsAsync([Id(1), Id(2), Id(3)]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_later_item_of_the_same_id_names_is_not_looked_at(bool isUpsert)
    {
        await Adapter.EnsureEmbeddingDimensionAsync(2);
        Task StoreAsync(Memory last)
        {
            Memory[] items = [new Memory { Id = Id(1), Unique = true }, new Memory { Id = Id(1), RoomId = Id(98), Unique = true }, last];
            return isUpsert ? Adapter.UpsertMemoriesAsync(items, Messages) : Adapter.CreateMemoriesAsync(items, Messages);
        }

        var missing = await Assert.ThrowsAsync<ReferenceNotFoundException>(() => StoreAsync(new Memory { Id = Id(2), RoomId = Id(99), Unique = true }));
        Assert.Equal(Id(99), missing.Id);
        var mismatch = await Assert.ThrowsAsync<DimensionMismatchException>(() => StoreAsync(new Memory { Id = Id(2), Embedding = Vector(1, 2, 3), Unique = true }));
        Assert.Equal((2, 3), (mismatch.ActiveDimension, mismatch.GivenDimension));
        Assert.Equal(0, await Adapter.CountMemoriesAsync(new MemoryQuery(Messages)));

        await StoreAsync(new Memory { Id = Id(2), Unique = true });

        Assert.Equal(2, await Adapter.CountMemoriesAsync(new MemoryQuery(Messages)));
    }

    [Fact]
    public async Task A_reference_error_names_the_field()
    {
        var error = await Assert.ThrowsAsync<ReferenceNotFoundException>(() => Adapter.CreateMemoryAsync(new Memory { RoomId = Id(99) }, Messages));

        Assert.Equal("memories.roomId", error.ReferencedBy);
    }

    [Fact]
    public async Task A_fragment_without_document_or_position_and_a_document_without_timestamp_are_refused()
    {
        MemoryMetadata[] refused =
        [
            new() { Type = MemoryTypes.Fragment, Position = 0 },
            new() { Type = MemoryTypes.Fragment, DocumentId = Id(8) },
            new() { Type = MemoryTypes.Document },
        ];
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), Metadata = new MemoryMetadata { Source = "here" } }, Messages);

        foreach (var metadata in refused)
        {
            var bad = new Memory { Id = Id(3), Metadata = metadata };
            await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.CreateMemoriesAsync([new Memory { Id = Id(2) }, bad], Messages));
            await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.UpsertMemoriesAsync([new Memory { Id = Id(2) }, bad], Messages));
            await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Metadata = metadata }));
        }

        var only = Assert.Single(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages)));
        Assert.Equal(new MemoryMetadata { Source = "here" }, only.Metadata);
    }

    [Fact]
    public async Task A_cancelled_call_stores_and_changes_nothing()
    {
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), Content = Content.FromText("old") }, Messages);
        var cancelled = new CancellationToken(canceled: true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.CreateMemoryAsync(new Memory { Id = Id(2) }, Messages, cancellationToken: cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.UpsertMemoryAsync(new Memory { Id = Id(1) }, Messages, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Content = Content.FromText("new") }, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.DeleteMemoryAsync(Id(1), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.GetMemoriesAsync(new MemoryQuery(Messages), cancelled));

        Assert.Equal("old", Assert.Single(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages))).Content.Text);
    }

    [Fact]
    public async Task The_callers_objects_are_not_changed()
    {
        await Adapter.CreateMemoryAsync(new Memory { Embedding = Vector(1, 2, 3) }, Messages);
        var vector = Vector(1, 2, 3);
        var memory = new Memory { Embedding = vector, Content = Content.FromText("text") };
        var copy = memory with { };
        var list = new List<Memory> { memory };

        await Adapter.CreateMemoriesAsync(list, Messages);
        await Adapter.UpsertMemoriesAsync(list, Messages);

        Assert.Same(memory, Assert.Single(list));
        Assert.Equal(copy, memory);
        Assert.Null(memory.Unique);
        Assert.Equal(Vector(1, 2, 3), vector);
    }

    [Fact]
    public async Task What_the_caller_does_to_its_arrays_and_lists_afterwards_changes_nothing_stored()
    {
        float[] created = [1, 0, 0], upserted = [1, 0, 0], updated = [1, 0, 0];
        var list = new List<Memory> { new() { Id = Id(1), Embedding = created } };
        await Adapter.CreateMemoriesAsync(list, Messages);
        await Adapter.UpsertMemoryAsync(new Memory { Id = Id(2), Embedding = upserted }, Messages);
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(3) }, Messages);
        await Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(3)) { Embedding = updated });

        list.Clear();
        foreach (var array in new[] { created, upserted, updated })
        {
            array[0] = 0;
            array[1] = 7;
        }

        var memories = await Adapter.GetMemoriesAsync(new MemoryQuery(Messages));
        Assert.Equal(3, memories.Count);
        Assert.All(memories, memory => Assert.Equal(Vector(1, 0, 0), memory.Embedding!.Value.ToArray()));
        var found = await Adapter.SearchMemoriesAsync(new MemorySearch(Messages, Vector(1, 0, 0)) { Threshold = 0.9f });
        Assert.Equal(3, found.Count);
    }

    [Theory]
    [InlineData("emoji \U0001F600 \U0001F468‍\U0001F469‍\U0001F467")]
    [InlineData("right to left: \u05E9\u05DC\u05D5\u05DD \u202E \u0645\u0631\u062D\u0628\u0627")]
    [InlineData("the last of the plane: \uFFFF\uFFFE, the replacement: \uFFFD")]
    [InlineData("combining e\u0301 is not composed \u00E9")]
    [InlineData("quotes \" ' \\ / slashes, controls \u0001 \u001F \u007F \u0085, lines \r\n \u2028 \t")]
    [InlineData("")]
    public async Task Text_comes_back_as_it_was_in_content_metadata_keys_and_table_name(string text)
    {
        var table = text.Length == 0 ? Messages : text;
        var content = new Content { Text = text, ["key " + text] = Json.From(text) };
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), Content = content, Metadata = new MemoryMetadata { Source = text } }, table);

        var stored = Assert.Single(await Adapter.GetMemoriesAsync(new MemoryQuery(table)));
        Assert.Equal(text, stored.Content.Text);
        Assert.Equal(Json.From(text), stored.Content["key " + text]);
        Assert.Equal(text, stored.Metadata!.Source);
        Assert.Equal(table, stored.TableName);
    }

    [Fact]
    public async Task Tables_whose_names_differ_only_in_composition_or_case_are_different()
    {
        string[] tables = ["caf\u00E9", "cafe\u0301", "CAF\u00C9", "cafe", "cafe "];
        for (var i = 0; i < tables.Length; i++) await Adapter.CreateMemoryAsync(new Memory { Id = Id(i) }, tables[i]);

        for (var i = 0; i < tables.Length; i++) AssertIds(await Adapter.GetMemoriesAsync(new MemoryQuery(tables[i])), Id(i));
    }

    [Fact]
    public async Task Keys_nobody_knows_are_kept_in_content_and_metadata()
    {
        var json = Json.Parse("""
            {"text": 5, "mine": {"deep": [1, 2.5, -0.001, 1e30, true, false, null, "", {}, []]}, "": "no name", "ключ": null, "big": 9007199254740993}
            """);
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), Content = new Content(json), Metadata = new MemoryMetadata(json) }, Messages);

        var stored = await Adapter.GetMemoryByIdAsync(Id(1));
        Assert.Equal(json, stored!.Content.Json);
        Assert.Equal(json, stored.Metadata!.Json);
        Assert.Null(stored.Content.Text);
    }

    [Fact]
    [Trait("Speed", "Slow")]
    public async Task Content_of_five_megabytes_comes_back()
    {
        var text = string.Concat(Enumerable.Range(0, 5 << 20).Select(i => (char)('a' + (i % 26))));
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), Content = Content.FromText(text) }, Messages);
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(2) }, Messages);
        await Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(2)) { Content = Content.FromText(text + "!") });

        Assert.Equal(text, (await Adapter.GetMemoryByIdAsync(Id(1)))!.Content.Text);
        Assert.Equal(text + "!", (await Adapter.GetMemoryByIdAsync(Id(2)))!.Content.Text);
    }

    [Fact]
    [Trait("Speed", "Slow")]
    public async Task Ten_thousand_rows_can_be_stored_in_one_batch()
    {
        const int rows = 10_000;
        var room = await NewRoomAsync();
        var results = await Adapter.CreateMemoriesAsync(
            [.. Enumerable.Range(0, rows).Select(i => new Memory { Id = Id(i), RoomId = room, CreatedAt = At(i), Content = Content.FromText($"row {i}") })], Messages);

        Assert.Equal(Enumerable.Range(0, rows).Select(i => new MemoryCreateResult(Id(i), CreateOutcome.Created, true)), results);
        Assert.Equal(rows, await Adapter.CountMemoriesAsync(new MemoryQuery(Messages) { RoomId = room }));
        var all = await Adapter.GetMemoriesAsync(new MemoryQuery(Messages));
        Assert.Equal(Enumerable.Range(0, rows).Reverse().Select(i => (Id(i), $"row {i}")), all.Select(memory => (memory.Id, memory.Content.Text!)));
        Assert.Equal(rows, await Adapter.DeleteMemoriesAsync([.. all.Select(memory => memory.Id)]));
        Assert.Equal(0, await Adapter.CountMemoriesAsync(new MemoryQuery(Messages)));
    }

    [Fact]
    public async Task An_empty_list_does_nothing()
    {
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1) }, Messages);

        Assert.Empty(await Adapter.CreateMemoriesAsync([], Messages));
        Assert.Empty(await Adapter.UpsertMemoriesAsync([], Messages));
        Assert.Equal(0, await Adapter.UpdateMemoriesAsync([]));
        Assert.Equal(0, await Adapter.DeleteMemoriesAsync([]));
        Assert.Equal(0, await Adapter.DeleteAllMemoriesAsync([], Messages));
        Assert.Empty(await Adapter.GetMemoriesByIdsAsync([]));
        Assert.Empty(await Adapter.GetMemoriesByRoomIdsAsync([], Messages));
        Assert.Equal(1, await Adapter.CountMemoriesAsync(new MemoryQuery(Messages)));
    }

    // Storing or changing.

    [Fact]
    public async Task An_upsert_stores_what_is_not_there_and_says_so_in_order()
    {
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(2), Unique = false }, Messages);

        var results = await Adapter.UpsertMemoriesAsync([new Memory { Id = Id(3) }, new Memory { Id = Id(2), Unique = true }, new Memory { Id = Id(1), Unique = false }], Messages);

        Assert.Equal(
            [
                new MemoryCreateResult(Id(3), CreateOutcome.Created, true),
                new MemoryCreateResult(Id(2), CreateOutcome.Existed, false),
                new MemoryCreateResult(Id(1), CreateOutcome.Created, false),
            ],
            results.ToArray());
        Assert.Equal(3, await Adapter.CountMemoriesAsync(new MemoryQuery(Messages)));
    }

    [Fact]
    public async Task An_upsert_replaces_content_metadata_and_vector_and_keeps_the_rest()
    {
        var memory = new Memory
        {
            Id = Id(1),
            EntityId = await NewEntityAsync(),
            RoomId = await NewRoomAsync(),
            WorldId = Id(9),
            CreatedAt = At(5),
            Content = new Content { Text = "old", Source = "old" },
            Metadata = new MemoryMetadata { Source = "old" },
            Embedding = Vector(1, 0, 0),
            Unique = false,
        };
        await Adapter.CreateMemoryAsync(memory, Messages);

        var result = await Adapter.UpsertMemoryAsync(
            new Memory
            {
                Id = Id(1),
                EntityId = await NewEntityAsync(),
                RoomId = await NewRoomAsync(),
                WorldId = Id(8),
                AgentId = OtherAgentId,
                CreatedAt = At(6),
                Content = Content.FromText("new"),
                Metadata = new MemoryMetadata { Scope = "new" },
                Embedding = Vector(0, 1, 0),
                Unique = true,
            },
            "facts");

        Assert.Equal(new MemoryCreateResult(Id(1), CreateOutcome.Existed, false), result);
        Assert.Equal(
            memory with
            {
                AgentId = AgentId,
                TableName = Messages,
                Content = Content.FromText("new"),
                Metadata = new MemoryMetadata { Scope = "new" },
                Embedding = Vector(0, 1, 0),
            },
            await Adapter.GetMemoryByIdAsync(Id(1)));
        Assert.Equal(0, await Adapter.CountMemoriesAsync(new MemoryQuery("facts")));
    }

    [Fact]
    public async Task An_upsert_without_metadata_empties_it_and_without_vector_keeps_the_vector()
    {
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), Metadata = new MemoryMetadata { Source = "old" }, Embedding = Vector(1, 2, 3) }, Messages);

        await Adapter.UpsertMemoryAsync(new Memory { Id = Id(1), Content = Content.FromText("new") }, Messages);

        var stored = await Adapter.GetMemoryByIdAsync(Id(1));
        Assert.Equal(new MemoryMetadata(), stored!.Metadata);
        Assert.Equal("new", stored.Content.Text);
        Assert.Equal(Vector(1, 2, 3), stored.Embedding!.Value.ToArray());
    }

    [Fact]
    public async Task An_upsert_changes_another_agents_memory_and_leaves_it_to_that_agent()
    {
        await Other.CreateMemoryAsync(new Memory { Id = Id(1), Content = Content.FromText("old") }, Messages);

        var result = await Adapter.UpsertMemoryAsync(new Memory { Id = Id(1), Content = Content.FromText("new") }, Messages);

        Assert.Equal(CreateOutcome.Existed, result.Outcome);
        var stored = await Adapter.GetMemoryByIdAsync(Id(1));
        Assert.Equal("new", stored!.Content.Text);
        Assert.Equal(OtherAgentId, stored.AgentId);
    }

    [Fact]
    public async Task An_id_twice_in_one_upsert_is_created_and_then_changed()
    {
        var results = await Adapter.UpsertMemoriesAsync(
            [new Memory { Id = Id(1), CreatedAt = At(1), Content = Content.FromText("first") }, new Memory { Id = Id(1), CreatedAt = At(2), Content = Content.FromText("second") }],
            Messages);

        Assert.Equal([CreateOutcome.Created, CreateOutcome.Existed], results.Select(result => result.Outcome).ToArray());
        var stored = Assert.Single(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages)));
        Assert.Equal("second", stored.Content.Text);
        Assert.Equal(At(1), stored.CreatedAt);
    }

    // Changing.

    [Fact]
    public async Task An_update_replaces_each_part_whole_and_leaves_what_is_null()
    {
        var memory = new Memory
        {
            Id = Id(1),
            EntityId = await NewEntityAsync(),
            RoomId = await NewRoomAsync(),
            WorldId = Id(9),
            CreatedAt = At(5),
            Content = new Content { Text = "old", Source = "old" },
            Metadata = new MemoryMetadata { Source = "old", Scope = "old" },
            Embedding = Vector(1, 0, 0),
            Unique = false,
        };
        await Adapter.CreateMemoryAsync(memory, Messages);
        var expected = memory with { AgentId = AgentId, TableName = Messages };

        async Task AssertUpdateAsync(MemoryUpdate update)
        {
            Assert.True(await Adapter.UpdateMemoryAsync(update));
            Assert.Equal(expected, await Adapter.GetMemoryByIdAsync(Id(1)));
            Assert.Equal(expected, Assert.Single(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages))));
        }

        await AssertUpdateAsync(new MemoryUpdate(Id(1)));
        expected = expected with { Content = new Content { Thought = "new" } };
        await AssertUpdateAsync(new MemoryUpdate(Id(1)) { Content = new Content { Thought = "new" } });
        expected = expected with { Metadata = new MemoryMetadata { SourceId = "new" } };
        await AssertUpdateAsync(new MemoryUpdate(Id(1)) { Metadata = new MemoryMetadata { SourceId = "new" } });
        expected = expected with { Embedding = Vector(0, 1, 0) };
        await AssertUpdateAsync(new MemoryUpdate(Id(1)) { Embedding = Vector(0, 1, 0) });
        expected = expected with { Content = new Content(), Metadata = new MemoryMetadata(), Embedding = Vector(0, 0, 1) };
        await AssertUpdateAsync(new MemoryUpdate(Id(1)) { Content = new Content(), Metadata = new MemoryMetadata(), Embedding = Vector(0, 0, 1) });
    }

    [Fact]
    public async Task An_update_of_a_missing_memory_returns_false_and_stores_nothing()
    {
        Assert.False(await Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Content = Content.FromText("new") }));
        Assert.False(await Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Embedding = Vector(1, 2, 3) }));
        Assert.Equal(0, await Adapter.UpdateMemoriesAsync([new MemoryUpdate(Id(1)), new MemoryUpdate(Id(2)) { Metadata = new MemoryMetadata() }]));

        Assert.Null(await Adapter.GetMemoryByIdAsync(Id(1)));
        Assert.Null(await Adapter.GetEmbeddingDimensionAsync());
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1) }, Messages);
        Assert.Null((await Adapter.GetMemoryByIdAsync(Id(1)))!.Embedding);
    }

    [Fact]
    public async Task A_batch_of_updates_returns_how_many_were_there()
    {
        await Adapter.CreateMemoriesAsync([new Memory { Id = Id(1) }, new Memory { Id = Id(3) }], Messages);

        var changed = await Adapter.UpdateMemoriesAsync(
            [.. Enumerable.Range(1, 4).Select(i => new MemoryUpdate(Id(i)) { Content = Content.FromText($"new {i}") })]);

        Assert.Equal(2, changed);
        Assert.Equal(["new 3", "new 1"], (await Adapter.GetMemoriesByIdsAsync([Id(1), Id(2), Id(3), Id(4)])).Select(memory => memory.Content.Text).ToArray());
    }

    [Fact]
    public async Task Updates_of_one_memory_in_one_batch_apply_in_order()
    {
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1) }, Messages);

        await Adapter.UpdateMemoriesAsync(
        [
            new MemoryUpdate(Id(1)) { Content = Content.FromText("first"), Metadata = new MemoryMetadata { Source = "first" } },
            new MemoryUpdate(Id(1)) { Content = Content.FromText("second"), Embedding = Vector(1, 2, 3) },
        ]);

        var stored = await Adapter.GetMemoryByIdAsync(Id(1));
        Assert.Equal("second", stored!.Content.Text);
        Assert.Equal("first", stored.Metadata!.Source);
        Assert.Equal(Vector(1, 2, 3), stored.Embedding!.Value.ToArray());
    }

    [Fact]
    public async Task Another_agents_memory_can_be_updated_and_deleted()
    {
        await Other.CreateMemoryAsync(new Memory { Id = Id(1) }, Messages);

        Assert.True(await Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Content = Content.FromText("new") }));
        Assert.Equal("new", (await Other.GetMemoryByIdAsync(Id(1)))!.Content.Text);
        Assert.True(await Adapter.DeleteMemoryAsync(Id(1)));
        Assert.Null(await Other.GetMemoryByIdAsync(Id(1)));
    }

    // Reading.

    [Fact]
    public async Task The_newest_come_first_and_equal_times_order_by_the_big_endian_bytes_of_the_id_descending()
    {
        Guid[] descending =
        [
            new("ff000000-0000-0000-0000-000000000000"),
            new("80000000-0000-0000-0000-000000000000"),
            new("7fffffff-ffff-ffff-ffff-ffffffffffff"),
            new("01000000-0000-0000-0000-000000000000"),
            new("00000001-ff00-0000-0000-000000000000"),
            new("00000001-00ff-0000-0000-000000000000"),
            new("00000001-0001-8000-0000-000000000000"),
            new("00000001-0001-7f00-0000-000000000000"),
            new("00000001-0001-007f-8000-000000000000"),
            new("00000001-0001-007f-7fff-ffffffffffff"),
            new("00000000-0000-0000-0000-000000000002"),
            new("00000000-0000-0000-0000-000000000001"),
        ];
        var room = await NewRoomAsync(worldId: Id(1));
        for (var i = 0; i < descending.Length; i++)
            await Adapter.CreateMemoryAsync(new Memory { Id = descending[i * 5 % descending.Length], RoomId = room, CreatedAt = At(10) }, Messages);
        await Adapter.CreateMemoriesAsync([new Memory { Id = Id(0), RoomId = room, CreatedAt = At(11) }, new Memory { Id = Id(-1), RoomId = room, CreatedAt = At(9) }], Messages);

        Guid[] expected = [Id(0), .. descending, Id(-1)];
        AssertIds(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages)), expected);
        AssertIds(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages) { RoomId = room }), expected);
        AssertIds(await Adapter.StreamMemoriesAsync(new MemoryQuery(Messages)).ToListAsync(), expected);
        AssertIds(await Adapter.GetMemoriesByIdsAsync([.. expected.Reverse()]), expected);
        AssertIds(await Adapter.GetMemoriesByRoomIdsAsync([room], Messages), expected);
        AssertIds(await Adapter.GetMemoriesByWorldIdAsync(Id(1)), expected);
    }

    [Theory]
    [InlineData(null, 0, new[] { 5, 4, 3, 2, 1 })]
    [InlineData(0, 0, new int[0])]
    [InlineData(2, 0, new[] { 5, 4 })]
    [InlineData(5, 0, new[] { 5, 4, 3, 2, 1 })]
    [InlineData(int.MaxValue, 0, new[] { 5, 4, 3, 2, 1 })]
    [InlineData(null, 2, new[] { 3, 2, 1 })]
    [InlineData(2, 2, new[] { 3, 2 })]
    [InlineData(2, 4, new[] { 1 })]
    [InlineData(0, 2, new int[0])]
    [InlineData(null, 5, new int[0])]
    [InlineData(2, int.MaxValue, new int[0])]
    [InlineData(int.MaxValue, int.MaxValue, new int[0])]
    public async Task Count_and_offset_cut_a_page_out_of_the_order(int? count, int offset, int[] expected)
    {
        await Adapter.CreateMemoriesAsync([.. Enumerable.Range(1, 5).Select(i => new Memory { Id = Id(i), CreatedAt = At(i) })], Messages);
        var query = new MemoryQuery(Messages) { Count = count, Offset = offset };

        AssertIds(await Adapter.GetMemoriesAsync(query), [.. expected.Select(Id)]);
        AssertIds(await Adapter.StreamMemoriesAsync(query).ToListAsync(), [.. expected.Select(Id)]);
        Assert.Equal(5, await Adapter.CountMemoriesAsync(query));
    }

    [Fact]
    public async Task A_negative_count_or_offset_is_refused()
    {
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.GetMemoriesAsync(new MemoryQuery(Messages) { Count = -1 }));
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.GetMemoriesAsync(new MemoryQuery(Messages) { Offset = -1 }));
        await Assert.ThrowsAsync<InvalidInputException>(async () => await Adapter.StreamMemoriesAsync(new MemoryQuery(Messages) { Count = -1 }).ToListAsync());
        await Assert.ThrowsAsync<InvalidInputException>(async () => await Adapter.StreamMemoriesAsync(new MemoryQuery(Messages) { Offset = -1 }).ToListAsync());
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.GetMemoriesByRoomIdsAsync([Id(1)], Messages, -1));
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.GetMemoriesByWorldIdAsync(Id(1), -1));
    }

    [Theory]
    [InlineData(null, null, new[] { 4, 3, 2, 1 })]
    [InlineData(0L, null, new[] { 4, 3 })]
    [InlineData(null, 0L, new[] { 3, 2, 1 })]
    [InlineData(0L, 0L, new[] { 3 })]
    [InlineData(-5L, 0L, new[] { 3, 2 })]
    [InlineData(-4L, -1L, new int[0])]
    [InlineData(-1_000_000_000_000L, -5L, new[] { 2, 1 })]
    [InlineData(7L, 7L, new[] { 4 })]
    [InlineData(8L, null, new int[0])]
    [InlineData(7L, 0L, new int[0])]
    public async Task Start_and_end_are_inclusive_and_the_epoch_is_a_time(long? start, long? end, int[] expected)
    {
        await Adapter.CreateMemoriesAsync(
            [
                new Memory { Id = Id(1), CreatedAt = At(-1_000_000_000_000) },
                new Memory { Id = Id(2), CreatedAt = At(-5) },
                new Memory { Id = Id(3), CreatedAt = At(0) },
                new Memory { Id = Id(4), CreatedAt = At(7) },
            ],
            Messages);
        var query = new MemoryQuery(Messages) { Start = start is { } from ? At(from) : null, End = end is { } to ? At(to) : null };

        AssertIds(await Adapter.GetMemoriesAsync(query), [.. expected.Select(Id)]);
        AssertIds(await Adapter.StreamMemoriesAsync(query).ToListAsync(), [.. expected.Select(Id)]);
        Assert.Equal(expected.Length, await Adapter.CountMemoriesAsync(query));
    }

    [Fact]
    public async Task Times_are_floored_to_milliseconds_before_and_after_1970_and_come_back_in_utc()
    {
        await Adapter.CreateMemoriesAsync(
            [
                new Memory { Id = Id(1), CreatedAt = At(5).AddTicks(9_999) },
                new Memory { Id = Id(2), CreatedAt = At(0).AddTicks(-1) },
                new Memory { Id = Id(3), CreatedAt = At(-5).AddTicks(1) },
                new Memory { Id = Id(4), CreatedAt = new DateTimeOffset(2020, 1, 1, 2, 0, 0, TimeSpan.FromHours(2)) },
                new Memory { Id = Id(5), CreatedAt = DateTimeOffset.MinValue },
                new Memory { Id = Id(6), CreatedAt = DateTimeOffset.MaxValue },
            ],
            Messages);

        var times = (await Adapter.GetMemoriesAsync(new MemoryQuery(Messages))).ToDictionary(memory => memory.Id, memory => memory.CreatedAt!.Value);
        Assert.Equal(At(5), times[Id(1)]);
        Assert.Equal(At(-1), times[Id(2)]);
        Assert.Equal(At(-5), times[Id(3)]);
        Assert.Equal(new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), times[Id(4)]);
        Assert.Equal(DateTimeOffset.MinValue, times[Id(5)]);
        Assert.Equal(new DateTimeOffset(9999, 12, 31, 23, 59, 59, 999, TimeSpan.Zero), times[Id(6)]);
        Assert.All(times.Values, time => Assert.Equal(TimeSpan.Zero, time.Offset));
    }

    [Fact]
    public async Task Bounds_finer_than_a_millisecond_bound_the_stored_times_exactly()
    {
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), CreatedAt = At(5) }, Messages);

        Assert.Equal(0, await Adapter.CountMemoriesAsync(new MemoryQuery(Messages) { Start = At(5).AddTicks(1) }));
        Assert.Equal(1, await Adapter.CountMemoriesAsync(new MemoryQuery(Messages) { Start = At(5).AddTicks(-1) }));
        Assert.Equal(1, await Adapter.CountMemoriesAsync(new MemoryQuery(Messages) { End = At(5).AddTicks(1) }));
        Assert.Equal(0, await Adapter.CountMemoriesAsync(new MemoryQuery(Messages) { End = At(5).AddTicks(-1) }));
        AssertIds(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages) { Start = DateTimeOffset.MinValue, End = DateTimeOffset.MaxValue }), Id(1));

        // Nothing is stored later than the last whole millisecond: it is before a bound within it, as any time would be.
        var last = new DateTimeOffset(9999, 12, 31, 23, 59, 59, 999, TimeSpan.Zero);
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(2), CreatedAt = DateTimeOffset.MaxValue }, Messages);
        AssertIds(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages) { Start = last }), Id(2));
        AssertIds(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages) { End = DateTimeOffset.MaxValue }), Id(2), Id(1));
        Assert.Empty(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages) { Start = last.AddTicks(1) }));
        Assert.Equal(0, await Adapter.CountMemoriesAsync(new MemoryQuery(Messages) { Start = DateTimeOffset.MaxValue }));
        Assert.Empty(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages) { Start = DateTimeOffset.MaxValue }));
    }

    [Fact]
    public async Task Every_combination_of_filters_selects_what_plain_LINQ_selects()
    {
        Guid[] rooms = [await NewRoomAsync(), await NewRoomAsync()], entities = [await NewEntityAsync(), await NewEntityAsync()];
        Guid[] agents = [AgentId, OtherAgentId], worlds = [Id(1001), Id(1002)];
        // Every combination of values, at three times, and rows without room, world and entity.
        var rows = Enumerable.Range(0, 96).Select(i => new Memory
        {
            Id = Id(i * 37 % 96),
            RoomId = rooms[i & 1],
            WorldId = worlds[(i >> 1) & 1],
            AgentId = agents[(i >> 2) & 1],
            EntityId = entities[(i >> 3) & 1],
            Unique = ((i >> 4) & 1) == 0,
            CreatedAt = At(i / 32),
        }).Append(new Memory { Id = Id(200), AgentId = AgentId, CreatedAt = At(1), Unique = true }).ToList();
        await Adapter.CreateMemoriesAsync(rows, Messages);
        await Adapter.CreateMemoriesAsync([.. rows.Select(row => row with { Id = Id(row.Id.ToByteArray(bigEndian: true)[3] + 500) })], "facts");
        (string Name, Func<MemoryQuery, MemoryQuery> Ask, Func<Memory, bool> Keep)[] filters =
        [
            ("room", query => query with { RoomId = rooms[0] }, row => row.RoomId == rooms[0]),
            ("world", query => query with { WorldId = worlds[1] }, row => row.WorldId == worlds[1]),
            ("agent", query => query with { AgentId = agents[1] }, row => row.AgentId == agents[1]),
            ("entity", query => query with { EntityId = entities[0] }, row => row.EntityId == entities[0]),
            ("unique", query => query with { UniqueOnly = true }, row => row.Unique == true),
            ("start", query => query with { Start = At(1) }, row => row.CreatedAt >= At(1)),
            ("end", query => query with { End = At(1) }, row => row.CreatedAt <= At(1)),
        ];

        for (var mask = 0; mask < 1 << filters.Length; mask++)
        {
            var chosen = filters.Where((_, i) => (mask >> i & 1) == 1).ToArray();
            var name = string.Join(" and ", chosen.Select(filter => filter.Name));
            var query = chosen.Aggregate(new MemoryQuery(Messages), (query, filter) => filter.Ask(query));
            var expected = rows.Where(row => chosen.All(filter => filter.Keep(row)))
                .OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id).Select(row => row.Id).ToArray();

            Assert.True(expected.SequenceEqual((await Adapter.GetMemoriesAsync(query)).Select(row => row.Id)), $"get by {name}");
            Assert.True(expected.SequenceEqual(await Adapter.StreamMemoriesAsync(query).Select(row => row.Id).ToListAsync()), $"stream by {name}");
            Assert.True(expected.Length == await Adapter.CountMemoriesAsync(query), $"count by {name}");
            var page = (await Adapter.GetMemoriesAsync(query with { Offset = 2, Count = 3 })).Select(row => row.Id);
            Assert.True(expected.Skip(2).Take(3).SequenceEqual(page), $"page by {name}");
        }
    }

    [Fact]
    public async Task A_filter_by_something_unknown_selects_nothing()
    {
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), RoomId = await NewRoomAsync(), EntityId = await NewEntityAsync(), WorldId = Id(9) }, Messages);

        Assert.Empty(await Adapter.GetMemoriesAsync(new MemoryQuery("facts")));
        Assert.Empty(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages) { RoomId = Id(99) }));
        Assert.Empty(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages) { WorldId = Id(99) }));
        Assert.Empty(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages) { AgentId = Id(99) }));
        Assert.Empty(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages) { EntityId = Id(99) }));
        Assert.Equal(0, await Adapter.CountMemoriesAsync(new MemoryQuery(Messages) { RoomId = Id(99) }));
        Assert.Empty(await Adapter.GetMemoriesByIdsAsync([Id(99)]));
        Assert.Empty(await Adapter.GetMemoriesByRoomIdsAsync([Id(99)], Messages));
        Assert.Empty(await Adapter.GetMemoriesByWorldIdAsync(Id(9)));
        Assert.Null(await Adapter.GetMemoryByIdAsync(Id(99)));
    }

    [Fact]
    public async Task A_query_sees_all_agents_unless_it_names_one()
    {
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), CreatedAt = At(1) }, Messages);
        await Other.CreateMemoryAsync(new Memory { Id = Id(2), CreatedAt = At(2) }, Messages);

        AssertIds(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages)), Id(2), Id(1));
        AssertIds(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages) { AgentId = AgentId }), Id(1));
        AssertIds(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages) { AgentId = OtherAgentId }), Id(2));
        AssertIds(await Adapter.StreamMemoriesAsync(new MemoryQuery(Messages)).ToListAsync(), Id(2), Id(1));
        AssertIds(await Adapter.GetMemoriesByIdsAsync([Id(1), Id(2)]), Id(2), Id(1));
        Assert.Equal(2, await Adapter.CountMemoriesAsync(new MemoryQuery(Messages)));
        Assert.Equal(1, await Adapter.CountMemoriesAsync(new MemoryQuery(Messages) { AgentId = OtherAgentId }));
    }

    [Fact]
    public async Task The_count_of_a_room_leaves_near_duplicates_out_unless_asked_for()
    {
        var room = await NewRoomAsync();
        await Adapter.CreateMemoriesAsync(
            [new Memory { RoomId = room }, new Memory { RoomId = room, Unique = false }, new Memory { RoomId = room }, new Memory { RoomId = await NewRoomAsync() }], Messages);

        Assert.Equal(2, await Adapter.CountMemoriesAsync(room, Messages));
        Assert.Equal(3, await Adapter.CountMemoriesAsync(room, Messages, uniqueOnly: false));
        Assert.Equal(0, await Adapter.CountMemoriesAsync(room, "facts"));
    }

    [Fact]
    public async Task Embeddings_can_be_left_out_of_results()
    {
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), Embedding = Vector(1, 2, 3) }, Messages);
        var bare = (await Adapter.GetMemoryByIdAsync(Id(1)))! with { Embedding = null };
        var query = new MemoryQuery(Messages) { IncludeEmbeddings = false };

        Assert.Equal(bare, await Adapter.GetMemoryByIdAsync(Id(1), includeEmbedding: false));
        Assert.Equal(bare, Assert.Single(await Adapter.GetMemoriesByIdsAsync([Id(1)], includeEmbeddings: false)));
        Assert.Equal(bare, Assert.Single(await Adapter.GetMemoriesAsync(query)));
        Assert.Equal(bare, Assert.Single(await Adapter.StreamMemoriesAsync(query).ToListAsync()));
        var found = Assert.Single(await Adapter.SearchMemoriesAsync(new MemorySearch(Messages, Vector(1, 2, 3)) { IncludeEmbeddings = false }));
        Assert.Equal(bare with { Similarity = found.Similarity }, found);
        Assert.Equal(1, found.Similarity!.Value, 1e-6f);
    }

    [Fact]
    public async Task Reading_by_ids_skips_unknown_ones_counts_repeated_ones_once_and_minds_the_table()
    {
        await Adapter.CreateMemoriesAsync([new Memory { Id = Id(1), CreatedAt = At(3) }, new Memory { Id = Id(2), CreatedAt = At(1) }], Messages);
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(3), CreatedAt = At(2) }, "facts");
        Guid[] ids = [Id(2), Id(3), Id(99), Id(1), Id(3), Id(2)];

        AssertIds(await Adapter.GetMemoriesByIdsAsync(ids), Id(1), Id(3), Id(2));
        AssertIds(await Adapter.GetMemoriesByIdsAsync(ids, Messages), Id(1), Id(2));
        AssertIds(await Adapter.GetMemoriesByIdsAsync(ids, "facts"), Id(3));
        AssertIds(await Adapter.GetMemoriesByIdsAsync(ids, "documents"));
    }

    [Fact]
    public async Task Reading_by_rooms_merges_them_newest_first_for_this_agent()
    {
        Guid first = await NewRoomAsync(), second = await NewRoomAsync(), third = await NewRoomAsync();
        await Adapter.CreateMemoriesAsync(
            [
                new Memory { Id = Id(1), RoomId = first, CreatedAt = At(1) },
                new Memory { Id = Id(2), RoomId = second, CreatedAt = At(2), Unique = false },
                new Memory { Id = Id(3), RoomId = first, CreatedAt = At(3), Embedding = Vector(1, 2, 3) },
                new Memory { Id = Id(4), RoomId = third, CreatedAt = At(4) },
                new Memory { Id = Id(5), CreatedAt = At(5) },
            ],
            Messages);
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(6), RoomId = first, CreatedAt = At(6) }, "facts");
        await Other.CreateMemoryAsync(new Memory { Id = Id(7), RoomId = first, CreatedAt = At(7) }, Messages);

        var found = await Adapter.GetMemoriesByRoomIdsAsync([second, first, Id(99), second], Messages);
        AssertIds(found, Id(3), Id(2), Id(1));
        Assert.All(found, memory => Assert.Null(memory.Embedding));
        AssertIds(await Adapter.GetMemoriesByRoomIdsAsync([first, second], Messages, 2), Id(3), Id(2));
        AssertIds(await Adapter.GetMemoriesByRoomIdsAsync([first, second], Messages, 0));
        AssertIds(await Adapter.GetMemoriesByRoomIdsAsync([first, second], Messages, 100), Id(3), Id(2), Id(1));
        AssertIds(await Adapter.GetMemoriesByRoomIdsAsync([first], "facts"), Id(6));
        AssertIds(await Other.GetMemoriesByRoomIdsAsync([first, second], Messages), Id(7));
    }

    [Fact]
    public async Task Reading_by_world_goes_by_the_world_of_the_room_not_of_the_memory()
    {
        Guid inside = await NewRoomAsync(worldId: Id(1)), alsoInside = await NewRoomAsync(worldId: Id(1)), outside = await NewRoomAsync(worldId: Id(2));
        var others = await NewRoomAsync(Other, Id(1));
        await Adapter.CreateMemoriesAsync(
            [
                new Memory { Id = Id(1), RoomId = inside, CreatedAt = At(1), Embedding = Vector(1, 2, 3) },
                new Memory { Id = Id(2), RoomId = alsoInside, CreatedAt = At(2), WorldId = Id(2) },
                new Memory { Id = Id(3), RoomId = outside, CreatedAt = At(3), WorldId = Id(1) },
                new Memory { Id = Id(4), CreatedAt = At(4), WorldId = Id(1) },
                new Memory { Id = Id(5), RoomId = others, CreatedAt = At(5) },
            ],
            Messages);
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(6), RoomId = inside, CreatedAt = At(6) }, "facts");
        await Other.CreateMemoryAsync(new Memory { Id = Id(7), RoomId = inside, CreatedAt = At(7) }, Messages);

        var found = await Adapter.GetMemoriesByWorldIdAsync(Id(1));
        AssertIds(found, Id(2), Id(1));
        Assert.All(found, memory => Assert.Null(memory.Embedding));
        AssertIds(await Adapter.GetMemoriesByWorldIdAsync(Id(1), 1), Id(2));
        AssertIds(await Adapter.GetMemoriesByWorldIdAsync(Id(1), 0));
        AssertIds(await Adapter.GetMemoriesByWorldIdAsync(Id(1), tableName: "facts"), Id(6));
        AssertIds(await Adapter.GetMemoriesByWorldIdAsync(Id(2)), Id(3));
        await Adapter.UpdateRoomAsync(new RoomUpdate(outside) { WorldId = Id(1) });
        AssertIds(await Adapter.GetMemoriesByWorldIdAsync(Id(1)), Id(3), Id(2), Id(1));
    }

    [Fact]
    public async Task A_stream_can_be_left_early_and_read_again()
    {
        await Adapter.CreateMemoriesAsync([.. Enumerable.Range(0, 100).Select(i => new Memory { Id = Id(i), CreatedAt = At(i) })], Messages);
        var stream = Adapter.StreamMemoriesAsync(new MemoryQuery(Messages));

        var read = new List<Guid>();
        await foreach (var memory in stream)
        {
            read.Add(memory.Id);
            if (read.Count == 3) break;
        }

        Assert.Equal([Id(99), Id(98), Id(97)], read.ToArray());
        Assert.Equal(100, await stream.CountAsync());
    }

    [Fact]
    public async Task A_stream_ends_when_it_is_cancelled()
    {
        await Adapter.CreateMemoriesAsync([.. Enumerable.Range(0, 100).Select(i => new Memory { Id = Id(i), CreatedAt = At(i) })], Messages);
        using var cancellation = new CancellationTokenSource();
        var read = 0;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var memory in Adapter.StreamMemoriesAsync(new MemoryQuery(Messages), cancellation.Token))
            {
                if (++read == 3) await cancellation.CancelAsync();
            }
        });
        Assert.True(read < 100, $"{read} rows were read");
    }

    // Removing.

    [Fact]
    public async Task Deleting_returns_how_many_went_and_counts_repeated_ids_once()
    {
        await Adapter.CreateMemoriesAsync([.. Enumerable.Range(1, 4).Select(i => new Memory { Id = Id(i), CreatedAt = At(i) })], Messages);

        Assert.True(await Adapter.DeleteMemoryAsync(Id(4)));
        Assert.False(await Adapter.DeleteMemoryAsync(Id(4)));
        Assert.Equal(2, await Adapter.DeleteMemoriesAsync([Id(1), Id(99), Id(3), Id(1), Id(4)]));
        AssertIds(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages)), Id(2));
        Assert.Equal(1, await Adapter.CountMemoriesAsync(new MemoryQuery(Messages)));
    }

    [Fact]
    public async Task A_deleted_id_can_be_stored_anew_without_its_old_vector()
    {
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), Content = Content.FromText("old"), Embedding = Vector(1, 2, 3) }, Messages);
        await Adapter.DeleteMemoryAsync(Id(1));

        var result = Assert.Single(await Adapter.CreateMemoriesAsync([new Memory { Id = Id(1), Content = Content.FromText("new") }], "facts"));

        Assert.Equal(CreateOutcome.Created, result.Outcome);
        var stored = await Adapter.GetMemoryByIdAsync(Id(1));
        Assert.Equal("new", stored!.Content.Text);
        Assert.Equal("facts", stored.TableName);
        Assert.Null(stored.Embedding);
        Assert.Empty(await Adapter.SearchMemoriesAsync(new MemorySearch("facts", Vector(1, 2, 3))));
        Assert.Empty(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages)));
    }

    [Fact]
    public async Task Deleting_a_document_deletes_its_fragments_of_this_agent_in_every_table_and_room()
    {
        Guid room = await NewRoomAsync(), elsewhere = await NewRoomAsync();
        await Adapter.CreateMemoriesAsync([Document(1) with { RoomId = room }, Document(2) with { RoomId = room }], "documents");
        await Adapter.CreateMemoriesAsync([Fragment(11, of: 1) with { RoomId = room }, Fragment(21, of: 2) with { RoomId = room }], "knowledge");
        await Adapter.CreateMemoryAsync(Fragment(12, of: 1) with { RoomId = elsewhere }, "fragments");
        await Adapter.CreateMemoryAsync(Fragment(111, of: 11), "knowledge");
        await Other.CreateMemoryAsync(Fragment(13, of: 1) with { RoomId = room }, "knowledge");

        Assert.Equal(3, await Adapter.DeleteMemoriesAsync([Id(1)]));

        var left = await Adapter.GetMemoriesByIdsAsync([Id(1), Id(2), Id(11), Id(12), Id(13), Id(21), Id(111)]);
        Assert.Equal(new HashSet<Guid> { Id(2), Id(21), Id(13), Id(111) }, left.Select(memory => memory.Id).ToHashSet());
        AssertIds(await Adapter.GetMemoriesByRoomIdsAsync([elsewhere], "fragments"));
    }

    [Fact]
    public async Task Deleting_another_agents_document_deletes_this_agents_fragments()
    {
        await Other.CreateMemoryAsync(Document(1), "documents");
        await Other.CreateMemoryAsync(Fragment(11, of: 1), "knowledge");
        await Adapter.CreateMemoryAsync(Fragment(12, of: 1), "knowledge");

        Assert.Equal(2, await Adapter.DeleteMemoriesAsync([Id(1)]));

        AssertIds(await Adapter.GetMemoriesByIdsAsync([Id(1), Id(11), Id(12)]), Id(11));
    }

    [Fact]
    public async Task Deleting_a_document_that_is_gone_already_deletes_the_fragments_that_it_left()
    {
        Guid room = await NewRoomAsync(), elsewhere = await NewRoomAsync();
        await Adapter.CreateMemoriesAsync([Document(1) with { RoomId = room }, Document(2)], "documents");
        await Adapter.CreateMemoriesAsync([Fragment(11, of: 1), Fragment(12, of: 1) with { RoomId = elsewhere }, Fragment(111, of: 11)], "knowledge");
        await Adapter.CreateMemoriesAsync([Fragment(21, of: 2), Fragment(31, of: 3)], "knowledge");
        await Other.CreateMemoriesAsync([Fragment(13, of: 1), Fragment(32, of: 3)], "knowledge");
        await Adapter.DeleteRoomsAsync([room]);
        await Other.DeleteMemoriesAsync([Id(2)]);
        var left = await Adapter.GetMemoriesAsync(new MemoryQuery("knowledge"));
        Assert.Equal(new HashSet<Guid> { Id(11), Id(12), Id(13), Id(111), Id(21), Id(31), Id(32) }, left.Select(memory => memory.Id).ToHashSet());

        Assert.Equal(2, await Adapter.DeleteMemoriesAsync([Id(1), Id(1)]));
        Assert.True(await Adapter.DeleteMemoryAsync(Id(2)));
        Assert.False(await Adapter.DeleteMemoryAsync(Id(2)));
        Assert.Equal(2, await Adapter.DeleteMemoriesAsync([Id(3), Id(111), Id(99)]));

        left = await Adapter.GetMemoriesAsync(new MemoryQuery("knowledge"));
        Assert.Equal(new HashSet<Guid> { Id(13), Id(32) }, left.Select(memory => memory.Id).ToHashSet());
    }

    [Fact]
    public async Task A_document_that_names_itself_goes_once()
    {
        var document = Document(1);
        await Adapter.CreateMemoryAsync(document with { Metadata = document.Metadata! with { DocumentId = Id(1) } }, "documents");
        await Adapter.CreateMemoryAsync(Fragment(11, of: 1), "knowledge");

        Assert.Equal(2, await Adapter.DeleteMemoriesAsync([Id(1)]));
        Assert.Empty(await Adapter.GetMemoriesByIdsAsync([Id(1), Id(11)]));
    }

    [Fact]
    public async Task A_document_and_its_fragments_deleted_together_count_once_each()
    {
        await Adapter.CreateMemoryAsync(Document(1), "documents");
        await Adapter.CreateMemoriesAsync([Fragment(11, of: 1), Fragment(12, of: 1), Fragment(111, of: 11), Fragment(121, of: 12)], "knowledge");

        Assert.Equal(4, await Adapter.DeleteMemoriesAsync([Id(11), Id(1)]));

        AssertIds(await Adapter.GetMemoriesAsync(new MemoryQuery("knowledge")), Id(121));
    }

    [Fact]
    public async Task A_fragment_whose_update_moved_it_to_another_document_goes_with_that_one()
    {
        await Adapter.CreateMemoriesAsync([Document(1), Document(2)], "documents");
        await Adapter.CreateMemoryAsync(Fragment(11, of: 1), "knowledge");
        await Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(11)) { Metadata = Fragment(11, of: 2).Metadata });

        Assert.Equal(1, await Adapter.DeleteMemoriesAsync([Id(1)]));
        Assert.NotNull(await Adapter.GetMemoryByIdAsync(Id(11)));
        Assert.Equal(2, await Adapter.DeleteMemoriesAsync([Id(2)]));
        Assert.Null(await Adapter.GetMemoryByIdAsync(Id(11)));
    }

    [Fact]
    public async Task Deleting_all_of_some_rooms_minds_the_table_and_takes_all_agents()
    {
        Guid first = await NewRoomAsync(), second = await NewRoomAsync(), third = await NewRoomAsync();
        await Adapter.CreateMemoriesAsync(
            [
                new Memory { Id = Id(1), RoomId = first },
                new Memory { Id = Id(2), RoomId = second, Unique = false },
                new Memory { Id = Id(3), RoomId = third },
                new Memory { Id = Id(4) },
            ],
            Messages);
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(5), RoomId = first }, "facts");
        await Other.CreateMemoryAsync(new Memory { Id = Id(6), RoomId = first }, Messages);

        Assert.Equal(3, await Adapter.DeleteAllMemoriesAsync([first, second, first, Id(99)], Messages));

        var left = await Adapter.GetMemoriesByIdsAsync([.. Enumerable.Range(1, 6).Select(Id)]);
        Assert.Equal(new HashSet<Guid> { Id(3), Id(4), Id(5) }, left.Select(memory => memory.Id).ToHashSet());
        Assert.Equal(0, await Adapter.DeleteAllMemoriesAsync(first, Messages));
        Assert.Equal(1, await Adapter.DeleteAllMemoriesAsync(third, Messages));
    }

    [Fact]
    public async Task Deleting_all_documents_of_a_room_deletes_their_fragments_in_other_tables_and_rooms()
    {
        Guid room = await NewRoomAsync(), elsewhere = await NewRoomAsync();
        await Adapter.CreateMemoriesAsync([Document(1) with { RoomId = room }, Document(2) with { RoomId = elsewhere }], "documents");
        await Adapter.CreateMemoriesAsync([Fragment(11, of: 1) with { RoomId = room }, Fragment(12, of: 1) with { RoomId = elsewhere }, Fragment(21, of: 2) with { RoomId = room }], "knowledge");

        Assert.Equal(3, await Adapter.DeleteAllMemoriesAsync(room, "documents"));

        AssertIds(await Adapter.GetMemoriesAsync(new MemoryQuery("knowledge")), Id(21));
        AssertIds(await Adapter.GetMemoriesAsync(new MemoryQuery("documents")), Id(2));
    }

    private static Memory Document(int id) => new()
    {
        Id = Id(id),
        Metadata = new MemoryMetadata { Type = MemoryTypes.Document, Timestamp = At(0) },
    };

    private static Memory Fragment(int id, int of) => new()
    {
        Id = Id(id),
        Metadata = new MemoryMetadata { Type = MemoryTypes.Fragment, DocumentId = Id(of), Position = id },
    };
}
