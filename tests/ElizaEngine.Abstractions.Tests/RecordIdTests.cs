using Xunit;

namespace ElizaEngine.Abstractions.Tests;

public sealed class RecordIdTests
{
    private static readonly Guid Id = Guid.Parse("919108f7-52d1-4320-9bac-f847db4148a8");

    [Fact]
    public void A_record_made_without_an_id_has_a_new_one_which_its_copies_keep()
    {
        Check(() => new Agent { Name = "a" }, record => record with { Name = "b" }, record => record.Id);
        Check(() => new AgentTask { Name = "a" }, record => record with { Name = "b" }, record => record.Id);
        Check(() => new Component { EntityId = Id, RoomId = Id, Type = "a" }, record => record with { Type = "b" }, record => record.Id);
        Check(() => new Entity(), record => record with { Names = ["b"] }, record => record.Id);
        Check(() => new LogEntry { EntityId = Id, RoomId = Id, Type = "a" }, record => record with { Type = "b" }, record => record.Id);
        Check(() => new Memory(), record => record with { RoomId = Id }, record => record.Id);
        Check(() => new Relationship { SourceEntityId = Id, TargetEntityId = Id }, record => record with { Tags = ["b"] }, record => record.Id);
        Check(() => new Room { Source = "a", Type = "a" }, record => record with { Type = "b" }, record => record.Id);
        Check(() => new World(), record => record with { Name = "b" }, record => record.Id);
    }

    [Fact]
    public void A_record_decoded_with_its_id_has_that_one_and_all_defaults()
    {
        Assert.Equal(new Agent { Id = Id, Name = "a" }, new Agent(Id) { Name = "a" });
        Assert.Equal(new AgentTask { Id = Id, Name = "a" }, new AgentTask(Id) { Name = "a" });
        Assert.Equal(new Component { Id = Id, EntityId = Id, RoomId = Id, Type = "a" }, new Component(Id) { EntityId = Id, RoomId = Id, Type = "a" });
        Assert.Equal(new Entity { Id = Id }, new Entity(Id));
        Assert.Equal(new LogEntry { Id = Id, EntityId = Id, RoomId = Id, Type = "a" }, new LogEntry(Id) { EntityId = Id, RoomId = Id, Type = "a" });
        Assert.Equal(new Memory { Id = Id }, new Memory(Id));
        Assert.Equal(new Relationship { Id = Id, SourceEntityId = Id, TargetEntityId = Id }, new Relationship(Id) { SourceEntityId = Id, TargetEntityId = Id });
        Assert.Equal(new Room { Id = Id, Source = "a", Type = "a" }, new Room(Id) { Source = "a", Type = "a" });
        Assert.Equal(new World { Id = Id }, new World(Id));
    }

    private static void Check<T>(Func<T> make, Func<T, T> change, Func<T, Guid> idOf)
    {
        var (first, second) = (make(), make());

        Assert.Equal(7, idOf(first).Version);
        Assert.NotEqual(idOf(first), idOf(second));
        Assert.Equal(idOf(first), idOf(first));
        Assert.Equal(idOf(first), idOf(change(first)));
    }
}
