using ElizaEngine.Storage;
using Xunit;

namespace ElizaEngine.Local.Tests.Engine;

/// <summary>The order of writes: what a plan that throws leaves behind, and when a call is acknowledged and seen.</summary>
public sealed class SequencerTests : IAsyncDisposable
{
    private readonly GatedFileSystem _files = new();
    private readonly Sequencer _sequencer;
    private readonly WriteAheadLog _log;

    public SequencerTests()
    {
        var recovery = new StateRecovery(new SharedValues());
        var cache = new RecordCache(1 << 20);
        var records = new RecordReader(cache);
        _sequencer = new Sequencer(records, cache, new VectorPartitions(records, VectorPartitions.Few, VectorPartitions.FewForGraph, 0.99));
        // Nobody leads: a test that closes the gate would wait in it.
        _log = WriteAheadLog.Open("/memory", _files, new LogOptions { LeaderFlushMax = TimeSpan.Zero }, recovery, _sequencer.Publish);
        records.Attach(_log);
        _sequencer.Attach(_log, recovery.TakeState());
    }

    public async ValueTask DisposeAsync()
    {
        _files.Open();
        await _log.DisposeAsync();
        _files.Dispose();
    }

    public static TheoryData<long?> KnownAndUnknownSizes => new((long?)null, 4096L);

    [Theory]
    [MemberData(nameof(KnownAndUnknownSizes))]
    public async Task What_is_acknowledged_is_published(long? bytesMax)
    {
        for (var i = 0; i < 50; i++)
        {
            Assert.True(await PutAsync(i, bytesMax));
            Assert.NotNull(_sequencer.Published.Dimensions.Find(IdOf(i)));
            Assert.Equal(i + 1, _sequencer.Published.Dimensions.Count);
        }
    }

    [Fact]
    public async Task A_plan_that_throws_half_way_changes_nothing()
    {
        await PutAsync(1, null);
        var before = _sequencer.Published;
        var commits = _log.Statistics.Commits;
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => _sequencer.CommitAsync<bool>(
            draft =>
            {
                for (var i = 2; i < 200; i++) Put(draft, i);
                draft.Delete(Table.Dimensions, [draft.State.Dimensions.Find(IdOf(1))!]);
                throw new InvalidOperationException("half way");
            },
            bytesMax: null,
            CancellationToken.None).AsTask());
        Assert.Equal("half way", error.Message);
        Assert.Same(before, _sequencer.Published);
        Assert.Equal(commits, _log.Statistics.Commits);

        // The newest state is untouched too: the next plan sees the one row, and only its own comes to it.
        await _sequencer.CommitAsync(
            draft =>
            {
                Assert.Equal(1, draft.State.Dimensions.Count);
                Put(draft, 500);
                return true;
            },
            bytesMax: null,
            CancellationToken.None);
        Assert.Equal([IdOf(1), IdOf(500)], State.IndexCheck.RowsOf(_sequencer.Published.Dimensions).Select(row => row.Id).Order());
    }

    [Fact]
    public async Task A_plan_of_known_size_that_throws_before_its_first_effect_changes_nothing()
    {
        await PutAsync(1, 4096);
        var before = _sequencer.Published;
        await Assert.ThrowsAsync<InvalidOperationException>(() => _sequencer.CommitAsync<bool>(
            static _ => throw new InvalidOperationException("refused"), bytesMax: 4096, CancellationToken.None).AsTask());
        Assert.Same(before, _sequencer.Published);
        await PutAsync(2, 4096);
        Assert.Equal(2, _sequencer.Published.Dimensions.Count);
    }

    [Fact]
    public async Task A_plan_of_known_size_that_breaks_its_word_is_never_published_and_ends_all_writes()
    {
        await PutAsync(1, 4096);
        await Assert.ThrowsAsync<InvalidOperationException>(() => _sequencer.CommitAsync<bool>(
            draft =>
            {
                Put(draft, 2);
                throw new InvalidOperationException("after an effect");
            },
            bytesMax: 4096,
            CancellationToken.None).AsTask());
        await Assert.ThrowsAsync<LogPoisonedException>(() => PutAsync(3, 4096).AsTask());
        await Assert.ThrowsAsync<LogPoisonedException>(() => PutAsync(3, null).AsTask());
        Assert.Equal(1, _sequencer.Published.Dimensions.Count);
    }

    [Theory]
    [MemberData(nameof(KnownAndUnknownSizes))]
    public async Task Nothing_is_seen_before_it_is_durable(long? bytesMax)
    {
        _files.Close();
        var first = PutAsync(1, bytesMax).AsTask();
        var second = PutAsync(2, bytesMax).AsTask();
        Assert.Equal(0, _sequencer.Published.Dimensions.Count);
        Assert.False(first.IsCompleted || second.IsCompleted);
        _files.Open();
        await Task.WhenAll(first, second);
        Assert.Equal(2, _sequencer.Published.Dimensions.Count);
    }

    /// <summary>The story: a call was told that a room was gone, and then found it, since its deletion was not durable yet.</summary>
    [Theory]
    [MemberData(nameof(KnownAndUnknownSizes))]
    public async Task Who_is_refused_hears_of_it_when_what_refuses_him_can_be_seen(long? bytesMax)
    {
        _files.Close();
        var first = PutAsync(1, bytesMax).AsTask();
        var refused = _sequencer.CommitAsync<bool>(
            draft => throw new InvalidOperationException($"there are {draft.State.Dimensions.Count}"), bytesMax, CancellationToken.None).AsTask();
        Assert.False(refused.IsCompleted);
        _files.Open();
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => refused);
        Assert.Equal("there are 1", error.Message);
        Assert.Equal(1, _sequencer.Published.Dimensions.Count);
        Assert.True(await first);
    }

    [Theory]
    [MemberData(nameof(KnownAndUnknownSizes))]
    public async Task A_call_that_finds_its_work_done_waits_until_that_work_is_durable(long? bytesMax)
    {
        _files.Close();
        var first = PutAsync(1, bytesMax).AsTask();
        var second = PutAsync(1, bytesMax).AsTask();
        Assert.False(second.IsCompleted);
        _files.Open();
        Assert.False(await second, "the first call's row was there");
        Assert.NotNull(_sequencer.Published.Dimensions.Find(IdOf(1)));
        Assert.True(await first);
    }

    [Theory]
    [MemberData(nameof(KnownAndUnknownSizes))]
    public async Task A_call_that_finds_nothing_to_do_and_nothing_under_way_costs_no_commit(long? bytesMax)
    {
        await PutAsync(1, bytesMax);
        var commits = _log.Statistics.Commits;
        var call = PutAsync(1, bytesMax);
        Assert.True(call.IsCompletedSuccessfully);
        Assert.False(await call);
        Assert.Equal(commits, _log.Statistics.Commits);
    }

    [Fact]
    public async Task A_call_that_was_cancelled_before_it_had_its_place_changes_nothing()
    {
        using var source = new CancellationTokenSource();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _sequencer.CommitAsync(
            draft => Put(draft, 1), bytesMax: null, source.Token).AsTask());
        Assert.Equal(0, _sequencer.Published.Dimensions.Count);
        await PutAsync(2, null);
        Assert.Equal(1, _sequencer.Published.Dimensions.Count);
    }

    /// <summary>
    /// The story: two large calls waited for room; the first was let in and wrote nothing, so nothing was ever written that would have let
    /// in the second, and every later call waited behind it.
    /// </summary>
    [Theory]
    [InlineData("its plan throws")]
    [InlineData("its plan has no effect")]
    [InlineData("it is cancelled")]
    public async Task A_call_that_was_let_in_and_writes_nothing_keeps_no_other_waiting(string what)
    {
        var limit = (int)new LogOptions().MaxPendingBytes;
        using var source = new CancellationTokenSource();
        // The only flush that can wait from here on is that of the first call: the next file has been prepared.
        await _log.BackgroundWork;
        _files.Close();
        var flushing = PutAsync(1, 4096).AsTask();
        await UntilAsync(() => _files.Waiting > 0);
        var pending = PutAsync(2, 4096).AsTask();
        var first = _sequencer.CommitAsync<bool>(
            draft => what == "its plan throws"
                ? throw new InvalidOperationException("refused")
                : draft.State.Dimensions.Find(IdOf(3)) is not null,
            limit,
            source.Token).AsTask();
        var second = PutAsync(4, limit / 2).AsTask();
        var third = PutAsync(5, 4096).AsTask();

        // The gate is held until the first has been let in, which was before the pending one was acknowledged.
        using var held = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        var holder = Task.Run(() =>
        {
            lock (_log.Gate)
            {
                held.Set();
                release.Wait();
            }
        });
        try
        {
            held.Wait(TestContext.Current.CancellationToken);
            _files.Open();
            await Task.WhenAll(flushing, pending);
            Assert.False(first.IsCompleted);
            if (what == "it is cancelled") await source.CancelAsync();
        }
        finally
        {
            // Also where a line above fails: closing the log needs the gate.
            release.Set();
            await holder;
        }

        switch (what)
        {
            case "its plan throws": await Assert.ThrowsAsync<InvalidOperationException>(() => first); break;
            case "it is cancelled": await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first); break;
            default: Assert.False(await first); break;
        }

        var deadline = TimeSpan.FromMinutes(5);
        Assert.True(await second.WaitAsync(deadline, TestContext.Current.CancellationToken));
        Assert.True(await third.WaitAsync(deadline, TestContext.Current.CancellationToken));
        Assert.True(await PutAsync(6, 4096).AsTask().WaitAsync(deadline, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Calls_of_both_kinds_from_many_threads_are_all_there_in_the_order_of_the_log()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Run(async () =>
        {
            for (var i = 0; i < 100; i++) Assert.True(await PutAsync((thread * 1000) + i, i % 3 == 0 ? null : 4096));
        })));
        Assert.Equal(800, _sequencer.Published.Dimensions.Count);
        State.DatabaseStateTests.AssertIndexesAgree(_sequencer.Published);
    }

    private ValueTask<bool> PutAsync(int number, long? bytesMax) =>
        _sequencer.CommitAsync(
            draft => draft.State.Dimensions.Find(IdOf(number)) is null && Put(draft, number), bytesMax, CancellationToken.None);

    private static async Task UntilAsync(Func<bool> condition)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(clock.Elapsed < TimeSpan.FromMinutes(5), "it never came to that");
            await Task.Yield();
        }
    }

    private static bool Put(Draft draft, int number)
    {
        var row = new DimensionRow { Id = IdOf(number), Dimension = 3 };
        draft.Put(row, Rows.Encode(row));
        return true;
    }

    private static Id IdOf(int number) => new(0, (ulong)number);
}
