using ElizaEngine.Comparison.Calls;
using ElizaEngine.Comparison.Data;
using Xunit;

namespace ElizaEngine.Comparison.Tests;

public sealed class CallDataTests
{
    [Fact]
    public void Whoever_can_be_added_to_a_room_is_not_in_it_and_all_are_one_of_both()
    {
        var there = Enumerable.Range(0, SampleWorld.RoomCount).SelectMany(room => CallData.ParticipantsOf(room).Select(entity => (entity, room))).ToHashSet();
        var free = Enumerable.Range(0, CallData.FreeParticipants).Select(CallData.FreeParticipant).ToHashSet();

        Assert.Equal(CallData.FreeParticipants, free.Count);
        Assert.False(there.Overlaps(free));
        Assert.Equal(SampleWorld.RoomCount * SampleWorld.EntityCount, there.Count + free.Count);
        Assert.All(Enumerable.Range(0, SampleWorld.RoomCount), room => Assert.Equal(CallData.ParticipantsOfRoom, CallData.ParticipantsOf(room).Count()));
    }

    [Fact]
    public void Whoever_can_become_a_friend_is_none_and_nobody_is_his_own()
    {
        var friends = Enumerable.Range(0, SampleWorld.EntityCount).SelectMany(entity => CallData.FriendsOf(entity).Select(friend => (entity, friend))).ToHashSet();
        var free = Enumerable.Range(0, CallData.FreeRelationships).Select(CallData.FreeRelationship).ToHashSet();

        Assert.Equal(CallData.FreeRelationships, free.Count);
        Assert.False(friends.Overlaps(free));
        Assert.DoesNotContain(friends.Concat(free), pair => pair.Item1 == pair.Item2);
        Assert.All(Enumerable.Range(0, SampleWorld.EntityCount), entity =>
            Assert.Equal(CallData.RelationshipsOfEntity, friends.Count(pair => pair.entity == entity || pair.friend == entity)));
    }
}
