using ElizaEngine.Storage;
using ElizaEngine.Storage.Simulation;
using Xunit;

namespace ElizaEngine.Local.Tests.Search;

/// <summary>A database on a simulated disk whose graphs are saved, and what is known of its vectors.</summary>
/// <param name="dimension">Components of each vector.</param>
public abstract class SavedScene(int dimension) : IDisposable
{
    private protected const string Data = "/disk/data";
    private protected const int Rows = 300;
    private protected const int Seed = 20261126;

    private protected static readonly Guid Agent = new("00000000-0000-4000-8000-00000000a001");

    private protected readonly Random Random = new(Seed);
    private protected readonly Dictionary<Guid, float[]> Vectors = []; // What each memory has, as acknowledged.
    private protected readonly int Dimension = dimension;
    private protected SimulatedDisk Disk = new(Data, null, Seed);
    private protected int Created;

    public void Dispose()
    {
        Disk.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected Task<LocalDatabase> OpenAsync(IFileSystem? disk = null, double recall = 0.99) => LocalDatabase.OpenAsync(
        new LocalDatabaseOptions { Directory = Data, VectorsWithoutPartition = 20, VectorsWithoutGraph = 60, SearchRecall = recall, UpkeepInterval = Timeout.InfiniteTimeSpan },
        disk ?? Disk,
        static log => log);

    private protected IEnumerable<string> GraphFiles() => Disk.List(Data).Where(FileNames.IsVectors);

    private protected string[] ChangeFiles() => ChangeFiles(Disk);

    private protected static string[] ChangeFiles(SimulatedDisk disk) => [.. disk.List(Data).Where(static name => FileNames.TryVectorChanges(name, out _, out _))];

    private protected static void Put(SimulatedDisk disk, string name, byte[] bytes)
    {
        using var file = disk.Create(Data + "/" + name);
        file.Write(0, bytes);
    }

    private protected VectorPartition PartitionOf(LocalDatabase database) =>
        database.Partitions.Find(new PartitionKey(Agent, database.Shared.NumberOf("messages"), Dimension), database.Sequencer.Published)!;

    private protected static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = new ElizaEngine.Vectors.Crc32C();
        crc.Add(bytes);
        return crc.Value;
    }

    private protected async Task CreateAsync(LocalDatabase database, int count)
    {
        var adapter = database.ForAgent(Agent);
        if (await adapter.GetAgentAsync(Agent) is null) await adapter.CreateAgentAsync(new ElizaEngine.Agent { Id = Agent, Name = "Ada" });
        var memories = new List<Memory>();
        for (var i = 0; i < count; i++)
        {
            var memory = new Memory { Id = new Guid(++Created, 0, 0x4000, 0x80, 0, 0, 0, 0, 0, 0, 1), Content = Content.FromText("text"), Unique = true, Embedding = Vector() };
            memories.Add(memory);
            Vectors[memory.Id] = memory.Embedding.Value.ToArray();
        }
        await adapter.CreateMemoriesAsync(memories, "messages");
    }

    private protected async Task UpdateAsync(LocalDatabase database, Guid id)
    {
        Vectors[id] = Vector();
        await database.ForAgent(Agent).UpdateMemoryAsync(new MemoryUpdate(id) { Embedding = Vectors[id] });
    }

    private protected async Task DeleteAsync(LocalDatabase database, Guid[] ids)
    {
        foreach (var id in ids) Vectors.Remove(id);
        await database.ForAgent(Agent).DeleteMemoriesAsync(ids);
    }

    /// <summary>Has each call on files of a kind fail in turn, on a disk of its own, until there are no more: what was acknowledged is there.</summary>
    private protected async Task FailEachCallAsync(string files, DiskImage? image, Func<SimulatedDisk, Task> work)
    {
        for (var failing = 1; ; failing++)
        {
            using var disk = new SimulatedDisk(Data, image, Seed);
            var calls = 0;
            disk.BeforeCall = call => call.Path.Contains(files, StringComparison.Ordinal) && ++calls == failing ? DiskFault.Full : DiskFault.None;
            await work(disk);
            await using (var again = await OpenAsync(disk))
            {
                Assert.True(again.OpenReport.WasClean);
                await SearchTwiceAsync(again);
                await AssertRightAsync(again, $"call {failing} failed");
            }
            if (calls < failing)
            {
                Assert.True(failing > 4, $"only {failing} calls");
                return;
            }
        }
    }

    private protected float[] Vector() => [.. Enumerable.Range(0, Dimension).Select(_ => Random.NextSingle() - 0.5f)];

    // The first search asks for a partition.
    private protected async Task SearchTwiceAsync(LocalDatabase database, bool hasMany = true)
    {
        await database.ForAgent(Agent).SearchMemoriesAsync(new MemorySearch("messages", Vector()));
        await database.Partitions.Work;
        await database.ForAgent(Agent).SearchMemoriesAsync(new MemorySearch("messages", Vector()));
        using var last = SimilaritySearch.Rent();
        Assert.Equal(hasMany, last.Method != SearchMethod.Floats);
    }

    private protected async Task AssertRightAsync(LocalDatabase database, string when, Dictionary<Guid, float[]>? vectors = null)
    {
        vectors ??= Vectors;
        var adapter = database.ForAgent(Agent);
        for (var i = 0; i < 20; i++)
        {
            var search = new MemorySearch("messages", Vector()) { Count = Random.Next(1, 30), Mode = SearchMode.Exact };
            var expected = vectors.OrderByDescending(vector => Cosine(vector.Value, search.Embedding.Span)).ThenByDescending(vector => vector.Key).Take(search.Count.Value).ToArray();
            var found = await adapter.SearchMemoriesAsync(search);
            Assert.True(expected.Length == found.Count, $"{when}, search {i}: {found.Count} of {expected.Length}");
            for (var place = 0; place < found.Count; place++)
            {
                Assert.True(vectors.TryGetValue(found[place].Id, out var vector), $"{when}, search {i}: {found[place].Id} is gone");
                Assert.Equal(Cosine(vector!, search.Embedding.Span), found[place].Similarity!.Value, 1e-5);
                Assert.Equal(Cosine(expected[place].Value, search.Embedding.Span), found[place].Similarity!.Value, 1e-5);
            }
            var near = await adapter.SearchMemoriesAsync(search with { Mode = SearchMode.Auto });
            Assert.True(near.Count == found.Count && near.All(memory => vectors.ContainsKey(memory.Id)), $"{when}, search {i}");
        }
    }

    private protected static double Cosine(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        var (dot, leftNorm, rightNorm) = (0d, 0d, 0d);
        for (var i = 0; i < left.Length; i++)
        {
            dot += (double)left[i] * right[i];
            leftNorm += (double)left[i] * left[i];
            rightNorm += (double)right[i] * right[i];
        }
        return dot / Math.Sqrt(leftNorm * rightNorm);
    }
}
