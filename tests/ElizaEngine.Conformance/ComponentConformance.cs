using Xunit;

namespace ElizaEngine.Conformance;

/// <summary>Components: their natural key, their references, their order.</summary>
public abstract class ComponentConformance : ConformanceTest
{
    private static readonly DateTimeOffset Past = new(2020, 5, 6, 7, 8, 9, 123, TimeSpan.Zero);

    private Guid _entity;
    private Guid _source;
    private Guid _room;
    private Guid _world;

    private async Task SetUpAsync()
    {
        _entity = await NewEntityAsync();
        _source = await NewEntityAsync();
        _world = await Adapter.CreateWorldAsync(new World());
        _room = await NewRoomAsync(worldId: _world);
    }

    private Component Make(int id, string type = "t") => new() { Id = Id(id), EntityId = _entity, RoomId = _room, Type = type };

    private async Task<Component> OnlyAsync() => Assert.Single(await Adapter.GetComponentsAsync(new ComponentQuery(_entity)));

    private async Task<IEnumerable<Guid>> IdsAsync(ComponentQuery query) => (await Adapter.GetComponentsAsync(query)).Select(component => component.Id);

    [Fact]
    public async Task A_component_is_read_back_as_it_was_given()
    {
        await SetUpAsync();
        var component = Make(1, "profile") with
        {
            AgentId = OtherAgentId,
            WorldId = _world,
            SourceEntityId = _source,
            Data = Json.Parse("""{"a":[1,{"b":null}]}"""),
            CreatedAt = Past,
        };

        Assert.True(await Adapter.CreateComponentAsync(component));

        Assert.Equal(component, await OnlyAsync());
        Assert.Equal(component, await Other.GetComponentAsync(_entity, "profile"));
    }

    [Fact]
    public async Task What_is_not_given_gets_its_default_and_null_stays_null()
    {
        await SetUpAsync();

        await Adapter.CreateComponentAsync(Make(1));

        Assert.Equal(Make(1) with { AgentId = AgentId, Data = Json.EmptyObject, CreatedAt = Time.GetUtcNow() }, await OnlyAsync());
        Assert.True(await OnlyAsync() is { WorldId: null, SourceEntityId: null });
    }

    [Fact]
    public async Task An_id_that_exists_stays_as_it_is()
    {
        await SetUpAsync();

        var results = await Adapter.CreateComponentsAsync([Make(1, "a"), Make(2, "b"), Make(1, "c")]);

        Assert.Equal([new(Id(1), CreateOutcome.Created), new(Id(2), CreateOutcome.Created), new(Id(1), CreateOutcome.Existed)], results);
        Assert.False(await Other.CreateComponentAsync(Make(2, "d")));
        Assert.Equal(["a", "b"], (await Adapter.GetComponentsAsync(new ComponentQuery(_entity))).Select(component => component.Type));
    }

    [Fact]
    public async Task Two_components_of_one_entity_type_world_and_source_are_allowed()
    {
        await SetUpAsync();

        Assert.True(await Adapter.CreateComponentAsync(Make(1)));
        Assert.True(await Adapter.CreateComponentAsync(Make(2)));

        Assert.Equal([Id(1), Id(2)], await IdsAsync(new ComponentQuery(_entity)));
    }

    [Fact]
    public async Task Components_come_oldest_first_then_by_id_and_pass_every_filter_given()
    {
        await SetUpAsync();
        var second = await Adapter.CreateWorldAsync(new World());
        await Adapter.CreateComponentsAsync(
        [
            Make(5) with { CreatedAt = Past },
            Make(4) with { CreatedAt = Past.AddSeconds(2), WorldId = _world },
            Make(3, "T") with { CreatedAt = Past.AddSeconds(1), SourceEntityId = _source },
            Make(2) with { CreatedAt = Past, WorldId = _world, SourceEntityId = _source },
            Make(1) with { CreatedAt = Past.AddSeconds(3), WorldId = second },
            Make(6) with { EntityId = _source },
        ]);
        await Other.CreateComponentAsync(Make(7) with { CreatedAt = Past.AddSeconds(4) });
        var all = new ComponentQuery(_entity);

        Assert.Equal([Id(2), Id(5), Id(3), Id(4), Id(1), Id(7)], await IdsAsync(all));
        Assert.Equal([Id(2), Id(5), Id(4), Id(1), Id(7)], await IdsAsync(all with { Type = "t" }));
        Assert.Equal([Id(2), Id(4)], await IdsAsync(all with { WorldId = _world }));
        Assert.Equal([Id(2), Id(3)], await IdsAsync(all with { SourceEntityId = _source }));
        Assert.Equal([Id(2)], await IdsAsync(all with { Type = "t", WorldId = _world, SourceEntityId = _source }));
        Assert.Empty(await IdsAsync(all with { Type = "" }));
        Assert.Empty(await IdsAsync(all with { WorldId = Id(99) }));
        Assert.Empty(await IdsAsync(new ComponentQuery(Id(99))));
    }

    [Fact]
    public async Task A_single_read_gives_the_oldest_that_matches()
    {
        await SetUpAsync();
        await Adapter.CreateComponentsAsync([Make(1), Make(2) with { CreatedAt = Past }, Make(3) with { CreatedAt = Past.AddDays(1), WorldId = _world }]);

        Assert.Equal(Id(2), (await Adapter.GetComponentAsync(_entity, "t"))!.Id);
        Assert.Equal(Id(3), (await Adapter.GetComponentAsync(_entity, "t", _world))!.Id);
        Assert.Null(await Adapter.GetComponentAsync(_entity, "t", null, _source));
        Assert.Null(await Adapter.GetComponentAsync(_entity, "missing"));
    }

    [Fact]
    public async Task A_component_that_names_a_missing_row_is_refused_with_the_whole_batch()
    {
        await SetUpAsync();
        foreach (var (bad, table) in new (Component, string)[]
        {
            (Make(2) with { EntityId = Id(99) }, "entities"),
            (Make(2) with { AgentId = Id(99) }, "agents"),
            (Make(2) with { RoomId = Id(99) }, "rooms"),
            (Make(2) with { WorldId = Id(99) }, "worlds"),
            (Make(2) with { SourceEntityId = Id(99) }, "entities"),
        })
        {
            var error = await Assert.ThrowsAsync<ReferenceNotFoundException>(() => Adapter.CreateComponentsAsync([Make(1), bad]));
            Assert.Equal((table, Id(99)), (error.Table, error.Id));
            error = await Assert.ThrowsAsync<ReferenceNotFoundException>(() => Adapter.UpsertComponentsAsync([Make(1), bad]));
            Assert.Equal((table, Id(99)), (error.Table, error.Id));
        }
        Assert.Empty(await Adapter.GetComponentsAsync(new ComponentQuery(_entity)));
    }

    [Fact]
    public async Task An_upsert_gives_the_oldest_of_its_natural_key_new_room_and_data()
    {
        await SetUpAsync();
        var newRoom = await NewRoomAsync();
        await Adapter.CreateComponentsAsync(
        [
            Make(1) with { CreatedAt = Past.AddSeconds(1), Data = Json.Parse("""{"a":1}""") },
            Make(2) with { CreatedAt = Past, Data = Json.Parse("""{"b":1}""") },
        ]);

        var result = await Adapter.UpsertComponentAsync(Make(3) with { RoomId = newRoom, Data = Json.Parse("""{"c":1}"""), CreatedAt = Past.AddYears(1) });

        Assert.Equal(new CreateResult(Id(2), CreateOutcome.Existed), result);
        var found = await Adapter.GetComponentsAsync(new ComponentQuery(_entity));
        Assert.Equal(
            [
                Make(2) with { AgentId = AgentId, RoomId = newRoom, CreatedAt = Past, Data = Json.Parse("""{"c":1}""") },
                Make(1) with { AgentId = AgentId, CreatedAt = Past.AddSeconds(1), Data = Json.Parse("""{"a":1}""") },
            ],
            found);
    }

    [Fact]
    public async Task Entity_type_world_source_and_agent_make_the_natural_key_and_null_equals_null()
    {
        await SetUpAsync();
        await Adapter.CreateComponentAsync(Make(1));

        var results = await Adapter.UpsertComponentsAsync(
        [
            Make(2),
            Make(3, "T"),
            Make(4) with { WorldId = _world },
            Make(5) with { SourceEntityId = _source },
            Make(6) with { AgentId = OtherAgentId },
            Make(7) with { EntityId = _source },
            Make(8) with { WorldId = _world, Data = Json.Parse("""{"last":true}""") },
        ]);
        var others = await Other.UpsertComponentAsync(Make(9));

        Assert.Equal([Id(1), Id(3), Id(4), Id(5), Id(6), Id(7), Id(4)], results.Select(result => result.Id));
        Assert.Equal([2, 1, 1, 1, 1, 1, 2], results.Select(result => (int)result.Outcome));
        Assert.Equal(new CreateResult(Id(6), CreateOutcome.Existed), others);
        Assert.Equal(Json.Parse("""{"last":true}"""), (await Adapter.GetComponentAsync(_entity, "t", _world))!.Data);
    }

    [Fact]
    public async Task Without_its_natural_key_an_upsert_changes_the_component_of_its_id()
    {
        await SetUpAsync();
        var newRoom = await NewRoomAsync();
        var before = Make(1) with { AgentId = AgentId, CreatedAt = Past, Data = Json.Parse("""{"a":1}""") };
        await Adapter.CreateComponentsAsync([before, Make(2, "key")]);

        var results = await Adapter.UpsertComponentsAsync(
            [Make(1, "other") with { RoomId = newRoom, Data = Json.Parse("""{"b":2}""") }, Make(1, "key") with { Data = Json.Parse("""{"c":3}""") }]);

        Assert.Equal([new(Id(1), CreateOutcome.Existed), new(Id(2), CreateOutcome.Existed)], results);
        Assert.Equal(before with { RoomId = newRoom, Data = Json.Parse("""{"b":2}""") }, await Adapter.GetComponentAsync(_entity, "t"));
        Assert.Equal(Json.Parse("""{"c":3}"""), (await Adapter.GetComponentAsync(_entity, "key"))!.Data);
        Assert.Null(await Adapter.GetComponentAsync(_entity, "other"));
    }

    [Fact]
    public async Task An_update_changes_only_what_it_names()
    {
        await SetUpAsync();
        var newRoom = await NewRoomAsync();
        var before = Make(1) with { AgentId = AgentId, Data = Json.Parse("""{"a":1}"""), CreatedAt = Past };
        await Adapter.CreateComponentAsync(before);

        Assert.True(await Other.UpdateComponentAsync(new ComponentUpdate(Id(1)) { Data = Json.Parse("""{"b":2}""") }));
        Assert.Equal(before with { Data = Json.Parse("""{"b":2}""") }, await OnlyAsync());

        Assert.True(await Adapter.UpdateComponentAsync(new ComponentUpdate(Id(1)) { Type = "", WorldId = _world, SourceEntityId = _source, RoomId = newRoom }));
        Assert.Equal(
            before with { Data = Json.Parse("""{"b":2}"""), Type = "", WorldId = _world, SourceEntityId = _source, RoomId = newRoom }, await OnlyAsync());

        Assert.True(await Adapter.UpdateComponentAsync(new ComponentUpdate(Id(1)) { EntityId = _source }));
        Assert.Empty(await Adapter.GetComponentsAsync(new ComponentQuery(_entity)));
        Assert.Equal([Id(1)], await IdsAsync(new ComponentQuery(_source)));
    }

    [Fact]
    public async Task An_update_of_a_missing_component_says_so()
    {
        await SetUpAsync();
        await Adapter.CreateComponentAsync(Make(1));

        Assert.False(await Adapter.UpdateComponentAsync(new ComponentUpdate(Id(2)) { Type = "x" }));
        Assert.Equal(1, await Adapter.UpdateComponentsAsync([new(Id(2)) { Type = "x" }, new(Id(1)) { Type = "y" }]));
        Assert.Equal(0, await Adapter.UpdateComponentsAsync([]));
        Assert.Equal("y", (await OnlyAsync()).Type);
    }

    [Fact]
    public async Task An_update_to_a_missing_row_is_refused_with_the_whole_batch()
    {
        await SetUpAsync();
        await Adapter.CreateComponentAsync(Make(1));

        foreach (var bad in new ComponentUpdate[]
        {
            new(Id(1)) { EntityId = Id(99) }, new(Id(1)) { RoomId = Id(99) }, new(Id(1)) { WorldId = Id(99) }, new(Id(1)) { SourceEntityId = Id(99) },
        })
        {
            var error = await Assert.ThrowsAsync<ReferenceNotFoundException>(() => Adapter.UpdateComponentsAsync([new(Id(1)) { Type = "changed" }, bad]));
            Assert.Equal(Id(99), error.Id);
        }
        Assert.Equal("t", (await OnlyAsync()).Type);
    }

    [Fact]
    public async Task An_update_of_a_missing_component_names_nothing()
    {
        await SetUpAsync();
        await Adapter.CreateComponentAsync(Make(1));

        foreach (var (lost, found) in new (ComponentUpdate, ComponentUpdate)[]
        {
            (new(Id(2)) { EntityId = Id(98) }, new(Id(1)) { EntityId = Id(99) }), (new(Id(2)) { RoomId = Id(98) }, new(Id(1)) { RoomId = Id(99) }),
            (new(Id(2)) { WorldId = Id(98) }, new(Id(1)) { WorldId = Id(99) }), (new(Id(2)) { SourceEntityId = Id(98) }, new(Id(1)) { SourceEntityId = Id(99) }),
        })
        {
            Assert.Equal(0, await Adapter.UpdateComponentsAsync([lost]));
            var error = await Assert.ThrowsAsync<ReferenceNotFoundException>(() => Adapter.UpdateComponentsAsync([lost, found]));
            Assert.Equal(Id(99), error.Id);
        }
    }

    [Fact]
    public async Task Deleting_tells_how_many_components_there_were()
    {
        await SetUpAsync();
        await Adapter.CreateComponentsAsync([Make(1), Make(2), Make(3)]);

        Assert.Equal(2, await Other.DeleteComponentsAsync([Id(1), Id(99), Id(2), Id(1)]));
        Assert.False(await Adapter.DeleteComponentAsync(Id(1)));
        Assert.Equal(0, await Adapter.DeleteComponentsAsync([]));
        Assert.Equal(Id(3), (await OnlyAsync()).Id);
    }

    [Fact]
    public async Task A_batch_with_one_bad_component_stores_nothing()
    {
        await SetUpAsync();
        await Adapter.CreateComponentAsync(Make(1));

        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.CreateComponentsAsync([Make(2), Make(3, null!)]));
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.UpsertComponentsAsync([Make(2, "x"), Make(3) with { Data = Json.EmptyArray }]));
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.UpdateComponentsAsync([new(Id(1)) { Type = "x" }, new(Id(1)) { Data = Json.Null }]));

        Assert.Equal((Id(1), "t"), ((await OnlyAsync()).Id, (await OnlyAsync()).Type));
    }

    [Fact]
    public async Task A_cancelled_call_changes_nothing()
    {
        await SetUpAsync();
        await Adapter.CreateComponentAsync(Make(1));
        var cancelled = new CancellationToken(true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.CreateComponentAsync(Make(2), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.UpsertComponentAsync(Make(2, "x"), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.UpdateComponentAsync(new ComponentUpdate(Id(1)) { Type = "x" }, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.DeleteComponentAsync(Id(1), cancelled));

        Assert.Equal((Id(1), "t"), ((await OnlyAsync()).Id, (await OnlyAsync()).Type));
    }

    [Fact]
    public async Task Components_are_there_after_reopening()
    {
        if (!Backend.Persists) return;
        await SetUpAsync();
        var kept = Make(1) with { AgentId = AgentId, WorldId = _world, SourceEntityId = _source, Data = Json.Parse("""{"a":1}"""), CreatedAt = Past };
        await Adapter.CreateComponentsAsync([kept, Make(2)]);
        await Adapter.DeleteComponentAsync(Id(2));

        await ReopenAsync();

        Assert.Equal(kept, await OnlyAsync());
        Assert.Equal(new CreateResult(Id(1), CreateOutcome.Existed), await Adapter.UpsertComponentAsync(kept with { Id = Id(3) }));
    }
}
