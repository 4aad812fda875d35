using Xunit;

namespace ElizaEngine.Abstractions.Tests;

public sealed class MemoryTests
{
    private static readonly Guid Id = Guid.Parse("919108f7-52d1-4320-9bac-f847db4148a8");

    private static Memory Full() => new()
    {
        Id = Id,
        EntityId = Id,
        AgentId = Id,
        RoomId = Id,
        WorldId = Id,
        TableName = "messages",
        CreatedAt = DateTimeOffset.UnixEpoch,
        Content = Content.FromText("a"),
        Metadata = new MemoryMetadata { Type = "message" },
        Embedding = new float[] { 1, 2 },
        Unique = true,
        Similarity = 0.5f,
    };

    [Fact]
    public void Equality_compares_every_field_and_embeddings_by_content()
    {
        var memory = Full();
        Memory[] others =
        [
            memory with { Id = Guid.Empty }, memory with { EntityId = null }, memory with { AgentId = null }, memory with { RoomId = null },
            memory with { WorldId = null }, memory with { TableName = null }, memory with { CreatedAt = null }, memory with { Content = new() },
            memory with { Metadata = null }, memory with { Embedding = null }, memory with { Embedding = new float[] { 1, 3 } },
            memory with { Embedding = new float[] { 1 } }, memory with { Unique = null }, memory with { Similarity = null },
        ];

        Assert.Equal(memory, Full());
        Assert.Equal(memory.GetHashCode(), Full().GetHashCode());
        Assert.All(others, other => Assert.NotEqual(memory, other));
        Assert.False(memory.Equals(null));
    }

    [Fact]
    public void Ids_are_made_in_time_order_unless_given()
    {
        var (first, second) = (new Memory(), new Memory());

        Assert.NotEqual(first.Id, second.Id);
        Assert.Equal(7, first.Id.Version);
        Assert.Equal(Id, new Memory { Id = Id }.Id);
    }

    [Fact]
    public void An_array_that_is_null_is_an_empty_embedding_and_refused_as_one()
    {
        float[]? none = null;
        var memory = new Memory { Embedding = none };

        Assert.True(memory.Embedding.HasValue);
        Assert.Equal(0, Assert.Throws<InvalidInputException>(() => Door.Embedding(memory.Embedding.Value.Span)).Value);
    }
}
