using System.Runtime.InteropServices;
using ElizaEngine.Local.CrashWriter;
using Xunit;

namespace ElizaEngine.Local.Tests;

/// <summary>
/// The rows that writers must have left, followed through their calls, and the check of a database against them: each writer has
/// made all calls that were acknowledged, and the one more that was submitted whole or not at all. Nothing else is there.
/// </summary>
internal sealed class RowsOfWriters(int seed, int writers)
{
    private readonly Script _script = new(seed);
    private readonly WriterState[] _states = [.. Enumerable.Range(0, writers).Select(_ => new WriterState())];
    private readonly int[] _positions = new int[writers];

    /// <summary>For each writer the index of its next call.</summary>
    public IReadOnlyList<int> Positions => _positions;

    /// <summary>Calls that were acknowledged.</summary>
    public long Acknowledged { get; private set; }

    /// <summary>Calls that were submitted only, and found whole or found absent.</summary>
    public long FoundWhole { get; private set; }

    public long FoundAbsent { get; private set; }

    /// <summary>Rows compared.</summary>
    public long RowsChecked { get; private set; }

    /// <summary>Compares what is there with what must be, and goes on from there.</summary>
    public async Task CheckAsync(LocalDatabase database, IReadOnlyList<WriterProgress> progress)
    {
        var adapter = database.ForAgent(Script.AgentId);
        var random = new Random(seed);
        for (var writer = 0; writer < writers; writer++)
        {
            await FollowAsync(adapter, writer, progress[writer]);
            await CheckAgreementAsync(adapter, writer, random);
        }
        await CheckTotalsAsync(database, adapter, random);
    }

    /// <summary>The texts of all memories that must be there.</summary>
    public IEnumerable<string> Texts => _states.SelectMany(static state => state.Memories.Values).Select(static memory => memory.Content.Text!);

    private async Task FollowAsync(IDatabaseAdapter adapter, int writer, WriterProgress known)
    {
        Assert.Equal(_positions[writer], known.First);
        var before = _states[writer];
        for (var index = known.First; index < known.Acknowledged; index++) _script.CallOf(writer, index).Apply(before);
        Acknowledged += known.Acknowledged - known.First;
        _positions[writer] = known.Acknowledged;
        var after = before.Clone();
        if (known.Submitted > known.Acknowledged)
        {
            _script.CallOf(writer, known.Acknowledged).Apply(after);
            // Whether it was made or not, its rows are looked for.
            before.SeenMemories.UnionWith(after.SeenMemories);
            before.SeenLogs.UnionWith(after.SeenLogs);
            before.SeenKeys.UnionWith(after.SeenKeys);
        }
        var difference = await DifferenceAsync(adapter, writer, before);
        if (known.Submitted > known.Acknowledged && difference is not null)
        {
            var second = await DifferenceAsync(adapter, writer, after);
            Assert.True(
                second is null,
                $"writer {writer}: neither without call {known.Acknowledged} ({difference}) nor with it, {_script.CallOf(writer, known.Acknowledged).GetType().Name} ({second})");
            _states[writer] = after;
            _positions[writer]++;
            FoundWhole++;
            return;
        }
        FoundAbsent += known.Submitted - known.Acknowledged;
        Assert.True(difference is null, $"writer {writer}, {known.Acknowledged} calls acknowledged: {difference}");
    }

    /// <summary>The first difference between a writer's rows and a state; null: there is none.</summary>
    private async Task<string?> DifferenceAsync(IDatabaseAdapter adapter, int writer, WriterState state)
    {
        var found = new List<Memory>();
        foreach (var table in Script.Tables)
            found.AddRange(await adapter.GetMemoriesAsync(new MemoryQuery(table) { RoomId = Script.RoomOf(writer) }));
        RowsChecked += found.Count;
        if (DifferenceOf(found, state.Memories) is { } difference) return difference;

        var logs = await adapter.GetLogsAsync(new LogQuery { RoomId = Script.RoomOf(writer), Count = int.MaxValue });
        RowsChecked += logs.Count;
        foreach (var log in logs)
        {
            if (!state.Logs.TryGetValue(log.Id, out var expected)) return $"log {log.Id} should not be there";
            if (log != expected) return $"log {log.Id} is {log}, not {expected}";
        }
        if (logs.Count != state.Logs.Count) return $"{logs.Count} logs, not {state.Logs.Count}";

        var cache = await adapter.GetCacheAsync([.. state.SeenKeys]);
        RowsChecked += cache.Count;
        foreach (var (key, value) in cache)
        {
            if (!state.Cache.TryGetValue(key, out var expected)) return $"cache {key} should not be there";
            if (value != expected) return $"cache {key} is {value}, not {expected}";
        }
        return cache.Count == state.Cache.Count ? null : $"{cache.Count} cached values, not {state.Cache.Count}";
    }

    private static string? DifferenceOf(List<Memory> found, Dictionary<Guid, Memory> expected)
    {
        foreach (var memory in found)
        {
            if (!expected.TryGetValue(memory.Id, out var wanted)) return $"memory {memory.Id} should not be there: {Describe(memory)}";
            if (memory != wanted) return $"memory {memory.Id} is {Describe(memory)}, not {Describe(wanted)}";
            if (!BitEqual(memory.Embedding, wanted.Embedding)) return $"memory {memory.Id} has another vector";
        }
        if (found.Count == expected.Count) return null;
        var missing = expected.Values.First(memory => found.All(other => other.Id != memory.Id));
        return $"{found.Count} memories, not {expected.Count}; {missing.Id} is missing: {Describe(missing)}";
    }

    private static string Describe(Memory memory) =>
        $"({memory.TableName} {memory.CreatedAt:O} {Start(memory.Content.Text)} {memory.Metadata?.Json} unique {memory.Unique} vector {(memory.Embedding is { } vector ? vector.Span[0] : null)})";

    private static string Start(string? text) => text is { Length: > 30 } ? $"{text[..30]}... ({text.Length})" : $"{text}";

    private static bool BitEqual(ReadOnlyMemory<float>? left, ReadOnlyMemory<float>? right) =>
        left is { } one && right is { } other
            ? MemoryMarshal.AsBytes(one.Span).SequenceEqual(MemoryMarshal.AsBytes(other.Span))
            : left is null && right is null;

    // Every other way to the rows leads to the same ones.
    private async Task CheckAgreementAsync(IDatabaseAdapter adapter, int writer, Random random)
    {
        var state = _states[writer];
        var room = Script.RoomOf(writer);
        var byId = await adapter.GetMemoriesByIdsAsync([.. state.SeenMemories]);
        Assert.Null(DifferenceOf([.. byId], state.Memories));
        Assert.Equal(byId.OrderByDescending(memory => memory.CreatedAt).ThenByDescending(memory => memory.Id), byId);
        foreach (var table in Script.Tables)
        {
            var wanted = state.Memories.Values.Where(memory => memory.TableName == table).ToList();
            Assert.Equal(wanted.Count, await adapter.CountMemoriesAsync(new MemoryQuery(table) { RoomId = room }));
            Assert.Equal(wanted.Count, await adapter.CountMemoriesAsync(new MemoryQuery(table) { RoomId = room, EntityId = Script.EntityOf(writer) }));
            var withVector = wanted.Where(memory => memory.Embedding is not null).Select(memory => memory.Id).ToHashSet();
            var search = new MemorySearch(table, Script.VectorOf(random)) { RoomId = room, Count = wanted.Count + 10, Mode = SearchMode.Exact };
            var found = await adapter.SearchMemoriesAsync(search);
            Assert.Equal(withVector, found.Select(memory => memory.Id).ToHashSet());
            Assert.Equal(withVector.Count, found.Count);
            Assert.All(found, memory => Assert.True(BitEqual(memory.Embedding, state.Memories[memory.Id].Embedding)));
        }
        Assert.Equal(state.Logs.Count, await adapter.CountLogsAsync(new LogQuery { RoomId = room }));
    }

    private async Task CheckTotalsAsync(LocalDatabase database, IDatabaseAdapter adapter, Random random)
    {
        foreach (var table in Script.Tables)
        {
            var wanted = _states.SelectMany(state => state.Memories.Values).Where(memory => memory.TableName == table).ToList();
            var rows = await adapter.GetMemoriesAsync(new MemoryQuery(table) { IncludeEmbeddings = false });
            Assert.Equal(wanted.Select(memory => memory.Id).ToHashSet(), rows.Select(memory => memory.Id).ToHashSet());
            Assert.Equal(wanted.Count, rows.Count);
            Assert.Equal(wanted.Count, await adapter.CountMemoriesAsync(new MemoryQuery(table)));
            var found = await adapter.SearchMemoriesAsync(new MemorySearch(table, Script.VectorOf(random)) { Count = wanted.Count + 10, IncludeEmbeddings = false });
            Assert.Equal(wanted.Count(memory => memory.Embedding is not null), found.Count);
        }
        var statistics = database.GetStatistics();
        Assert.Equal(_states.Sum(state => state.Memories.Count), statistics.Memories);
        Assert.Equal(_states.Sum(state => state.Memories.Values.Count(memory => memory.Embedding is not null)), statistics.Embeddings);
        Assert.Equal(_states.Sum(state => state.Logs.Count), statistics.Logs);
        Assert.Equal(_states.Sum(state => state.Cache.Count), statistics.CacheEntries);
    }
}
