using System.Collections.Concurrent;

namespace ElizaEngine.Postgres;

/// <summary>
/// What this process knows of the indexes of a database, and the builds it has under way. A search never rests on it: the
/// statement of a walk asks the server whether the index is valid. Thread-safe.
/// </summary>
internal sealed class VectorIndexes(PostgresDatabase database) : IAsyncDisposable
{
    // Other processes build too.
    private static readonly TimeSpan BelievedAbsent = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan WaitAfterFailure = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentDictionary<int, Known> _known = new();
    private readonly InFlight _builds = new("database");
    private readonly CancellationTokenSource _closing = new();
    private int _isBuildingInBackground;
    private int _isClosing;

    /// <param name="AbsentUntil">So long no search asks for the index.</param>
    /// <param name="IdleUntil">So long no build is begun by itself.</param>
    /// <param name="Failure">Why the last build failed; null: it did not.</param>
    private sealed record Known(DateTimeOffset AbsentUntil, DateTimeOffset IdleUntil, string? Failure)
    {
        public static readonly Known Nothing = new(DateTimeOffset.MinValue, DateTimeOffset.MinValue, null);
    }

    /// <summary>The last build that a search began; it never fails.</summary>
    public Task BackgroundBuild { get; private set; } = Task.CompletedTask;

    /// <summary>Why the last build of this process failed; null: there was none, or it did not.</summary>
    public string? FailureOf(int dimension) => KnownOf(dimension).Failure;

    /// <summary>Whether a search should ask for the index: unless there was none a short while ago.</summary>
    public bool MayExist(int dimension) => KnownOf(dimension).AbsentUntil <= Now;

    /// <summary>
    /// Learns from a search that an index could have answered, and begins to build one in the background when that search compared
    /// so many rows that it would have paid, or when an unfinished one is lying about.
    /// </summary>
    public void Learn(int dimension, SearchFacts facts)
    {
        if (facts.IndexIsValid is true) return;
        // Whoever counted the scope looked for the index.
        if (facts.ScopeRows is not null) _known[dimension] = KnownOf(dimension) with { AbsentUntil = Now + BelievedAbsent };
        var isWanted = database.Options.VectorIndexRows is { } rows && (facts.IndexIsValid is false || facts.Compared >= rows);
        if (isWanted) BeginInBackground(dimension, condition: null);
    }

    /// <summary>
    /// Learns that a search that an index could have answered took too long, so that nobody knows how many rows it would have
    /// compared: they are counted in the background, and an index is built when they are so many.
    /// </summary>
    public void LearnOfTimeout(int dimension, SearchScope scope)
    {
        if (database.Options.VectorIndexRows is not { } rows) return;
        BeginInBackground(dimension, new VectorColumn(dimension).HasAtLeast(rows, scope.Filter()));
    }

    /// <summary>Builds an index, or waits for whoever is building it. Returns whether this call built it.</summary>
    /// <exception cref="InvalidInputException">It is not there, and the options name no way on which it can be built.</exception>
    /// <exception cref="DatabaseClosedException">The database is closed, or was while this waited.</exception>
    public async Task<bool> BuildAsync(int dimension, CancellationToken cancellationToken)
    {
        using var build = _builds.Begin();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        try
        {
            var outcome = await BuildApartAsync(dimension, condition: null, isPatient: true, either.Token).ConfigureAwait(false);
            return outcome == BuildOutcome.Built;
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new DatabaseClosedException("database");
        }
    }

    /// <summary>Refuses builds from now on, breaks off those under way, and waits until they have cleaned up.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isClosing, 1) == 0) await _closing.CancelAsync().ConfigureAwait(false);
        await _builds.CloseAsync().ConfigureAwait(false);
        _closing.Dispose();
    }

    private void BeginInBackground(int dimension, Statement? condition)
    {
        if (KnownOf(dimension).IdleUntil <= Now && Interlocked.CompareExchange(ref _isBuildingInBackground, 1, 0) == 0)
            BackgroundBuild = Task.Run(() => BuildInBackgroundAsync(dimension, condition));
    }

    private async Task BuildInBackgroundAsync(int dimension, Statement? condition)
    {
        try
        {
            using var build = _builds.Begin();
            var outcome = await BuildApartAsync(dimension, condition, isPatient: false, _closing.Token).ConfigureAwait(false);
            if (outcome != BuildOutcome.Built) _known[dimension] = KnownOf(dimension) with { IdleUntil = Now + BelievedAbsent };
        }
        catch (Exception error) when (error is DatabaseException or OperationCanceledException)
        {
            // Searches stay exact. It is told to whoever asks for the plan of one.
            _known[dimension] = KnownOf(dimension) with { IdleUntil = Now + WaitAfterFailure, Failure = error.Message };
        }
        finally
        {
            Volatile.Write(ref _isBuildingInBackground, 0);
        }
    }

    /// <param name="dimension">Of the index.</param>
    /// <param name="condition">An index of which there is nothing yet is built only if this holds; null: in any case.</param>
    /// <param name="isPatient">Whether to wait for somebody else who is building it.</param>
    /// <param name="cancellationToken">Breaks it off.</param>
    private async Task<BuildOutcome> BuildApartAsync(
        int dimension, Statement? condition, bool isPatient, CancellationToken cancellationToken)
    {
        var outcome = await database.Runner.RunApartAsync(
            async token =>
            {
                var lease = DataSources.RentApart(database.Options);
                await using var rented = lease.ConfigureAwait(false);
                var connection = await lease.Source.OpenConnectionAsync(token).ConfigureAwait(false);
                await using var open = connection.ConfigureAwait(false);
                var builder = new VectorIndexBuilder(connection, new VectorIndex(dimension));
                var isValid = await builder.IsValidAsync(token).ConfigureAwait(false);
                if (isValid is true) return BuildOutcome.Existed;
                ThrowIfUnfit(lease);
                var isWanted = isValid is false || condition is null || await builder.HoldsAsync(condition, token).ConfigureAwait(false);
                if (!isWanted) return BuildOutcome.NotWanted;
                while (true)
                {
                    var outcome = await builder.BuildAsync(token).ConfigureAwait(false);
                    if (outcome != BuildOutcome.BuiltElsewhere || !isPatient) return outcome;
                    await Task.Delay(PollInterval, token).ConfigureAwait(false);
                }
            },
            cancellationToken).ConfigureAwait(false);
        if (outcome is BuildOutcome.Built or BuildOutcome.Existed) _known[dimension] = Known.Nothing;
        return outcome;
    }

    /// <exception cref="InvalidInputException">No index can be built this way.</exception>
    private void ThrowIfUnfit(DataSourceLease way)
    {
        var expected = way.IsPooled ? "a way past the pooler to the server itself when an index is to be built, which takes a session"
            : way.HasOneConnection ? "given when an index is to be built and the data source has one connection only, which calls need"
            : null;
        if (expected is null) return;
        var given = PostgresAddress.Redact(database.Options.DirectConnectionString);
        throw new InvalidInputException("directConnectionString", given, expected);
    }

    private DateTimeOffset Now => database.Time.GetUtcNow();

    private Known KnownOf(int dimension) => _known.GetValueOrDefault(dimension, Known.Nothing);
}
