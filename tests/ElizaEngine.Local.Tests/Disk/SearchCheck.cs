using ElizaEngine.Conformance.Model;
using Xunit;

namespace ElizaEngine.Local.Tests.Disk;

/// <summary>Searches on a simulated disk: whatever a crash left of the files of vectors, codes find what floats find.</summary>
internal static class SearchCheck
{
    /// <summary>Searches every table of both agents, which asks for an index of its vectors.</summary>
    public static async Task AskAsync(LocalDatabase database)
    {
        foreach (var (adapter, search) in Searches(database)) await adapter.SearchMemoriesAsync(search);
    }

    /// <summary>The same, before and after the index is there, and by floats.</summary>
    public static async Task RunAsync(LocalDatabase database)
    {
        for (var round = 0; round < 2; round++)
        {
            foreach (var (adapter, search) in Searches(database))
            {
                var found = await adapter.SearchMemoriesAsync(search);
                var expected = await adapter.TransactionAsync((session, token) => session.SearchMemoriesAsync(search, token));
                Assert.True(
                    expected.Select(static memory => (memory.Id, memory.Similarity)).SequenceEqual(found.Select(static memory => (memory.Id, memory.Similarity))),
                    $"a search of {search.TableName}, the {round + 1}. time, found {found.Count} of {expected.Count}, or others");
            }
            await database.Partitions.Work;
        }
    }

    private static IEnumerable<(IDatabaseAdapter Adapter, MemorySearch Search)> Searches(LocalDatabase database)
    {
        foreach (var agent in Pool.Agents)
        {
            if (database.Sequencer.Published.DimensionOf(agent) is not { } dimension || !Pool.Dimensions.Contains(dimension)) continue;
            foreach (var table in Pool.Tables)
                yield return (database.ForAgent(agent), new MemorySearch(table, Pool.Vectors(dimension)[0]) { Count = 30 });
        }
    }
}
