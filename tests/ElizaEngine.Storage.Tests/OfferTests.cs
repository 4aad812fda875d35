namespace ElizaEngine.Storage.Tests;

/// <summary>A lead that is left to whoever is free first: what comes before joins, and nobody waits for it in vain.</summary>
public sealed class OfferTests : IDisposable
{
    private readonly TestDirectory _directory = new(Disk.Memory);
    private readonly FaultyFileSystem _files;
    private readonly List<object> _published = [];

    public OfferTests()
    {
        _files = new FaultyFileSystem(_directory.Files);
    }

    [Fact]
    public async Task What_is_committed_before_an_offer_is_taken_shares_its_flush()
    {
        await using var log = await OpenAsync();
        var before = log.Statistics;
        var first = CommitAndOffer(log, "first");
        var (second, leads) = LoneCaller.Commit(log, "second");
        Assert.False(leads);
        Assert.Equal(before.Flushes, log.Statistics.Flushes);
        Assert.False(first.IsCompleted);

        log.LeadOffered();

        await first;
        await second;
        Assert.Equal(["second"], _published);
        Assert.Equal((before.Flushes + 1, before.Commits + 2), (log.Statistics.Flushes, log.Statistics.Commits));
    }

    [Fact]
    public async Task After_calls_that_were_begun_together_their_caller_is_still_alone()
    {
        await using var log = await OpenAsync();
        var first = CommitAndOffer(log, "first");
        var (second, _) = LoneCaller.Commit(log, "second");
        log.LeadOffered();
        await first;
        await second;

        var (third, leads) = LoneCaller.Commit(log, "third");

        Assert.True(leads);
        log.Lead();
        await third;
    }

    [Fact]
    public async Task Where_another_caller_joined_the_next_waits_for_the_writer_thread()
    {
        await using var log = await OpenAsync();
        var mine = CommitAndOffer(log, "mine");
        var theirs = OnAnotherThread(() => LoneCaller.Commit(log, "theirs").Done);
        log.LeadOffered();
        await mine;
        await theirs;

        var (next, leads) = LoneCaller.Commit(log, "next");

        Assert.False(leads);
        await next;
    }

    [Fact]
    public async Task The_caller_goes_on_where_it_was_led_and_may_lead_again()
    {
        await using var log = await OpenAsync();
        var (thread, leadsAgain) = (0, false);
        var caller = CallAsync();
        Assert.Equal(0, thread);

        log.LeadOffered();

        Assert.Equal(Environment.CurrentManagedThreadId, thread);
        Assert.True(leadsAgain);
        await caller;
        Assert.Equal(["first", "second"], _published);

        async Task CallAsync()
        {
            await CommitAndOffer(log, "first").ConfigureAwait(false);
            thread = Environment.CurrentManagedThreadId;
            (var second, leadsAgain) = LoneCaller.Commit(log, "second");
            log.Lead();
            await second.ConfigureAwait(false);
        }
    }

    [Theory]
    [InlineData("flush")]
    [InlineData("close")]
    [InlineData("full frame")]
    [InlineData("chain")]
    public async Task Whoever_cannot_wait_for_an_offer_is_served_by_the_writer_thread(string what)
    {
        await using var log = await OpenAsync();
        var mine = CommitAndOffer(log, "mine");
        switch (what)
        {
            case "flush":
                await log.FlushAsync();
                break;
            case "close":
                await log.DisposeAsync();
                break;
            case "full frame":
                await LoneCaller.CommitAndLeadAsync(log, new string('f', 4070));
                break;
            default:
                await LoneCaller.CommitAndLeadAsync(log, new string('c', 20_000));
                break;
        }

        await mine;
        var published = _published.Count;
        log.LeadOffered();
        Assert.Equal(published, _published.Count);
        Assert.Equal("mine", _published[0]);
    }

    [Fact]
    public async Task A_snapshot_under_the_gate_does_not_wait_for_an_offer()
    {
        await using var log = await OpenAsync();
        var mine = CommitAndOffer(log, "mine");
        using (log.Pin())
        {
            lock (log.Gate)
                _ = log.TakeSnapshotLocked();
        }

        Assert.True(mine.IsCompleted);
        await mine;
    }

    [Theory]
    [InlineData("write")]
    [InlineData("flush")]
    public async Task All_who_joined_are_told_of_a_failure(string operation)
    {
        await using var log = await OpenAsync();
        var mine = CommitAndOffer(log, "mine").AsTask();
        var joined = LoneCaller.Commit(log, "joined").Done.AsTask();
        _files.Fault = (call, path) => call == operation && path.EndsWith(".seg", StringComparison.Ordinal) ? FaultyFileSystem.IoError(call, path) : null;

        log.LeadOffered();

        await Assert.ThrowsAsync<LogOutcomeUnknownException>(() => mine);
        await Assert.ThrowsAsync<LogOutcomeUnknownException>(() => joined);
        Assert.NotNull(log.Fault);
        Assert.Empty(_published);
        log.LeadOffered();
    }

    [Fact]
    public async Task A_fault_from_elsewhere_fails_what_was_offered_and_nothing_is_written()
    {
        await using var log = await OpenAsync();
        var mine = CommitAndOffer(log, "mine").AsTask();
        lock (log.Gate)
            log.PoisonLocked(new InvalidOperationException("elsewhere"));
        await Assert.ThrowsAsync<LogOutcomeUnknownException>(() => mine);
        var written = log.Statistics.BytesWritten;

        log.LeadOffered();

        Assert.Equal(written, log.Statistics.BytesWritten);
        Assert.Empty(_published);
    }

    [Fact]
    public async Task A_fault_from_elsewhere_takes_an_offer_back_so_that_closing_does_not_wait_for_who_takes_it()
    {
        var log = await OpenAsync();
        var mine = CommitAndOffer(log, "mine").AsTask();
        lock (log.Gate)
            log.PoisonLocked(new InvalidOperationException("elsewhere"));

        await log.DisposeAsync();

        await Assert.ThrowsAsync<LogOutcomeUnknownException>(() => mine);
        log.LeadOffered();
        Assert.Empty(_published);
    }

    [Fact]
    public async Task Without_a_flush_to_share_nothing_is_offered()
    {
        await using var log = await OpenAsync(Durability.ProcessCrash);
        var (done, leads) = LoneCaller.Commit(log, "mine");
        Assert.True(leads);
        Assert.False(log.TryOfferLead());
        log.Lead();
        await done;
    }

    [Fact]
    public async Task A_thread_of_the_callers_own_leads_at_once()
    {
        await using var log = await OpenAsync();
        Assert.True(OnAnotherThread(() =>
        {
            var (done, leads) = LoneCaller.Commit(log, "mine");
            Assert.True(leads);
            log.LeadSoon();
            return done.IsCompletedSuccessfully;
        }));
    }

    [Fact]
    public async Task Calls_begun_together_by_turns_with_lone_ones_lose_nothing_and_keep_the_order()
    {
        const int rounds = 300;
        await using (var log = await OpenAsync())
        {
            await Task.Run(async () =>
            {
                for (var round = 0; round < rounds; round++)
                {
                    var together = Enumerable.Range(0, 1 + (round % 3)).Select(call => LeadSoonAsync(log, $"{round}:{call}")).ToArray();
                    await Task.WhenAll(together);
                    Assert.Equal($"{round}:{together.Length - 1}", _published[^1]);
                }
            }, TestContext.Current.CancellationToken);
        }

        await using var reopened = TestLog.Open(_directory);
        Assert.Equal(Enumerable.Range(0, rounds).SelectMany(round => Enumerable.Range(0, 1 + (round % 3)).Select(call => $"{round}:{call}")), reopened.Replayed.Texts);
    }

    public void Dispose() => _directory.Dispose();

    private async Task<WriteAheadLog> OpenAsync(Durability durability = Durability.PowerLoss)
    {
        var options = _directory.Options with
        {
            Durability = durability,
            FlushInterval = TimeSpan.FromHours(1),
            LeaderFlushMax = TimeSpan.MaxValue,
            FrameBytes = 4096,
            FirstFileBytes = 1 << 20,
            MaxFileBytes = 1 << 20,
        };
        var log = WriteAheadLog.Open(_directory.Path, _files, options, new ReplayedRecords(), _published.Add);
        await log.BackgroundWork;
        return log;
    }

    private static async Task LeadSoonAsync(WriteAheadLog log, string text)
    {
        var (done, leads) = LoneCaller.Commit(log, text);
        if (leads)
            log.LeadSoon();
        await done.ConfigureAwait(false);
    }

    private static ValueTask CommitAndOffer(WriteAheadLog log, string text)
    {
        var (done, leads) = LoneCaller.Commit(log, text);
        Assert.True(leads);
        Assert.True(log.TryOfferLead());
        return done;
    }

    private static T OnAnotherThread<T>(Func<T> call)
    {
        T? result = default;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                result = call();
            }
            catch (Exception error)
            {
                failure = error;
            }
        });
        thread.Start();
        thread.Join();
        return failure is null ? result! : throw failure;
    }
}
