using System.Collections.Concurrent;
using System.Diagnostics;
using ElizaEngine.Vectors;
using ElizaEngine.Vectors.Kernels;
using Xunit;

namespace ElizaEngine.Local.Tests.Search;

/// <summary>
/// Searches from eight threads while a graph is built, log files are compacted, and rows come and go. Every answer is held against what was
/// surely there, and surely gone, all the time that it took: vectors that nobody touches, and rows that had been deleted before it began.
/// </summary>
public sealed class SearchesDuringWorkTests
{
    private const int Threads = 8;
    private const int Kept = 600;
    // As alike as those of 16 components, of which a walk finds the nearest soon; and so long that to scan some thousands takes longer.
    private const int Dimension = 16;
    private const int Copies = 48;
    private const int Rounds = 14;
    private const int RowsOfRound = 500;
    private const int SearchesMin = 60;
    private const int Wanted = 10;

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(10);
    private static readonly Guid s_agent = new("00000000-0000-4000-8000-00000000a001");

    private readonly Guid[] _entities = [.. Enumerable.Range(0, 2).Select(i => new Guid($"00000000-0000-4000-8000-0000000e{i:x4}"))];
    private readonly ConcurrentDictionary<Guid, float[]> _vectors = new();
    private readonly ConcurrentDictionary<Guid, long> _goneAt = new();
    private readonly ConcurrentDictionary<SearchMethod, int> _methods = new();
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private (Guid Id, Guid Entity, float[] Vector)[] _kept = [];
    private long _deletes;
    private long _wantedOfWalks;
    private long _missedByWalks;
    private bool _isOver;

    [Theory]
    [InlineData(41)]
    public async Task Every_answer_has_what_was_there_and_nothing_that_was_gone(int seed)
    {
        using var folder = new TestFolder();
        var options = new LocalDatabaseOptions
        {
            Directory = folder.Data,
            Durability = Durability.ProcessCrash,
            VectorsWithoutPartition = 20,
            VectorsWithoutGraph = 500,
            UpkeepInterval = Timeout.InfiniteTimeSpan,
        };
        await using var database = await LocalDatabase.OpenAsync(options);
        await SetUpAsync(database.ForAgent(s_agent), new Random(seed));

        var searchers = Enumerable.Range(0, Threads)
            .Select(i => OnItsOwnThread.Run(() => SearchAsync(database, new Random((seed * 100) + i)))).ToArray();
        var compacting = Task.Run(() => CompactAsync(database));
        try
        {
            await WriteAsync(database, new Random(seed + 1));
        }
        finally
        {
            Volatile.Write(ref _isOver, true);
        }

        var searches = await Task.WhenAll(searchers);
        Assert.True(await compacting >= 1, "Nothing was compacted.");
        Assert.All(searches, count => Assert.True(count >= SearchesMin, $"{count} searches of one thread in {_clock.Elapsed}"));
        // Rows by their floats before there is an index; then by codes, and by the graph.
        Assert.True(_methods.ContainsKey(SearchMethod.Scan) && _methods.ContainsKey(SearchMethod.Walk), $"{string.Join(", ", _methods)}");
        Assert.True(_missedByWalks <= 0.03 * _wantedOfWalks, $"seed {seed}: walks missed {_missedByWalks} of {_wantedOfWalks}");
    }

    private async Task SetUpAsync(IDatabaseAdapter adapter, Random random)
    {
        await adapter.CreateAgentAsync(new Agent { Id = s_agent, Name = "Ada" });
        await adapter.CreateEntitiesAsync([.. _entities.Select(id => new Entity { Id = id, Names = ["Bob"] })]);
        var rows = Enumerable.Range(0, Kept).Select(_ => NewMemory(random)).ToArray();
        await adapter.CreateMemoriesAsync(rows, "messages");
        _kept = [.. rows.Select(row => (row.Id, row.EntityId!.Value, _vectors[row.Id]))];
    }

    // Rows come until there are some thousands; then as many go as come; and in the end most of them are gone, which replaces the index.
    private async Task WriteAsync(LocalDatabase database, Random random)
    {
        await using var adapter = database.ForAgent(s_agent);
        var rounds = new List<Guid[]>();
        for (var round = 0; round < Rounds; round++)
        {
            var rows = Enumerable.Range(0, RowsOfRound).Select(_ => NewMemory(random)).ToArray();
            await adapter.CreateMemoriesAsync(rows, "messages");
            rounds.Add([.. rows.Select(row => row.Id)]);
            if (round >= Rounds / 2) await DeleteAsync(adapter, rounds[round - (Rounds / 2)]);
            // The first rounds let the graph be built, so that there is one to be changed.
            if (round % 4 == 3) await database.BuildVectorIndexAsync(s_agent, "messages");
            Assert.True(_clock.Elapsed < s_limit, $"Round {round} of {Rounds} after {_clock.Elapsed}.");
        }
        foreach (var ids in rounds.Skip(Rounds / 2)) await DeleteAsync(adapter, ids);
        await database.BuildVectorIndexAsync(s_agent, "messages");
    }

    private async Task DeleteAsync(IDatabaseAdapter adapter, Guid[] ids)
    {
        Assert.Equal(ids.Length, await adapter.DeleteMemoriesAsync(ids));
        var number = Interlocked.Increment(ref _deletes);
        foreach (var id in ids) _goneAt[id] = number;
        // Only now is it told that they are gone.
        Interlocked.Increment(ref _deletes);
    }

    private async Task<int> CompactAsync(LocalDatabase database)
    {
        var count = 0;
        do
        {
            await database.CompactAsync();
            count++;
        }
        while (!Volatile.Read(ref _isOver) && _clock.Elapsed < s_limit);
        return count;
    }

    private async Task<int> SearchAsync(LocalDatabase database, Random random)
    {
        await using var adapter = database.ForAgent(s_agent);
        var count = 0;
        while ((count < SearchesMin || !Volatile.Read(ref _isOver)) && _clock.Elapsed < s_limit)
        {
            var query = random.Next(2) == 0 ? Gaussian(random) : Near(random, _kept[random.Next(Kept)].Vector);
            var search = new MemorySearch("messages", query)
            {
                Count = Wanted,
                EntityId = random.Next(3) == 0 ? _entities[random.Next(_entities.Length)] : null,
                Threshold = random.Next(4) == 0 ? random.NextSingle() - 0.3f : null,
                Mode = random.Next(2) == 0 ? SearchMode.Exact : SearchMode.Auto,
                IncludeEmbeddings = false,
            };
            var deletes = Interlocked.Read(ref _deletes);
            var found = await adapter.SearchMemoriesAsync(search);
            Check(search, found, MethodOfLast(), deletes);
            count++;
        }
        return count;
    }

    private void Check(MemorySearch search, IReadOnlyList<Memory> found, SearchMethod method, long deletes)
    {
        _methods.AddOrUpdate(method, 1, static (_, count) => count + 1);
        var what = $"{method}, {search}";
        var query = search.Embedding.ToArray();
        for (var i = 0; i < found.Count; i++)
        {
            var (id, similarity) = (found[i].Id, found[i].Similarity!.Value);
            Assert.True(similarity == Similarity(query, _vectors[id]), $"{what}: {id} is not that similar");
            Assert.True(i == 0 || similarity <= found[i - 1].Similarity, $"{what}: not in order");
            Assert.True(search.Threshold is null || similarity >= search.Threshold, $"{what}: {similarity} is below the threshold");
            Assert.True(search.EntityId is null || found[i].EntityId == search.EntityId, $"{what}: of another entity");
            Assert.False(_goneAt.TryGetValue(id, out var goneAt) && goneAt < deletes, $"{what}: {id} was gone");
        }
        Assert.Equal(found.Count, found.Select(memory => memory.Id).Distinct().Count());

        var there = _kept.Where(row => search.EntityId is null || row.Entity == search.EntityId)
            .Select(row => (row.Id, Similarity: Similarity(query, row.Vector)))
            .Where(row => search.Threshold is null || row.Similarity >= search.Threshold)
            .ToList();
        Assert.True(found.Count >= Math.Min(Wanted, there.Count), $"{what}: {found.Count} found");
        // What is more similar than the worst that was found had to be found, too.
        var had = there.Where(row => found.Count < Wanted || row.Similarity > found[^1].Similarity).ToList();
        var missed = had.Count(row => found.All(memory => memory.Id != row.Id));
        if (method == SearchMethod.Walk)
        {
            Interlocked.Add(ref _wantedOfWalks, had.Count);
            Interlocked.Add(ref _missedByWalks, missed);
        }
        else
        {
            Assert.True(missed == 0, $"{what}: {missed} of {had.Count} missed");
        }
    }

    private Memory NewMemory(Random random)
    {
        var id = Guid.CreateVersion7();
        _vectors[id] = Gaussian(random);
        var entity = _entities[random.Next(_entities.Length)];
        return new Memory { Id = id, EntityId = entity, Content = Content.FromText("what it says"), Embedding = _vectors[id], Unique = true };
    }

    private static float Similarity(float[] a, float[] b) => Cosine.Similarity(DotProduct.Of(a, b), Norm.InverseOf(a), Norm.InverseOf(b));

    private static float[] Near(Random random, float[] vector) => [.. vector.Zip(Gaussian(random), static (a, b) => a + (0.3f * b))];

    private static float[] Gaussian(Random random)
    {
        var vector = new float[Dimension];
        for (var i = 0; i < Dimension; i++)
            vector[i] = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        return [.. Enumerable.Repeat(vector, Copies).SelectMany(static copy => copy)];
    }

    // A search runs on its caller's thread, which keeps what it needed.
    private static SearchMethod MethodOfLast()
    {
        using var last = SimilaritySearch.Rent();
        return last.Method;
    }
}
