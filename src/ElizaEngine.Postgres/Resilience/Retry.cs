using System.Security.Cryptography;
using Polly;
using Polly.Retry;

namespace ElizaEngine.Postgres;

/// <summary>
/// When a call is tried again. Two reasons, two kinds of patience:
/// <list type="bullet">
/// <item>
/// An outage passes in seconds: elizaOS' settings, <see cref="PostgresRetryOptions"/>. They count attempts in all.
/// </item>
/// <item>
/// A lost race (a serialization failure, a deadlock) is over when it is heard of, for the winner has committed: up to
/// <see cref="MaxRaces"/> times more, within milliseconds, each pause drawn from twice the range of the one before, up to
/// <see cref="LongestRacePause"/>, so that those who met once do not meet again. A race costs no attempt of the settings.
/// </item>
/// </list>
/// </summary>
internal sealed class Retry
{
    internal const int MaxRaces = 50;

    private static readonly TimeSpan FirstRacePause = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LongestRacePause = TimeSpan.FromMilliseconds(64);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromDays(1);
    private static readonly ResiliencePropertyKey<CallRun> RunKey = new("run");

    private readonly PostgresRetryOptions _settings;
    private readonly ResiliencePipeline _pipeline;
    private readonly Func<double> _chance;
    private readonly Func<bool> _isOpen;

    /// <param name="settings">elizaOS' settings.</param>
    /// <param name="time">Measures the pauses.</param>
    /// <param name="isOpen">Whether the database is open; when it is not, no attempt follows another.</param>
    /// <param name="chance">Numbers in [0, 1), each as likely as the others; null: of the operating system.</param>
    /// <exception cref="InvalidInputException">A setting is out of its range.</exception>
    public Retry(PostgresRetryOptions settings, TimeProvider time, Func<bool>? isOpen = null, Func<double>? chance = null)
    {
        Check(settings);
        _settings = settings;
        _isOpen = isOpen ?? (static () => true);
        _chance = chance ?? (static () => RandomNumberGenerator.GetInt32(1 << 30) / (double)(1 << 30));

        var builder = new ResiliencePipelineBuilder { TimeProvider = time };
        if (settings.Attempts > 1) builder.AddRetry(Strategy(settings.Attempts - 1, static run => run.HasMetOutage, OutageDelay));
        builder.AddRetry(Strategy(MaxRaces, static run => run.HasLostRace, RaceDelay));
        _pipeline = builder.Build();
    }

    /// <exception cref="InvalidInputException">A setting is out of its range.</exception>
    public static void Check(PostgresRetryOptions settings)
    {
        if (settings.Attempts < 1) throw new InvalidInputException("retry.attempts", settings.Attempts, "1 or more");
        CheckDelay("retry.baseDelay", settings.BaseDelay);
        CheckDelay("retry.maxDelay", settings.MaxDelay);
        CheckDelay("retry.jitter", settings.Jitter);
    }

    /// <summary>Makes attempts until one succeeds, or until its failure says that no other would; that one's error comes out.</summary>
    /// <param name="run">What the attempts note their failures in.</param>
    /// <param name="attempt">One attempt.</param>
    /// <param name="cancellationToken">Cancels the pauses too.</param>
    public async Task<T> RunAsync<T>(CallRun run, Func<CancellationToken, Task<T>> attempt, CancellationToken cancellationToken)
    {
        var context = ResilienceContextPool.Shared.Get(continueOnCapturedContext: false, cancellationToken);
        context.Properties.Set(RunKey, run);
        try
        {
            return await _pipeline.ExecuteAsync(
                static (context, attempt) => new ValueTask<T>(attempt(context.CancellationToken)), context, attempt).ConfigureAwait(false);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private RetryStrategyOptions Strategy(int retries, Func<CallRun, bool> isReason, Func<int, TimeSpan> delay) => new()
    {
        MaxRetryAttempts = retries,
        ShouldHandle = args => ValueTask.FromResult(
            args.Outcome.Exception is not null && args.Context.Properties.TryGetValue(RunKey, out var run) && isReason(run) && _isOpen()),
        DelayGenerator = args => ValueTask.FromResult<TimeSpan?>(delay(args.AttemptNumber)),
    };

    // Attempt numbers of Polly count from 0.
    private TimeSpan OutageDelay(int attempt) => Doubled(_settings.BaseDelay, attempt, _settings.MaxDelay) + (_settings.Jitter * _chance());

    private TimeSpan RaceDelay(int attempt) => Doubled(FirstRacePause, attempt, LongestRacePause) * _chance();

    private static TimeSpan Doubled(TimeSpan first, int times, TimeSpan most) =>
        TimeSpan.FromTicks((long)Math.Min(first.Ticks * Math.Pow(2, times), most.Ticks));

    private static void CheckDelay(string name, TimeSpan delay)
    {
        if (delay < TimeSpan.Zero || delay > LongestDelay) throw new InvalidInputException(name, delay, "between zero and one day");
    }
}
