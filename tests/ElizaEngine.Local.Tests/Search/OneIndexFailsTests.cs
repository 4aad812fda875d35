using ElizaEngine.Storage;
using ElizaEngine.Storage.Simulation;
using Xunit;

namespace ElizaEngine.Local.Tests.Search;

/// <summary>What fails for the index of one table is no matter of the others.</summary>
public sealed class OneIndexFailsTests() : SavedScene(dimension: 6)
{
    private const string Other = "facts";

    /// <summary>The story: one index had too little memory, and whoever waited for that of another table heard of it, and got none.</summary>
    [Fact]
    public async Task Who_waits_for_the_index_of_another_table_gets_it()
    {
        await FillAsync();
        var files = new FaultyFileSystem(Disk);
        await using var database = await OpenAsync(files);
        var failing = Data + "/" + SavedVectors.FileName(new PartitionKey(Agent, database.Shared.NumberOf("messages"), Dimension), "messages");
        files.Fault = (operation, path) => operation == "open" && path == failing ? new InsufficientMemoryException() : null;
        for (var i = 0; i < 2; i++)
        {
            await Assert.ThrowsAsync<InsufficientMemoryException>(() => database.BuildVectorIndexAsync(Agent, "messages"));
            await database.BuildVectorIndexAsync(Agent, Other);
            Assert.Equal(1, database.Partitions.Restored);
        }
        // Whoever looks at the work itself is told.
        database.Partitions.Begin();
        await Assert.ThrowsAsync<InsufficientMemoryException>(() => database.Partitions.Work);

        files.Fault = static (_, _) => null;
        await database.BuildVectorIndexAsync(Agent, "messages");
        Assert.Equal((2L, 2L), (database.Partitions.Restored, database.GetStatistics().VectorIndexes));
        await AssertRightAsync(database, "at last");
    }

    [Fact]
    public async Task What_storage_says_is_told_in_the_words_of_the_contract()
    {
        await FillAsync();
        var files = new FaultyFileSystem(Disk);
        await using var database = await OpenAsync(files);
        files.Fault = (operation, path) => operation == "open" && FileNames.IsVectors(Path.GetFileName(path)) ? new LogDamagedException(path, 0, 0, "something else") : null;
        await Assert.ThrowsAsync<CorruptDataException>(() => database.BuildVectorIndexAsync(Agent, "messages"));
    }

    [Fact]
    public async Task A_directory_that_cannot_be_listed_costs_no_index()
    {
        await FillAsync();
        var files = new FaultyFileSystem(Disk);
        await using var database = await OpenAsync(files);
        var listed = 0;
        files.Listed = path =>
        {
            Interlocked.Increment(ref listed);
            throw new StorageIOException("readdir", path, 24, "Too many open files");
        };
        await database.BuildVectorIndexAsync(Agent, "messages");
        await database.BuildVectorIndexAsync(Agent, Other);
        Assert.Equal((2L, 2L), (database.Partitions.Restored, database.GetStatistics().VectorIndexes));
        Assert.InRange(listed, 2, int.MaxValue);
        await AssertRightAsync(database, "unlisted");
        files.Listed = static _ => { };
    }

    // Two tables with a file each.
    private async Task FillAsync()
    {
        await using var database = await OpenAsync();
        await CreateAsync(database, Rows);
        var adapter = database.ForAgent(Agent);
        await adapter.CreateMemoriesAsync(
            [.. Enumerable.Range(0, Rows).Select(_ => new Memory { Content = Content.FromText("text"), Unique = true, Embedding = Vector() })], Other);
        await database.BuildVectorIndexAsync(Agent, "messages");
        await database.BuildVectorIndexAsync(Agent, Other);
        Assert.Equal(2, GraphFiles().Count());
    }
}
