using Npgsql;

namespace ElizaEngine.Postgres;

/// <summary>Runs calls, and tries again those that can succeed the second time.</summary>
internal sealed class Retry(PostgresDatabaseOptions options)
{
    private readonly PostgresRetryOptions _settings = options.Retry;

    public async Task<T> RunAsync<T>(CallKind kind, Func<CancellationToken, Task<T>> attempt, CancellationToken cancellationToken)
    {
        _ = kind;
        for (var number = 1; ; number++)
        {
            try
            {
                return await attempt(cancellationToken).ConfigureAwait(false);
            }
            catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected && number < Math.Max(_settings.Attempts, 10))
            {
                continue;
            }
        }
    }
}
