using Npgsql;
using Xunit;

namespace ElizaEngine.Postgres.Tests.Resilience;

public sealed class RetryTests
{
    private static readonly PostgresException s_serverStarts = Refusal("57P03");
    private static readonly PostgresException s_raceLost = Refusal("40001");
    private static readonly NpgsqlException s_connectionLost = new("lost", new EndOfStreamException());

    private readonly RecordingTime _time = new();

    private static PostgresException Refusal(string code) => new("no", "ERROR", "ERROR", code);

    private async Task<(int Attempts, Exception? Error)> RunAsync(
        PostgresRetryOptions options, Func<int, Exception?> failure, CallKind kind = CallKind.Read, Func<double>? chance = null, Func<bool>? isOpen = null)
    {
        var retry = new Retry(options, _time, isOpen, chance ?? (() => 0));
        var run = new CallRun(kind);
        var attempts = 0;
        var error = await Record.ExceptionAsync(() => retry.RunAsync(
            run,
            _ =>
            {
                if (failure(++attempts) is not { } error) return Task.FromResult(7);
                var isConnected = error is PostgresException;
                run.Failed(Failures.Of(error, kind == CallKind.Read ? Stage.Working : Stage.Committing, isConnected), Stage.Working, isConnected, new("h", 1, 2, true));
                return Task.FromException<int>(error);
            },
            CancellationToken.None));
        return (attempts, error);
    }

    [Fact]
    public async Task The_pauses_are_those_of_elizaOS()
    {
        var (attempts, error) = await RunAsync(new PostgresRetryOptions { Attempts = 7 }, _ => s_serverStarts);

        Assert.Equal(7, attempts);
        Assert.Same(s_serverStarts, error);
        Assert.Equal([1000, 2000, 4000, 8000, 10000, 10000], _time.PausesMs);
    }

    [Theory]
    [InlineData(0.0, new[] { 1000.0, 2000, 2500 })]
    [InlineData(0.5, new[] { 1100.0, 2100, 2600 })]
    [InlineData(0.995, new[] { 1199.0, 2199, 2699 })]
    public async Task Chance_adds_to_a_pause_behind_its_cap(double chance, double[] pausesMs)
    {
        var options = new PostgresRetryOptions { Attempts = 4, MaxDelay = TimeSpan.FromSeconds(2.5), Jitter = TimeSpan.FromSeconds(0.2) };

        await RunAsync(options, _ => s_serverStarts, chance: () => chance);

        Assert.Equal(pausesMs, _time.PausesMs);
    }

    [Fact]
    public async Task Many_attempts_do_not_overflow_the_pause()
    {
        var (attempts, _) = await RunAsync(new PostgresRetryOptions { Attempts = 200, MaxDelay = TimeSpan.FromHours(1) }, _ => s_serverStarts);

        Assert.Equal(200, attempts);
        Assert.Equal(3_600_000, _time.PausesMs[^1]);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(9, 3)]
    public async Task The_first_success_is_the_answer_and_attempts_are_counted_in_all(int failures, int attempts)
    {
        var result = await RunAsync(new PostgresRetryOptions(), number => number <= failures - 1 ? s_serverStarts : null);

        Assert.Equal((Math.Min(failures, 3), attempts), (result.Attempts, Math.Min(failures, attempts)));
        Assert.Equal(failures > 3, result.Error is not null);
    }

    [Fact]
    public async Task One_attempt_means_one()
    {
        var (attempts, error) = await RunAsync(new PostgresRetryOptions { Attempts = 1 }, _ => s_serverStarts);

        Assert.Equal(1, attempts);
        Assert.Same(s_serverStarts, error);
        Assert.Empty(_time.PausesMs);
    }

    [Fact]
    public async Task A_lost_race_is_run_again_within_milliseconds_and_costs_no_attempt()
    {
        var (attempts, error) = await RunAsync(
            new PostgresRetryOptions { Attempts = 2 }, number => number == 20 ? s_serverStarts : number < 40 ? s_raceLost : null, chance: () => 0.999);

        Assert.Equal(40, attempts);
        Assert.Null(error);
        // In whole milliseconds, so the first one is none.
        Assert.Equal([1, 3, 7, 15, 31, 63, 63, 63], _time.PausesMs[..8]);
        Assert.Single(_time.PausesMs, pause => pause > 64);
    }

    [Fact]
    public async Task A_race_that_is_always_lost_comes_to_an_end()
    {
        var (attempts, error) = await RunAsync(new PostgresRetryOptions { Attempts = 1 }, _ => s_raceLost);

        Assert.Equal(1 + Retry.MaxRaces, attempts);
        Assert.Same(s_raceLost, error);
    }

    [Theory]
    [InlineData(CallKind.Read, 3)]
    [InlineData(CallKind.Repeatable, 3)]
    [InlineData(CallKind.Counted, 1)]
    public async Task A_write_whose_outcome_is_unknown_is_made_again_only_if_that_changes_no_answer(object kind, int attempts)
    {
        var result = await RunAsync(new PostgresRetryOptions(), _ => s_connectionLost, (CallKind)kind);

        Assert.Equal(attempts, result.Attempts);
        Assert.Same(s_connectionLost, result.Error);
    }

    [Theory]
    [InlineData(CallKind.Read)]
    [InlineData(CallKind.Repeatable)]
    [InlineData(CallKind.Counted)]
    public async Task What_was_not_done_is_made_again_whatever_it_is(object kind) =>
        Assert.Equal((3, null), await RunAsync(new PostgresRetryOptions(), number => number < 3 ? s_serverStarts : null, (CallKind)kind));

    [Theory]
    [InlineData("23505")]
    [InlineData("42P01")]
    [InlineData("53100")]
    [InlineData("57014")]
    public async Task What_the_server_refuses_is_told_at_once(string code)
    {
        var (attempts, error) = await RunAsync(new PostgresRetryOptions(), _ => Refusal(code));

        Assert.Equal((1, code), (attempts, ((PostgresException)error!).SqlState));
    }

    [Fact]
    public async Task A_database_that_is_closed_makes_no_other_attempt()
    {
        var (attempts, _) = await RunAsync(new PostgresRetryOptions(), _ => s_serverStarts, isOpen: () => false);

        Assert.Equal(1, attempts);
    }

    [Fact]
    public async Task A_pause_can_be_cancelled()
    {
        using var source = new CancellationTokenSource();
        var hour = TimeSpan.FromHours(1);
        var retry = new Retry(new PostgresRetryOptions { BaseDelay = hour, MaxDelay = hour }, TimeProvider.System, chance: () => 0);
        var run = new CallRun(CallKind.Read);
        var running = retry.RunAsync<int>(
            run,
            _ =>
            {
                run.Failed(Failure.NotDone, Stage.Connecting, false, new("h", 1, 2, true));
                source.CancelAfter(1);
                return Task.FromException<int>(s_serverStarts);
            },
            source.Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    [Theory]
    [InlineData(0, 1, 1, 1, "retry.attempts")]
    [InlineData(3, -1, 1, 1, "retry.baseDelay")]
    [InlineData(3, 1, -1, 1, "retry.maxDelay")]
    [InlineData(3, 1, 1, -1, "retry.jitter")]
    [InlineData(3, 90_000, 1, 1, "retry.baseDelay")]
    public void Settings_out_of_range_are_refused(int attempts, int baseDelay, int maxDelay, int jitter, string parameter)
    {
        var options = new PostgresRetryOptions
        {
            Attempts = attempts,
            BaseDelay = TimeSpan.FromSeconds(baseDelay),
            MaxDelay = TimeSpan.FromSeconds(maxDelay),
            Jitter = TimeSpan.FromSeconds(jitter),
        };

        Assert.Equal(parameter, Assert.Throws<InvalidInputException>(() => new Retry(options, TimeProvider.System)).Parameter);
    }

    /// <summary>A clock for which every pause is over at once, and that remembers how long it was to be.</summary>
    private sealed class RecordingTime : TimeProvider
    {
        private readonly List<double> _pausesMs = [];

        public double[] PausesMs => [.. _pausesMs];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _pausesMs.Add(Math.Round(dueTime.TotalMilliseconds, 4));
            return base.CreateTimer(callback, state, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }
}
