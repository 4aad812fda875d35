using ElizaEngine.Postgres.Tests.Resilience;
using Xunit;

namespace ElizaEngine.Postgres.Tests.Sessions;

/// <summary>
/// A batch whose rows are too long for one statement goes in several, in one trip, with the results of one. A batch of 1 GiB was one
/// message, at which the server ended the session without a word, so that nobody could know what had become of it.
/// </summary>
[Trait("Stage", "Postgres")]
public sealed class LongBatchTests : FaultTest
{
    private const int Rows = 40;

    private static readonly string s_text = new('x', 1_000);

    /// <summary>An adapter whose statements have 4 rows of the tests at most, and the proxy that counts its trips.</summary>
    private async Task<(FaultProxy Proxy, IDatabaseAdapter Adapter)> OpenCutAsync()
    {
        var proxy = StartProxy();
        return (proxy, await OpenAdapterAsync(Through(proxy), options => options with { StatementBytes = 5_000 }));
    }

    private static Memory Make(Guid id, float[]? embedding = null, bool? unique = true) =>
        NewMemory(id, s_text) with { Embedding = embedding is null ? (ReadOnlyMemory<float>?)null : embedding, Unique = unique };

    // How many statements wrote into a table is noted by a trigger of each.
    private Task NoteStatementsAsync(string table) => ExecuteAsync($"""
        CREATE TABLE noted (rows bigint);
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO noted SELECT count(*) FROM changed; RETURN NULL; END $$;
        CREATE TRIGGER note AFTER INSERT ON {table} REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note()
        """);

    private async Task AssertWasCutAsync() => Assert.InRange(await ReadAsync<long>("SELECT count(*) FROM noted WHERE rows > 0"), 10, Rows);

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task Memories_that_repeat_an_id_across_a_cut_or_are_there_are_told_as_ever(bool isTransaction, bool haveVectors)
    {
        var (proxy, adapter) = await OpenCutAsync();
        await using var _ = proxy;
        if (haveVectors) await adapter.EnsureEmbeddingDimensionAsync(2);
        var ids = Enumerable.Range(0, Rows).Select(_ => Guid.NewGuid()).ToArray();
        await adapter.CreateMemoriesAsync([Make(ids[7], haveVectors ? [0, 7] : null, unique: false)], "messages");
        await NoteStatementsAsync("memories");
        // The first and the last repeat each other, and each of the ends repeats one of the middle.
        Guid[] given = [ids[20], .. ids, ids[3], ids[0]];
        Memory[] memories = [.. given.Select((id, i) => Make(id, haveVectors ? [1, i] : null))];
        var trips = proxy.Trips;

        var results = isTransaction
            ? await adapter.TransactionAsync((session, token) => session.CreateMemoriesAsync(memories, "messages", token))
            : await adapter.CreateMemoriesAsync(memories, "messages");

        // One for the write, one for what was there.
        if (!isTransaction) Assert.Equal(2, proxy.Trips - trips);
        await AssertWasCutAsync();
        var seen = new HashSet<Guid> { ids[7] };
        Assert.Equal(
            given.Select(id => new MemoryCreateResult(id, seen.Add(id) ? CreateOutcome.Created : CreateOutcome.Existed, id != ids[7])), results);
        var stored = await adapter.GetMemoriesByIdsAsync(ids);
        Assert.Equal(Rows, stored.Count);
        if (!haveVectors) return;
        Assert.All(stored, memory => Assert.Equal(
            memory.Id == ids[7] ? [0, 7] : [1, Array.IndexOf(given, memory.Id)], memory.Embedding!.Value.ToArray()));
    }

    [Fact]
    public async Task A_batch_that_sets_the_dimension_is_cut_too()
    {
        var (proxy, adapter) = await OpenCutAsync();
        await using var _ = proxy;
        await NoteStatementsAsync("memories");

        Memory[] memories = [.. Enumerable.Range(0, Rows).Select(i => Make(Guid.NewGuid(), i < 9 ? null : [1, i]))];
        await adapter.CreateMemoriesAsync(memories, "messages");

        await AssertWasCutAsync();
        Assert.Equal(2, await adapter.GetEmbeddingDimensionAsync());
        Assert.Equal(Rows - 9, await ReadAsync<long>("SELECT count(*) FROM eliza_engine.embeddings"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_row_that_is_refused_leaves_nothing_of_the_others(bool isTransaction)
    {
        var (proxy, adapter) = await OpenCutAsync();
        await using var _ = proxy;
        var missing = Guid.NewGuid();
        Memory[] memories = [.. Enumerable.Range(0, Rows).Select(_ => Make(Guid.CreateVersion7()))];
        memories[^1] = memories[^1] with { RoomId = missing };

        var error = await FailsAsync<ReferenceNotFoundException>(() => isTransaction
            ? adapter.TransactionAsync((session, token) => session.CreateMemoriesAsync(memories, "messages", token))
            : adapter.CreateMemoriesAsync(memories, "messages"));

        Assert.Equal(missing, error.Id);
        Assert.Equal(0, await adapter.CountMemoriesAsync(new MemoryQuery("messages")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Rows_of_other_tables_are_told_as_ever(bool isTransaction)
    {
        var (proxy, adapter) = await OpenCutAsync();
        await using var _ = proxy;
        var ids = Enumerable.Range(0, Rows).Select(_ => Guid.NewGuid()).ToArray();
        await adapter.CreateWorldAsync(new World { Id = ids[7], Name = "old" });
        await NoteStatementsAsync("worlds");
        Guid[] given = [ids[20], .. ids, ids[0]];
        World[] worlds = [.. given.Select((id, i) => new World { Id = id, Name = $"{i}{s_text}" })];
        var trips = proxy.Trips;

        var results = isTransaction
            ? await adapter.TransactionAsync((session, token) => session.CreateWorldsAsync(worlds, token))
            : await adapter.CreateWorldsAsync(worlds);

        if (!isTransaction) Assert.Equal(1, proxy.Trips - trips);
        await AssertWasCutAsync();
        var seen = new HashSet<Guid> { ids[7] };
        Assert.Equal(given.Select(id => new CreateResult(id, seen.Add(id) ? CreateOutcome.Created : CreateOutcome.Existed)), results);
        Assert.All(await adapter.GetAllWorldsAsync(), world => Assert.Equal(
            world.Id == ids[7] ? "old" : $"{Array.IndexOf(given, world.Id)}{s_text}", world.Name));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_equal_keys_of_the_cache_the_last_wins_as_ever(bool isTransaction)
    {
        var (proxy, adapter) = await OpenCutAsync();
        await using var _ = proxy;
        await adapter.SetCacheAsync("7", Json.From("old"));
        await NoteStatementsAsync("cache");
        int[] keys = [.. Enumerable.Range(0, Rows), 3];
        CacheEntry[] entries = [.. keys.Select((key, i) => new CacheEntry($"{key}", Json.From($"{i}{s_text}")))];

        if (isTransaction) await adapter.TransactionAsync((session, token) => session.SetCacheAsync(entries, token));
        else await adapter.SetCacheAsync(entries);

        await AssertWasCutAsync();
        var stored = await adapter.GetCacheAsync([.. Enumerable.Range(0, Rows).Select(key => $"{key}")]);
        Assert.Equal(Rows, stored.Count);
        Assert.All(stored, entry => Assert.Equal(Json.From(entry.Key == "3" ? $"{Rows}{s_text}" : $"{entry.Key}{s_text}"), entry.Value));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_batch_that_is_made_again_is_told_as_if_it_had_been_made_once(bool isDoneTheFirstTime)
    {
        var (proxy, adapter) = await OpenCutAsync();
        await using var _ = proxy;
        Memory[] memories = [.. Enumerable.Range(0, Rows).Select(_ => Make(Guid.NewGuid()))];
        await adapter.CreateMemoriesAsync(memories[..1], "messages");
        memories[0] = memories[0] with { CreatedAt = DateTimeOffset.UnixEpoch };
        proxy.Arm("INSERT INTO public.memories", isDoneTheFirstTime ? Fault.AfterTheServer : Fault.BeforeTheServer);

        var results = await adapter.CreateMemoriesAsync(memories, "messages");

        Assert.True(proxy.HasStruck);
        Assert.Equal(
            [CreateOutcome.Existed, .. Enumerable.Repeat(CreateOutcome.Created, Rows - 1)], results.Select(result => result.Outcome));
        Assert.Equal(Rows, await adapter.CountMemoriesAsync(new MemoryQuery("messages")));
    }
}
