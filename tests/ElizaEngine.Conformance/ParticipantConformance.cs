using Xunit;

namespace ElizaEngine.Conformance;

/// <summary>Participants: one membership for each entity, room and agent, and how it stands to the room.</summary>
public abstract class ParticipantConformance : ConformanceTest
{
    private async Task SetUpAsync()
    {
        await Adapter.CreateEntitiesAsync([.. Enumerable.Range(1, 5).Select(i => new Entity { Id = Id(i) })]);
        await Adapter.CreateRoomsAsync([.. Enumerable.Range(11, 3).Select(i => new Room { Id = Id(i), Source = "s", Type = "t" })]);
        await Other.CreateRoomAsync(new Room { Id = Id(21), Source = "s", Type = "t" });
    }

    [Fact]
    public async Task Adding_an_entity_twice_makes_one_membership_and_both_calls_are_true()
    {
        await SetUpAsync();

        Assert.True(await Adapter.AddParticipantAsync(Id(1), Id(11)));
        Assert.True(await Adapter.AddParticipantAsync(Id(1), Id(11)));

        Assert.Equal([Id(1)], await Adapter.GetParticipantsForRoomAsync(Id(11)));
        Assert.Single(await Adapter.GetParticipantsForEntityAsync(Id(1)));
    }

    [Fact]
    public async Task A_batch_tells_for_each_entity_whether_it_is_new_and_the_id_of_its_membership()
    {
        await SetUpAsync();
        var first = Assert.Single(await Adapter.AddParticipantsAsync([Id(2)], Id(11)));

        var results = await Adapter.AddParticipantsAsync([Id(3), Id(2), Id(1), Id(3)], Id(11));

        Assert.Equal(CreateOutcome.Created, first.Outcome);
        Assert.Equal([1, 2, 1, 2], results.Select(result => (int)result.Outcome));
        Assert.Equal(first.Id, results[1].Id);
        Assert.Equal(results[0].Id, results[3].Id);
        Assert.Equal(3, results.Select(result => result.Id).Distinct().Count());
        Assert.Equal(results[2].Id, Assert.Single(await Adapter.GetParticipantsForEntityAsync(Id(1))).Id);
        Assert.Equal([Id(1), Id(2), Id(3)], await Adapter.GetParticipantsForRoomAsync(Id(11)));
    }

    [Fact]
    public async Task No_entities_do_nothing()
    {
        await SetUpAsync();

        Assert.Empty(await Adapter.AddParticipantsAsync([], Id(11)));
        Assert.Equal(0, await Adapter.RemoveParticipantsAsync([], Id(11)));
        Assert.Empty(await Adapter.GetRoomsForParticipantsAsync([]));
        Assert.Empty(await Adapter.GetParticipantsForRoomAsync(Id(11)));
    }

    [Fact]
    public async Task Each_agent_notes_its_own_membership_and_all_see_the_entity_once()
    {
        await SetUpAsync();
        var mine = Assert.Single(await Adapter.AddParticipantsAsync([Id(1)], Id(11)));
        var others = Assert.Single(await Other.AddParticipantsAsync([Id(1)], Id(11)));

        Assert.Equal(CreateOutcome.Created, others.Outcome);
        Assert.NotEqual(mine.Id, others.Id);
        Assert.Equal([Id(1)], await Adapter.GetParticipantsForRoomAsync(Id(11)));
        Assert.Equal([new(mine.Id, Id(1), Id(11), AgentId), new(others.Id, Id(1), Id(11), OtherAgentId)], await Adapter.GetParticipantsForEntityAsync(Id(1)));
    }

    [Fact]
    public async Task Memberships_of_an_entity_come_in_order_of_room_then_agent()
    {
        await SetUpAsync();
        await Other.AddParticipantsAsync([Id(1)], Id(13));
        await Adapter.AddParticipantsAsync([Id(1)], Id(13));
        await Adapter.AddParticipantsAsync([Id(1)], Id(12));
        await Other.AddParticipantsAsync([Id(1), Id(2)], Id(11));

        var found = await Adapter.GetParticipantsForEntityAsync(Id(1));

        Assert.Equal(
            [(Id(11), OtherAgentId), (Id(12), AgentId), (Id(13), AgentId), (Id(13), OtherAgentId)], found.Select(row => (row.RoomId, row.AgentId)));
        Assert.All(found, row => Assert.Equal(Id(1), row.EntityId));
        Assert.Empty(await Adapter.GetParticipantsForEntityAsync(Id(99)));
    }

    [Fact]
    public async Task Participants_of_a_room_come_in_order_of_id()
    {
        await SetUpAsync();
        Guid[] ordered = [Id(1), Id(0x01000000), Id(0x7F000000), Id(unchecked((int)0x80000000)), Id(-1)];
        await Adapter.CreateEntitiesAsync([.. ordered.Skip(1).Select(id => new Entity { Id = id })]);
        await Adapter.AddParticipantsAsync([.. ordered.Reverse()], Id(11));

        Assert.Equal(ordered, await Other.GetParticipantsForRoomAsync(Id(11)));
        Assert.Empty(await Adapter.GetParticipantsForRoomAsync(Id(12)));
        Assert.Empty(await Adapter.GetParticipantsForRoomAsync(Id(99)));
    }

    [Fact]
    public async Task Whether_an_entity_is_in_a_room_is_known_to_all_agents()
    {
        await SetUpAsync();
        await Other.AddParticipantAsync(Id(1), Id(11));

        Assert.True(await Adapter.IsRoomParticipantAsync(Id(11), Id(1)));
        Assert.True(await Other.IsRoomParticipantAsync(Id(11), Id(1)));
        Assert.False(await Adapter.IsRoomParticipantAsync(Id(11), Id(2)));
        Assert.False(await Adapter.IsRoomParticipantAsync(Id(12), Id(1)));
        Assert.False(await Adapter.IsRoomParticipantAsync(Id(1), Id(11)));
        Assert.False(await Adapter.IsRoomParticipantAsync(Id(99), Id(1)));
    }

    [Fact]
    public async Task Removing_takes_an_entity_out_whichever_agent_noted_it()
    {
        await SetUpAsync();
        await Adapter.AddParticipantsAsync([Id(1), Id(2)], Id(11));
        await Other.AddParticipantsAsync([Id(1), Id(3)], Id(11));
        await Adapter.AddParticipantsAsync([Id(1)], Id(12));

        Assert.Equal(3, await Adapter.RemoveParticipantsAsync([Id(1), Id(3), Id(99), Id(1)], Id(11)));

        Assert.Equal([Id(2)], await Adapter.GetParticipantsForRoomAsync(Id(11)));
        Assert.Equal([Id(1)], await Adapter.GetParticipantsForRoomAsync(Id(12)));
        Assert.False(await Adapter.RemoveParticipantAsync(Id(1), Id(11)));
        Assert.True(await Other.RemoveParticipantAsync(Id(1), Id(12)));
        Assert.False(await Adapter.RemoveParticipantAsync(Id(1), Id(99)));
    }

    [Fact]
    public async Task Rooms_of_participants_are_this_agents_each_once_in_order_of_id()
    {
        await SetUpAsync();
        await Adapter.AddParticipantsAsync([Id(1), Id(2)], Id(13));
        await Adapter.AddParticipantsAsync([Id(2)], Id(11));
        await Adapter.AddParticipantsAsync([Id(3)], Id(12));
        await Adapter.AddParticipantsAsync([Id(1)], Id(21));
        await Other.AddParticipantsAsync([Id(1)], Id(13));
        await Other.AddParticipantsAsync([Id(1), Id(2)], Id(21));

        Assert.Equal([Id(11), Id(13)], await Adapter.GetRoomsForParticipantsAsync([Id(2), Id(1), Id(2), Id(99)]));
        Assert.Equal([Id(13)], await Adapter.GetRoomsForParticipantAsync(Id(1)));
        Assert.Equal([Id(21)], await Other.GetRoomsForParticipantsAsync([Id(1), Id(2), Id(3)]));
        Assert.Empty(await Adapter.GetRoomsForParticipantAsync(Id(4)));
    }

    [Fact]
    public async Task A_state_is_set_changed_and_cleared()
    {
        await SetUpAsync();
        await Adapter.AddParticipantsAsync([Id(1), Id(2)], Id(11));

        Assert.Null(await Adapter.GetParticipantUserStateAsync(Id(11), Id(1)));
        Assert.Equal(1, await Adapter.SetParticipantUserStateAsync(Id(11), Id(1), ParticipantUserState.Followed));
        Assert.Equal(ParticipantUserState.Followed, await Adapter.GetParticipantUserStateAsync(Id(11), Id(1)));
        Assert.Equal(1, await Adapter.SetParticipantUserStateAsync(Id(11), Id(1), ParticipantUserState.Muted));
        Assert.Equal(ParticipantUserState.Muted, await Adapter.GetParticipantUserStateAsync(Id(11), Id(1)));
        Assert.Null(await Adapter.GetParticipantUserStateAsync(Id(11), Id(2)));
        Assert.Equal(1, await Adapter.SetParticipantUserStateAsync(Id(11), Id(1), null));
        Assert.Null(await Adapter.GetParticipantUserStateAsync(Id(11), Id(1)));
    }

    [Fact]
    public async Task A_state_belongs_to_this_agents_membership()
    {
        await SetUpAsync();
        await Adapter.AddParticipantAsync(Id(1), Id(11));
        await Other.AddParticipantsAsync([Id(1), Id(2)], Id(11));

        Assert.Equal(1, await Adapter.SetParticipantUserStateAsync(Id(11), Id(1), ParticipantUserState.Muted));
        Assert.Equal(0, await Adapter.SetParticipantUserStateAsync(Id(11), Id(2), ParticipantUserState.Muted));

        Assert.Null(await Other.GetParticipantUserStateAsync(Id(11), Id(1)));
        Assert.Null(await Other.GetParticipantUserStateAsync(Id(11), Id(2)));
        Assert.Equal(ParticipantUserState.Muted, await Adapter.GetParticipantUserStateAsync(Id(11), Id(1)));
    }

    [Fact]
    public async Task Who_is_not_in_a_room_has_no_state_and_gets_none()
    {
        await SetUpAsync();

        Assert.Equal(0, await Adapter.SetParticipantUserStateAsync(Id(11), Id(1), ParticipantUserState.Followed));
        Assert.Equal(0, await Adapter.SetParticipantUserStateAsync(Id(99), Id(98), null));
        Assert.Null(await Adapter.GetParticipantUserStateAsync(Id(99), Id(98)));
        await Adapter.AddParticipantAsync(Id(1), Id(11));
        Assert.Null(await Adapter.GetParticipantUserStateAsync(Id(11), Id(1)));
    }

    [Fact]
    public async Task Adding_again_keeps_the_state_and_removing_forgets_it()
    {
        await SetUpAsync();
        await Adapter.AddParticipantAsync(Id(1), Id(11));
        await Adapter.SetParticipantUserStateAsync(Id(11), Id(1), ParticipantUserState.Muted);

        await Adapter.AddParticipantAsync(Id(1), Id(11));
        Assert.Equal(ParticipantUserState.Muted, await Adapter.GetParticipantUserStateAsync(Id(11), Id(1)));

        await Adapter.RemoveParticipantAsync(Id(1), Id(11));
        await Adapter.AddParticipantAsync(Id(1), Id(11));
        Assert.Null(await Adapter.GetParticipantUserStateAsync(Id(11), Id(1)));
    }

    [Fact]
    public async Task A_state_that_is_none_is_refused()
    {
        await SetUpAsync();
        await Adapter.AddParticipantAsync(Id(1), Id(11));

        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.SetParticipantUserStateAsync(Id(11), Id(1), (ParticipantUserState)7));
        Assert.Null(await Adapter.GetParticipantUserStateAsync(Id(11), Id(1)));
    }

    [Fact]
    public async Task A_missing_entity_room_or_agent_is_refused_with_the_whole_batch()
    {
        await SetUpAsync();
        var stranger = Database.ForAgent(Id(97));

        var entity = await Assert.ThrowsAsync<ReferenceNotFoundException>(() => Adapter.AddParticipantsAsync([Id(1), Id(99), Id(2)], Id(11)));
        var room = await Assert.ThrowsAsync<ReferenceNotFoundException>(() => Adapter.AddParticipantsAsync([Id(1)], Id(98)));
        var agent = await Assert.ThrowsAsync<ReferenceNotFoundException>(() => stranger.AddParticipantsAsync([Id(1)], Id(11)));

        Assert.Equal(("entities", Id(99)), (entity.Table, entity.Id));
        Assert.Equal(("rooms", Id(98)), (room.Table, room.Id));
        Assert.Equal(("agents", Id(97)), (agent.Table, agent.Id));
        Assert.Empty(await Adapter.GetParticipantsForRoomAsync(Id(11)));
        Assert.Empty(await Adapter.GetParticipantsForEntityAsync(Id(1)));
    }

    [Fact]
    public async Task A_cancelled_call_changes_nothing()
    {
        await SetUpAsync();
        await Adapter.AddParticipantAsync(Id(1), Id(11));
        var cancelled = new CancellationToken(true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.AddParticipantAsync(Id(2), Id(11), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.RemoveParticipantAsync(Id(1), Id(11), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            Adapter.SetParticipantUserStateAsync(Id(11), Id(1), ParticipantUserState.Muted, cancelled));

        Assert.Equal([Id(1)], await Adapter.GetParticipantsForRoomAsync(Id(11)));
        Assert.Null(await Adapter.GetParticipantUserStateAsync(Id(11), Id(1)));
    }

    [Fact]
    public async Task Many_concurrent_adds_of_one_entity_make_one_membership()
    {
        await SetUpAsync();

        var results = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => Task.Run(() => Adapter.AddParticipantsAsync([Id(1)], Id(11)))));

        Assert.Equal(1, results.Count(result => result[0].Outcome == CreateOutcome.Created));
        Assert.Single(results.Select(result => result[0].Id).Distinct());
        Assert.Single(await Adapter.GetParticipantsForEntityAsync(Id(1)));
    }

    [Fact]
    public async Task Memberships_and_states_are_there_after_reopening()
    {
        if (!Backend.Persists) return;
        await SetUpAsync();
        var results = await Adapter.AddParticipantsAsync([Id(1), Id(2)], Id(11));
        await Adapter.SetParticipantUserStateAsync(Id(11), Id(1), ParticipantUserState.Followed);
        await Adapter.RemoveParticipantAsync(Id(2), Id(11));

        await ReopenAsync();

        Assert.Equal([new(results[0].Id, Id(1), Id(11), AgentId)], await Adapter.GetParticipantsForEntityAsync(Id(1)));
        Assert.Equal([Id(1)], await Adapter.GetParticipantsForRoomAsync(Id(11)));
        Assert.Equal(ParticipantUserState.Followed, await Adapter.GetParticipantUserStateAsync(Id(11), Id(1)));
        Assert.Equal(CreateOutcome.Existed, Assert.Single(await Adapter.AddParticipantsAsync([Id(1)], Id(11))).Outcome);
    }
}
