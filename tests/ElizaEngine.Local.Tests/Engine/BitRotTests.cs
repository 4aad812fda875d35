using Xunit;

namespace ElizaEngine.Local.Tests.Engine;

/// <summary>
/// A byte that changes on the disk while the database is open. The story: a partial update took over the damaged part of a row
/// unseen, and wrote it again with a checksum that was right.
/// </summary>
public sealed class BitRotTests : IDisposable
{
    private readonly string _directory = Path.Combine(Path.GetTempPath(), $"eliza-{Guid.NewGuid():N}");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_damaged_row_is_neither_read_nor_carried_over_by_a_partial_update()
    {
        await using var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions { Directory = _directory, RecordCacheBytes = 0 });
        var agentId = Guid.NewGuid();
        var adapter = database.ForAgent(agentId);
        await adapter.CreateAgentAsync(new Agent { Id = agentId, Name = "Ada" });
        var id = await adapter.CreateMemoryAsync(
            new Memory { Content = Content.FromText("the code is 12345"), Embedding = new float[] { 0.25f, 0.5f } }, "facts");
        Assert.Equal("the code is 12345", (await adapter.GetMemoryByIdAsync(id))!.Content.Text);

        TestFolder.Overwrite(_directory, "12345"u8, "92345"u8);

        var error = await Assert.ThrowsAsync<CorruptDataException>(() => adapter.GetMemoryByIdAsync(id));
        Assert.EndsWith(".seg", error.File, StringComparison.Ordinal);
        Assert.True(error is { Offset: > 0, Sequence: >= 0 });
        await Assert.ThrowsAsync<CorruptDataException>(() => adapter.UpdateMemoryAsync(new MemoryUpdate(id) { Metadata = new MemoryMetadata { Source = "test" } }));
        TestFolder.Overwrite(_directory, "92345"u8, "12345"u8);
        Assert.Equal("the code is 12345", (await adapter.GetMemoryByIdAsync(id))!.Content.Text);
    }

    [Fact]
    public async Task A_damaged_vector_is_not_handed_out()
    {
        await using var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions { Directory = _directory });
        var agentId = Guid.NewGuid();
        var adapter = database.ForAgent(agentId);
        await adapter.CreateAgentAsync(new Agent { Id = agentId, Name = "Ada" });
        float[] vector = [0.25f, 0.5f, 0.125f, 1f];
        var id = await adapter.CreateMemoryAsync(new Memory { Embedding = vector }, "facts");

        var bytes = System.Runtime.InteropServices.MemoryMarshal.AsBytes(vector.AsSpan()).ToArray();
        var damaged = bytes.ToArray();
        damaged[6] ^= 1;
        TestFolder.Overwrite(_directory, bytes, damaged);

        await Assert.ThrowsAsync<CorruptDataException>(() => adapter.GetMemoryByIdAsync(id));
    }

    /// <summary>
    /// What searches do for their speed: a vector is verified when it is first compared, not each time. Until somebody reads it itself, one
    /// that changed since decides what is near.
    /// </summary>
    [Fact]
    public async Task A_vector_that_was_compared_before_may_mislead_a_search_but_is_not_handed_out()
    {
        await using var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions { Directory = _directory });
        var agentId = Guid.NewGuid();
        var adapter = database.ForAgent(agentId);
        await adapter.CreateAgentAsync(new Agent { Id = agentId, Name = "Ada" });
        float[] vector = [0.25f, 0.5f, 0.125f, 1f], other = [0.25f, 0.5f, 0.125f, -1f];
        var id = await adapter.CreateMemoryAsync(new Memory { Embedding = vector }, "facts");
        Assert.False(Assert.Single(await adapter.CreateMemoriesAsync([new Memory { Embedding = vector }], "facts")).Unique);
        await adapter.DeleteMemoriesAsync([.. (await adapter.GetMemoriesAsync(new MemoryQuery("facts"))).Select(memory => memory.Id).Where(one => one != id)]);

        TestFolder.Overwrite(_directory, System.Runtime.InteropServices.MemoryMarshal.AsBytes(vector.AsSpan()), System.Runtime.InteropServices.MemoryMarshal.AsBytes(other.AsSpan()));

        Assert.True(Assert.Single(await adapter.CreateMemoriesAsync([new Memory { Embedding = vector }], "facts")).Unique);
        await Assert.ThrowsAsync<CorruptDataException>(() => adapter.GetMemoryByIdAsync(id));
    }
}
