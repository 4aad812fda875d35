using Xunit;

namespace ElizaEngine.Conformance;

/// <summary>Entities: their names, who sees them, how they are found, and what goes with them.</summary>
public abstract class EntityConformance : ConformanceTest
{
    private static readonly DateTimeOffset Past = new(2020, 5, 6, 7, 8, 9, 123, TimeSpan.Zero);

    private static void Same(Entity expected, Entity? actual)
    {
        Assert.NotNull(actual);
        Assert.Equal(expected.Id, actual.Id);
        Assert.Equal(expected.AgentId, actual.AgentId);
        Assert.Equal(expected.Names, actual.Names);
        Assert.Equal(expected.Metadata, actual.Metadata);
        Assert.Equal(expected.CreatedAt, actual.CreatedAt);
    }

    [Fact]
    public async Task An_entity_is_read_back_as_it_was_given()
    {
        var entity = new Entity
        {
            Id = Id(1),
            AgentId = OtherAgentId,
            Names = ["Ada Lovelace", "ada", "", "ada", "Åda ✨"],
            Metadata = Json.Parse("""{"discord":{"id":"1","name":null}}"""),
            CreatedAt = Past,
        };

        Assert.True(await Adapter.CreateEntityAsync(entity));

        Same(entity, await Adapter.GetEntityByIdAsync(Id(1)));
        Same(entity, await Other.GetEntityByIdAsync(Id(1)));
    }

    [Fact]
    public async Task What_is_not_given_gets_its_default()
    {
        await Adapter.CreateEntityAsync(new Entity { Id = Id(1) });

        var entity = await Adapter.GetEntityByIdAsync(Id(1));
        Same(new Entity { Id = Id(1), AgentId = AgentId, Names = [], Metadata = Json.EmptyObject, CreatedAt = Time.GetUtcNow() }, entity);
        Assert.Empty(entity!.Components!);
    }

    [Fact]
    public async Task Creating_an_entity_that_exists_changes_nothing_whoever_knows_it()
    {
        await Adapter.CreateEntityAsync(new Entity { Id = Id(1), Names = ["first"], CreatedAt = Past });

        Assert.False(await Adapter.CreateEntityAsync(new Entity { Id = Id(1), Names = ["second"], Metadata = Json.Parse("""{"a":1}""") }));
        Assert.False(await Other.CreateEntityAsync(new Entity { Id = Id(1), Names = ["third"] }));

        Same(
            new Entity { Id = Id(1), AgentId = AgentId, Names = ["first"], Metadata = Json.EmptyObject, CreatedAt = Past },
            await Adapter.GetEntityByIdAsync(Id(1)));
    }

    [Fact]
    public async Task A_batch_tells_for_each_entity_whether_it_is_new()
    {
        await Adapter.CreateEntityAsync(new Entity { Id = Id(2) });

        var results = await Adapter.CreateEntitiesAsync(
            [new() { Id = Id(3), Names = ["c"] }, new() { Id = Id(2) }, new() { Id = Id(1) }, new() { Id = Id(3), Names = ["again"] }]);

        Assert.Equal(
            [
                new(Id(3), CreateOutcome.Created), new(Id(2), CreateOutcome.Existed),
                new(Id(1), CreateOutcome.Created), new(Id(3), CreateOutcome.Existed),
            ],
            results);
        Assert.Equal(["c"], (await Adapter.GetEntityByIdAsync(Id(3)))!.Names);
        Assert.Empty(await Adapter.CreateEntitiesAsync([]));
    }

    [Fact]
    public async Task An_entity_of_an_unknown_agent_is_refused_with_the_whole_batch()
    {
        var error = await Assert.ThrowsAsync<ReferenceNotFoundException>(() =>
            Adapter.CreateEntitiesAsync([new() { Id = Id(1) }, new() { Id = Id(2), AgentId = Id(99) }]));

        Assert.Equal(("agents", Id(99)), (error.Table, error.Id));
        Assert.Empty(await Adapter.GetEntitiesByIdsAsync([Id(1), Id(2)]));

        var stranger = Database.ForAgent(Id(98));
        await Assert.ThrowsAsync<ReferenceNotFoundException>(() => stranger.CreateEntityAsync(new Entity { Id = Id(1) }));
        Assert.Null(await Adapter.GetEntityByIdAsync(Id(1)));
    }

    [Fact]
    public async Task Entities_come_in_order_of_id_each_once_and_unknown_ones_are_skipped()
    {
        Guid[] ordered = [Id(1), Id(0x01000000), Id(0x7F000000), Id(unchecked((int)0x80000000)), Id(-1)];
        await Adapter.CreateEntitiesAsync([.. ordered.Reverse().Select(id => new Entity { Id = id })]);

        var found = await Other.GetEntitiesByIdsAsync([ordered[3], Id(99), ordered[0], ordered[4], ordered[0], ordered[2], ordered[1]]);

        Assert.Equal(ordered, found.Select(entity => entity.Id));
        Assert.Empty(await Adapter.GetEntitiesByIdsAsync([]));
        Assert.Null(await Adapter.GetEntityByIdAsync(Id(99)));
    }

    [Fact]
    public async Task Components_of_every_agent_come_with_an_entity_oldest_first()
    {
        await Adapter.CreateEntitiesAsync([new() { Id = Id(1) }, new() { Id = Id(2) }]);
        var room = await NewRoomAsync();
        Component Make(int id, int seconds) => new() { Id = Id(id), EntityId = Id(1), RoomId = room, Type = "t", CreatedAt = Past.AddSeconds(seconds) };
        await Adapter.CreateComponentsAsync([Make(13, 0), Make(12, 5), Make(11, 0)]);
        await Other.CreateComponentsAsync([Make(10, 3), Make(14, 3) with { EntityId = Id(2) }]);

        var found = await Adapter.GetEntitiesByIdsAsync([Id(1), Id(2)]);

        Assert.Equal([Id(11), Id(13), Id(10), Id(12)], found[0].Components!.Select(component => component.Id));
        Assert.Equal([Id(14)], found[1].Components!.Select(component => component.Id));
        Assert.Equal(Make(10, 3) with { AgentId = OtherAgentId, Data = Json.EmptyObject }, found[0].Components![2]);
    }

    [Fact]
    public async Task Entities_of_a_room_are_its_participants_that_this_agent_knows_each_once_in_order_of_id()
    {
        var room = await NewRoomAsync();
        var elsewhere = await NewRoomAsync();
        await Adapter.CreateEntitiesAsync([new() { Id = Id(3) }, new() { Id = Id(1) }, new() { Id = Id(4) }]);
        await Other.CreateEntityAsync(new Entity { Id = Id(2) });
        await Adapter.AddParticipantsAsync([Id(3), Id(2), Id(1)], room);
        await Other.AddParticipantsAsync([Id(1)], room);
        await Adapter.AddParticipantsAsync([Id(4)], elsewhere);

        Assert.Equal([Id(1), Id(3)], (await Adapter.GetEntitiesForRoomAsync(room)).Select(entity => entity.Id));
        Assert.Equal([Id(2)], (await Other.GetEntitiesForRoomAsync(room)).Select(entity => entity.Id));
        Assert.Empty(await Adapter.GetEntitiesForRoomAsync(Id(99)));
    }

    [Fact]
    public async Task Entities_of_a_room_carry_components_only_when_asked()
    {
        var room = await NewRoomAsync();
        await Adapter.CreateEntitiesAsync([new() { Id = Id(1) }, new() { Id = Id(2) }]);
        await Adapter.AddParticipantsAsync([Id(1), Id(2)], room);
        await Adapter.CreateComponentAsync(new Component { Id = Id(11), EntityId = Id(1), RoomId = room, Type = "t" });

        Assert.All(await Adapter.GetEntitiesForRoomAsync(room), entity => Assert.Null(entity.Components));
        var found = await Adapter.GetEntitiesForRoomAsync(room, includeComponents: true);
        Assert.Equal([Id(11)], found[0].Components!.Select(component => component.Id));
        Assert.Empty(found[1].Components!);
    }

    [Fact]
    public async Task Names_are_found_exactly_and_case_sensitively()
    {
        await Adapter.CreateEntitiesAsync(
        [
            new() { Id = Id(3), Names = ["Ada", "Countess"] },
            new() { Id = Id(1), Names = ["ada"] },
            new() { Id = Id(2), Names = ["Countess", "Ada"] },
            new() { Id = Id(4), Names = ["Ada Lovelace"] },
            new() { Id = Id(5), Names = [""] },
            new() { Id = Id(6), Names = [] },
        ]);
        await Other.CreateEntityAsync(new Entity { Id = Id(7), Names = ["Ada"] });
        async Task<IEnumerable<Guid>> Find(params string[] names) => (await Adapter.GetEntitiesByNamesAsync(names)).Select(entity => entity.Id);

        Assert.Equal([Id(2), Id(3)], await Find("Ada"));
        Assert.Equal([Id(1), Id(2), Id(3)], await Find("Countess", "ada", "Countess"));
        Assert.Equal([Id(5)], await Find(""));
        Assert.Empty(await Find("AD", "Ad%", "A_a"));
        Assert.Empty(await Find());
        Assert.Equal([Id(7)], (await Adapter.GetEntitiesByNamesAsync(["Ada"], OtherAgentId)).Select(entity => entity.Id));
        Assert.Empty(await Adapter.GetEntitiesByNamesAsync(["Ada"], Id(99)));
    }

    [Fact]
    public async Task A_search_finds_part_of_any_name_in_any_case()
    {
        await Adapter.CreateEntitiesAsync(
        [
            new() { Id = Id(2), Names = ["nobody", "Ada LOVELACE"] },
            new() { Id = Id(1), Names = ["lovely"] },
            new() { Id = Id(3), Names = ["lo", "ve"] },
        ]);
        await Other.CreateEntityAsync(new Entity { Id = Id(4), Names = ["love"] });

        Assert.Equal([Id(1), Id(2)], (await Adapter.SearchEntitiesByNameAsync("LoVe")).Select(entity => entity.Id));
        Assert.Equal([Id(2)], (await Adapter.SearchEntitiesByNameAsync("a l")).Select(entity => entity.Id));
        Assert.Equal([Id(4)], (await Adapter.SearchEntitiesByNameAsync("love", OtherAgentId)).Select(entity => entity.Id));
        Assert.Empty(await Adapter.SearchEntitiesByNameAsync("lovex"));
        Assert.Empty(await Adapter.SearchEntitiesByNameAsync("love", Id(99)));
    }

    [Fact]
    public async Task In_a_search_every_character_stands_for_itself()
    {
        string[] names = ["100%", "a_b", "axb", @"back\slash", "it's", "[x]", "a*b", "a?b", "^a.b$"];
        await Adapter.CreateEntitiesAsync([.. names.Select((name, i) => new Entity { Id = Id(i + 1), Names = [name] })]);

        foreach (var (text, matches) in new (string, int[])[]
        {
            ("%", [1]), ("_", [2]), ("A_B", [2]), (@"\", [4]), ("'", [5]), ("[x]", [6]), ("*", [7]), ("?", [8]), (".", [9]), ("^", [9]),
        })
        {
            var found = await Adapter.SearchEntitiesByNameAsync(text);
            Assert.Equal((text, string.Join(',', matches.Select(Id))), (text, string.Join(',', found.Select(entity => entity.Id))));
        }
    }

    [Fact]
    public async Task A_blank_search_matches_all_and_a_count_limits_it()
    {
        await Adapter.CreateEntitiesAsync([.. Enumerable.Range(1, 15).Select(i => new Entity { Id = Id(i), Names = i == 1 ? [] : [$"name {i}"] })]);
        async Task<IEnumerable<Guid>> Search(string text, int? count = null) =>
            (await Adapter.SearchEntitiesByNameAsync(text, null, count)).Select(entity => entity.Id);
        static IEnumerable<Guid> First(int count) => Enumerable.Range(1, count).Select(Id);

        Assert.Equal(First(10), await Search(""));
        Assert.Equal(First(10), await Search(" \t\n"));
        Assert.Equal(First(3), await Search("", 3));
        Assert.Equal(First(15), await Search("", 100));
        Assert.Equal(First(11).Skip(1), await Search("NAME"));
        Assert.Equal([Id(2), Id(3)], await Search("name", 2));
        Assert.Empty(await Search("", 0));
        await Assert.ThrowsAsync<InvalidInputException>(() => Search("", -1));
    }

    [Fact]
    public async Task An_update_replaces_names_and_metadata_and_nothing_else()
    {
        await Adapter.CreateEntityAsync(new Entity { Id = Id(1), Names = ["a", "b"], Metadata = Json.Parse("""{"a":1}"""), CreatedAt = Past });

        var isChanged = await Other.UpdateEntityAsync(
            new Entity { Id = Id(1), Names = ["c"], AgentId = OtherAgentId, CreatedAt = Past.AddYears(1), Metadata = Json.Parse("""{"b":2}""") });

        Assert.True(isChanged);
        Same(
            new Entity { Id = Id(1), AgentId = AgentId, Names = ["c"], Metadata = Json.Parse("""{"b":2}"""), CreatedAt = Past },
            await Adapter.GetEntityByIdAsync(Id(1)));
    }

    [Fact]
    public async Task An_update_without_names_or_metadata_empties_them()
    {
        await Adapter.CreateEntityAsync(new Entity { Id = Id(1), Names = ["a"], Metadata = Json.Parse("""{"a":1}""") });

        await Adapter.UpdateEntityAsync(new Entity { Id = Id(1) });

        var entity = (await Adapter.GetEntityByIdAsync(Id(1)))!;
        Assert.Empty(entity.Names);
        Assert.Equal(Json.EmptyObject, entity.Metadata);
        Assert.Empty(await Adapter.GetEntitiesByNamesAsync(["a"]));
    }

    [Fact]
    public async Task An_update_of_a_missing_entity_says_so_and_creates_none()
    {
        await Adapter.CreateEntityAsync(new Entity { Id = Id(1) });

        Assert.False(await Adapter.UpdateEntityAsync(new Entity { Id = Id(2) }));
        Assert.Equal(1, await Adapter.UpdateEntitiesAsync([new() { Id = Id(2) }, new() { Id = Id(1), Names = ["x"] }]));
        Assert.Equal(0, await Adapter.UpdateEntitiesAsync([]));
        Assert.Null(await Adapter.GetEntityByIdAsync(Id(2)));
    }

    [Fact]
    public async Task An_upsert_creates_or_gives_new_names_and_metadata()
    {
        await Adapter.CreateEntityAsync(new Entity { Id = Id(1), Names = ["a"], Metadata = Json.Parse("""{"a":1}"""), CreatedAt = Past });

        var results = await Other.UpsertEntitiesAsync([new() { Id = Id(2), Names = ["n"] }, new() { Id = Id(1), Names = ["b"] }, new() { Id = Id(2), Names = ["m"] }]);

        Assert.Equal([new(Id(2), CreateOutcome.Created), new(Id(1), CreateOutcome.Existed), new(Id(2), CreateOutcome.Existed)], results);
        Same(
            new Entity { Id = Id(1), AgentId = AgentId, Names = ["b"], Metadata = Json.EmptyObject, CreatedAt = Past },
            await Adapter.GetEntityByIdAsync(Id(1)));
        Same(
            new Entity { Id = Id(2), AgentId = OtherAgentId, Names = ["m"], Metadata = Json.EmptyObject, CreatedAt = Time.GetUtcNow() },
            await Adapter.GetEntityByIdAsync(Id(2)));
        Assert.Equal(CreateOutcome.Existed, (await Adapter.UpsertEntityAsync(new Entity { Id = Id(2) })).Outcome);
    }

    [Fact]
    public async Task Deleting_an_entity_removes_what_hangs_on_it_and_leaves_the_rest()
    {
        var room = await NewRoomAsync();
        await Adapter.CreateEntitiesAsync([new() { Id = Id(1), Names = ["gone"] }, new() { Id = Id(2) }]);
        await Adapter.AddParticipantsAsync([Id(1), Id(2)], room);
        await Other.AddParticipantsAsync([Id(1)], room);
        await Adapter.CreateComponentsAsync(
        [
            new() { Id = Id(11), EntityId = Id(1), RoomId = room, Type = "own" },
            new() { Id = Id(12), EntityId = Id(2), RoomId = room, SourceEntityId = Id(1), Type = "said by it" },
            new() { Id = Id(13), EntityId = Id(2), RoomId = room, SourceEntityId = Id(2), Type = "other" },
        ]);
        await Adapter.CreateMemoriesAsync(
            [new() { Id = Id(21), RoomId = room, EntityId = Id(1), Embedding = new float[] { 1, 0 } }, new() { Id = Id(22), RoomId = room, EntityId = Id(2) }], "messages");
        await Other.CreateMemoriesAsync([new() { Id = Id(23), RoomId = room, EntityId = Id(1) }], "facts");
        await Adapter.CreateRelationshipsAsync(
        [
            new() { SourceEntityId = Id(1), TargetEntityId = Id(2) }, new() { SourceEntityId = Id(2), TargetEntityId = Id(1) },
            new() { Id = Id(33), SourceEntityId = Id(2), TargetEntityId = Id(2) },
        ]);
        await Adapter.CreateLogsAsync([new() { EntityId = Id(1), RoomId = room, Type = "t" }, new() { Id = Id(42), EntityId = Id(2), RoomId = room, Type = "t" }]);

        Assert.True(await Other.DeleteEntityAsync(Id(1)));

        Assert.Null(await Adapter.GetEntityByIdAsync(Id(1)));
        Assert.Empty(await Adapter.GetEntitiesByNamesAsync(["gone"]));
        Assert.Equal([Id(2)], await Adapter.GetParticipantsForRoomAsync(room));
        Assert.Empty(await Adapter.GetParticipantsForEntityAsync(Id(1)));
        Assert.Empty(await Adapter.GetComponentsAsync(new ComponentQuery(Id(1))));
        Assert.Equal([Id(13)], (await Adapter.GetComponentsAsync(new ComponentQuery(Id(2)))).Select(component => component.Id));
        Assert.Equal([Id(22)], (await Adapter.GetMemoriesByIdsAsync([Id(21), Id(22), Id(23)])).Select(memory => memory.Id));
        Assert.Empty(await Adapter.SearchMemoriesAsync(new MemorySearch("messages", new float[] { 1, 0 })));
        Assert.Equal([Id(33)], (await Adapter.GetRelationshipsAsync(new RelationshipQuery())).Select(relationship => relationship.Id));
        Assert.Equal([Id(42)], (await Adapter.GetLogsAsync(new LogQuery())).Select(log => log.Id));
        Assert.NotNull(await Adapter.GetRoomAsync(room));
    }

    [Fact]
    public async Task Deleting_tells_how_many_entities_there_were()
    {
        await Adapter.CreateEntitiesAsync([new() { Id = Id(1) }, new() { Id = Id(2) }]);

        Assert.Equal(2, await Adapter.DeleteEntitiesAsync([Id(1), Id(99), Id(2), Id(1)]));
        Assert.False(await Adapter.DeleteEntityAsync(Id(1)));
        Assert.Equal(0, await Adapter.DeleteEntitiesAsync([]));
    }

    [Fact]
    public async Task A_batch_with_one_bad_entity_stores_nothing()
    {
        await Adapter.CreateEntityAsync(new Entity { Id = Id(1), Names = ["a"] });
        Entity[] batch = [new() { Id = Id(1), Names = ["changed"] }, new() { Id = Id(2) }, new() { Id = Id(3), Names = ["x", null!] }];
        Entity[] other = [new() { Id = Id(1), Names = ["changed"] }, new() { Id = Id(2) }, new() { Id = Id(3), Metadata = Json.EmptyArray }];

        foreach (var bad in new[] { batch, other })
        {
            await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.CreateEntitiesAsync(bad));
            await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.UpsertEntitiesAsync(bad));
            await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.UpdateEntitiesAsync(bad));
        }

        Assert.Equal(["a"], Assert.Single(await Adapter.GetEntitiesByIdsAsync([Id(1), Id(2), Id(3)])).Names);
    }

    [Fact]
    public async Task A_cancelled_call_changes_nothing()
    {
        var cancelled = new CancellationToken(true);
        await Adapter.CreateEntityAsync(new Entity { Id = Id(1), Names = ["a"] });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.CreateEntityAsync(new Entity { Id = Id(2) }, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.UpsertEntityAsync(new Entity { Id = Id(1) }, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.UpdateEntityAsync(new Entity { Id = Id(1) }, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.DeleteEntityAsync(Id(1), cancelled));

        Assert.Equal(["a"], Assert.Single(await Adapter.GetEntitiesByIdsAsync([Id(1), Id(2)])).Names);
    }

    [Fact]
    public async Task A_list_given_is_the_callers_again_after_the_call()
    {
        var names = new List<string> { "a" };
        await Adapter.CreateEntityAsync(new Entity { Id = Id(1), Names = names });
        names[0] = "changed";

        Assert.Equal(["a"], (await Adapter.GetEntityByIdAsync(Id(1)))!.Names);
    }

    [Fact]
    public async Task Entities_are_there_after_reopening()
    {
        if (!Backend.Persists) return;
        var room = await NewRoomAsync();
        await Adapter.CreateEntitiesAsync([new() { Id = Id(1), Names = ["a", "b"], Metadata = Json.Parse("""{"a":1}"""), CreatedAt = Past }, new() { Id = Id(2) }]);
        await Adapter.CreateComponentAsync(new Component { Id = Id(11), EntityId = Id(1), RoomId = room, Type = "t" });
        await Adapter.DeleteEntityAsync(Id(2));

        await ReopenAsync();

        var entity = Assert.Single(await Adapter.GetEntitiesByIdsAsync([Id(1), Id(2)]));
        Same(new Entity { Id = Id(1), AgentId = AgentId, Names = ["a", "b"], Metadata = Json.Parse("""{"a":1}"""), CreatedAt = Past }, entity);
        Assert.Equal([Id(11)], entity.Components!.Select(component => component.Id));
        Assert.Equal([Id(1)], (await Adapter.GetEntitiesByNamesAsync(["b"])).Select(found => found.Id));
    }
}
