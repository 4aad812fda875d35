using Xunit;

namespace ElizaEngine.Conformance;

/// <summary>Relationships: directed, one for each source, target and agent.</summary>
public abstract class RelationshipConformance : ConformanceTest
{
    private static readonly DateTimeOffset Past = new(2020, 5, 6, 7, 8, 9, 123, TimeSpan.Zero);

    // Entities 1 to 5.
    private async Task SetUpAsync() => await Adapter.CreateEntitiesAsync([.. Enumerable.Range(1, 5).Select(i => new Entity { Id = Id(i) })]);

    private static Relationship Make(int id, int source, int target, params string[] tags) =>
        new() { Id = Id(id), SourceEntityId = Id(source), TargetEntityId = Id(target), Tags = tags };

    private static void Same(Relationship expected, Relationship? actual)
    {
        Assert.NotNull(actual);
        Assert.Equal(
            (expected.Id, expected.SourceEntityId, expected.TargetEntityId, expected.AgentId, expected.Metadata, expected.CreatedAt),
            (actual.Id, actual.SourceEntityId, actual.TargetEntityId, actual.AgentId, actual.Metadata, actual.CreatedAt));
        Assert.Equal(expected.Tags, actual.Tags);
    }

    private async Task<IEnumerable<Guid>> IdsAsync(RelationshipQuery query) =>
        (await Adapter.GetRelationshipsAsync(query)).Select(relationship => relationship.Id);

    [Fact]
    public async Task A_relationship_is_read_back_as_it_was_given_and_is_the_adapters_agents()
    {
        await SetUpAsync();
        var relationship = Make(11, 1, 2, "friend", "b", "a", "friend", "") with { Metadata = Json.Parse("""{"since":[2020,null]}"""), CreatedAt = Past };

        Assert.True(await Adapter.CreateRelationshipAsync(relationship with { AgentId = OtherAgentId }));

        Same(relationship with { AgentId = AgentId }, await Adapter.GetRelationshipAsync(Id(1), Id(2)));
        Same(relationship with { AgentId = AgentId }, await Other.GetRelationshipAsync(Id(1), Id(2)));
    }

    [Fact]
    public async Task What_is_not_given_gets_its_default()
    {
        await SetUpAsync();
        await Adapter.CreateRelationshipAsync(Make(11, 1, 2));

        Same(
            Make(11, 1, 2) with { AgentId = AgentId, Metadata = Json.EmptyObject, CreatedAt = Time.GetUtcNow() },
            await Adapter.GetRelationshipAsync(Id(1), Id(2)));
    }

    [Fact]
    public async Task There_is_one_for_each_source_target_and_agent()
    {
        await SetUpAsync();

        Assert.True(await Adapter.CreateRelationshipAsync(Make(11, 1, 2, "first")));
        Assert.False(await Adapter.CreateRelationshipAsync(Make(12, 1, 2, "second")));
        Assert.False(await Adapter.CreateRelationshipAsync(Make(11, 3, 4, "of the same id")));
        Assert.True(await Adapter.CreateRelationshipAsync(Make(13, 2, 1, "back")));
        Assert.True(await Adapter.CreateRelationshipAsync(Make(14, 1, 1, "self")));
        Assert.True(await Other.CreateRelationshipAsync(Make(15, 1, 2, "other")));

        Assert.Equal(["first"], (await Adapter.GetRelationshipAsync(Id(1), Id(2)))!.Tags);
        Assert.Equal(["back"], (await Adapter.GetRelationshipAsync(Id(2), Id(1)))!.Tags);
        Assert.Equal(["self"], (await Adapter.GetRelationshipAsync(Id(1), Id(1)))!.Tags);
        Assert.Equal([Id(11), Id(13), Id(14), Id(15)], await IdsAsync(new RelationshipQuery()));
    }

    [Fact]
    public async Task A_batch_gives_the_stored_ids()
    {
        await SetUpAsync();
        await Adapter.CreateRelationshipAsync(Make(11, 1, 2));

        var results = await Adapter.CreateRelationshipsAsync([Make(12, 2, 3, "a"), Make(13, 1, 2), Make(14, 2, 3, "b"), Make(11, 3, 4)]);

        Assert.Equal(
            [
                new(Id(12), CreateOutcome.Created), new(Id(11), CreateOutcome.Existed),
                new(Id(12), CreateOutcome.Existed), new(Id(11), CreateOutcome.Existed),
            ],
            results);
        Assert.Equal([Id(11), Id(12)], await IdsAsync(new RelationshipQuery()));
        Assert.Equal(["a"], (await Adapter.GetRelationshipAsync(Id(2), Id(3)))!.Tags);
        Assert.Empty(await Adapter.CreateRelationshipsAsync([]));
    }

    [Fact]
    public async Task An_entity_is_found_on_either_side_and_direction_counts()
    {
        await SetUpAsync();
        await Adapter.CreateRelationshipsAsync([Make(11, 1, 2), Make(12, 2, 1), Make(13, 3, 1), Make(14, 2, 3), Make(15, 1, 1)]);
        await Other.CreateRelationshipAsync(Make(16, 4, 1));

        Assert.Equal([Id(11), Id(12), Id(13), Id(15), Id(16)], await IdsAsync(new RelationshipQuery { EntityId = Id(1) }));
        Assert.Equal([Id(11), Id(15)], await IdsAsync(new RelationshipQuery { SourceEntityId = Id(1) }));
        Assert.Equal([Id(12), Id(13), Id(15), Id(16)], await IdsAsync(new RelationshipQuery { TargetEntityId = Id(1) }));
        Assert.Equal([Id(12)], await IdsAsync(new RelationshipQuery { SourceEntityId = Id(2), TargetEntityId = Id(1) }));
        Assert.Equal([Id(14)], await IdsAsync(new RelationshipQuery { EntityId = Id(2), TargetEntityId = Id(3) }));
        Assert.Empty(await IdsAsync(new RelationshipQuery { SourceEntityId = Id(1), TargetEntityId = Id(3) }));
        Assert.Empty(await IdsAsync(new RelationshipQuery { EntityId = Id(99) }));
        Assert.Null(await Adapter.GetRelationshipAsync(Id(1), Id(3)));
    }

    [Fact]
    public async Task One_common_tag_is_enough_and_no_tags_match_nothing()
    {
        await SetUpAsync();
        await Adapter.CreateRelationshipsAsync([Make(11, 1, 2, "a", "b"), Make(12, 2, 3, "b", "c"), Make(13, 3, 4), Make(14, 4, 5, "A")]);

        Assert.Equal([Id(11), Id(12)], await IdsAsync(new RelationshipQuery { Tags = ["b"] }));
        Assert.Equal([Id(11), Id(12)], await IdsAsync(new RelationshipQuery { Tags = ["a", "c", "a", "x"] }));
        Assert.Equal([Id(12)], await IdsAsync(new RelationshipQuery { Tags = ["a", "c"], EntityId = Id(3) }));
        Assert.Empty(await IdsAsync(new RelationshipQuery { Tags = ["x"] }));
        Assert.Empty(await IdsAsync(new RelationshipQuery { Tags = ["a%", ""] }));
        Assert.Empty(await IdsAsync(new RelationshipQuery { Tags = [] }));
        Assert.Equal(4, (await IdsAsync(new RelationshipQuery { Tags = null })).Count());
    }

    [Fact]
    public async Task Relationships_come_oldest_first_then_by_id_and_a_single_read_gives_the_oldest()
    {
        await SetUpAsync();
        await Adapter.CreateRelationshipsAsync(
            [Make(14, 1, 2) with { CreatedAt = Past.AddSeconds(1) }, Make(13, 1, 3) with { CreatedAt = Past }, Make(12, 1, 4) with { CreatedAt = Past }]);
        await Other.CreateRelationshipAsync(Make(15, 1, 2) with { CreatedAt = Past });

        Assert.Equal([Id(12), Id(13), Id(15), Id(14)], await IdsAsync(new RelationshipQuery()));
        Assert.Equal(Id(15), (await Adapter.GetRelationshipAsync(Id(1), Id(2)))!.Id);
    }

    [Fact]
    public async Task An_update_replaces_tags_and_metadata_and_nothing_else()
    {
        await SetUpAsync();
        var relationship = Make(11, 1, 2, "a") with { AgentId = AgentId, Metadata = Json.Parse("""{"a":1}"""), CreatedAt = Past };
        await Adapter.CreateRelationshipAsync(relationship);

        Assert.True(await Other.UpdateRelationshipAsync(new RelationshipUpdate(Id(11)) { Tags = ["b", "c"], Metadata = Json.Parse("""{"b":2}""") }));
        Same(relationship with { Tags = ["b", "c"], Metadata = Json.Parse("""{"b":2}""") }, await Adapter.GetRelationshipAsync(Id(1), Id(2)));

        Assert.True(await Adapter.UpdateRelationshipAsync(new RelationshipUpdate(Id(11))));
        Same(relationship with { Tags = [], Metadata = Json.EmptyObject }, await Adapter.GetRelationshipAsync(Id(1), Id(2)));
        Assert.Empty(await IdsAsync(new RelationshipQuery { Tags = ["a", "b", "c"] }));
    }

    [Fact]
    public async Task An_update_of_a_missing_relationship_says_so()
    {
        await SetUpAsync();
        await Adapter.CreateRelationshipAsync(Make(11, 1, 2));

        Assert.False(await Adapter.UpdateRelationshipAsync(new RelationshipUpdate(Id(99))));
        Assert.Equal(1, await Adapter.UpdateRelationshipsAsync([new(Id(99)), new(Id(11)) { Tags = ["x"] }]));
        Assert.Equal(0, await Adapter.UpdateRelationshipsAsync([]));
        Assert.Equal([Id(11)], await IdsAsync(new RelationshipQuery()));
    }

    [Fact]
    public async Task An_upsert_gives_the_one_there_new_tags_and_metadata()
    {
        await SetUpAsync();
        await Adapter.CreateRelationshipAsync(Make(11, 1, 2, "a") with { CreatedAt = Past, Metadata = Json.Parse("""{"a":1}""") });

        var results = await Adapter.UpsertRelationshipsAsync([Make(12, 1, 2, "b"), Make(13, 2, 1, "c"), Make(14, 2, 1, "d")]);
        var others = await Other.UpsertRelationshipAsync(Make(15, 1, 2, "e"));

        Assert.Equal([new(Id(11), CreateOutcome.Existed), new(Id(13), CreateOutcome.Created), new(Id(13), CreateOutcome.Existed)], results);
        Assert.Equal(new CreateResult(Id(15), CreateOutcome.Created), others);
        Same(
            Make(11, 1, 2, "b") with { AgentId = AgentId, CreatedAt = Past, Metadata = Json.EmptyObject },
            (await Adapter.GetRelationshipsAsync(new RelationshipQuery { SourceEntityId = Id(1) }))[0]);
        Assert.Equal(["d"], (await Adapter.GetRelationshipAsync(Id(2), Id(1)))!.Tags);
    }

    [Fact]
    public async Task Deleting_tells_how_many_there_were_and_frees_the_pair()
    {
        await SetUpAsync();
        await Adapter.CreateRelationshipsAsync([Make(11, 1, 2), Make(12, 2, 1)]);

        Assert.Equal(1, await Other.DeleteRelationshipsAsync([Id(11), Id(99), Id(11)]));
        Assert.Equal(0, await Adapter.DeleteRelationshipsAsync([]));

        Assert.Equal([Id(12)], await IdsAsync(new RelationshipQuery()));
        Assert.True(await Adapter.CreateRelationshipAsync(Make(13, 1, 2)));
    }

    [Fact]
    public async Task A_missing_entity_or_agent_is_refused_with_the_whole_batch()
    {
        await SetUpAsync();
        foreach (var bad in new[] { Make(12, 99, 1), Make(12, 1, 99) })
        {
            var error = await Assert.ThrowsAsync<ReferenceNotFoundException>(() => Adapter.CreateRelationshipsAsync([Make(11, 1, 2), bad]));
            Assert.Equal(("entities", Id(99)), (error.Table, error.Id));
            await Assert.ThrowsAsync<ReferenceNotFoundException>(() => Adapter.UpsertRelationshipsAsync([Make(11, 1, 2), bad]));
        }
        var agent = await Assert.ThrowsAsync<ReferenceNotFoundException>(() => Database.ForAgent(Id(98)).CreateRelationshipAsync(Make(11, 1, 2)));

        Assert.Equal(("agents", Id(98)), (agent.Table, agent.Id));
        Assert.Empty(await IdsAsync(new RelationshipQuery()));
    }

    [Fact]
    public async Task A_batch_with_one_bad_relationship_stores_nothing()
    {
        await SetUpAsync();
        await Adapter.CreateRelationshipAsync(Make(11, 1, 2, "a"));

        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.CreateRelationshipsAsync([Make(12, 2, 3), Make(13, 3, 4, "x", null!)]));
        await Assert.ThrowsAsync<InvalidInputException>(() =>
            Adapter.UpsertRelationshipsAsync([Make(12, 1, 2, "changed"), Make(13, 3, 4) with { Metadata = Json.EmptyArray }]));
        await Assert.ThrowsAsync<InvalidInputException>(() =>
            Adapter.UpdateRelationshipsAsync([new(Id(11)) { Tags = ["changed"] }, new(Id(11)) { Metadata = Json.From(1) }]));

        Assert.Equal(["a"], Assert.Single(await Adapter.GetRelationshipsAsync(new RelationshipQuery())).Tags);
    }

    [Fact]
    public async Task A_cancelled_call_changes_nothing()
    {
        await SetUpAsync();
        await Adapter.CreateRelationshipAsync(Make(11, 1, 2, "a"));
        var cancelled = new CancellationToken(true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.CreateRelationshipAsync(Make(12, 2, 1), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.UpsertRelationshipAsync(Make(12, 1, 2, "b"), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.UpdateRelationshipAsync(new RelationshipUpdate(Id(11)), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.DeleteRelationshipsAsync([Id(11)], cancelled));

        Assert.Equal(["a"], Assert.Single(await Adapter.GetRelationshipsAsync(new RelationshipQuery())).Tags);
    }

    [Fact]
    public async Task Relationships_are_there_after_reopening_and_still_unique()
    {
        if (!Backend.Persists) return;
        await SetUpAsync();
        var kept = Make(11, 1, 2, "a", "b") with { AgentId = AgentId, Metadata = Json.Parse("""{"a":1}"""), CreatedAt = Past };
        await Adapter.CreateRelationshipsAsync([kept, Make(12, 2, 1)]);
        await Adapter.DeleteRelationshipsAsync([Id(12)]);

        await ReopenAsync();

        Same(kept, Assert.Single(await Adapter.GetRelationshipsAsync(new RelationshipQuery { Tags = ["b"] })));
        Assert.False(await Adapter.CreateRelationshipAsync(Make(13, 1, 2)));
        Assert.True(await Adapter.CreateRelationshipAsync(Make(14, 2, 1)));
    }
}
