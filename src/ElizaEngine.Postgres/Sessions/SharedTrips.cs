using System.Diagnostics;
using Npgsql;

namespace ElizaEngine.Postgres;

/// <summary>
/// Small reads that are wanted at the same time, sent together. For one message an agent asks some dozen questions at once, several of
/// them more than once; each on a connection of its own they cost both sides more than their answers.
/// <list type="bullet">
/// <item>A read that finds few others under way is sent at once, alone. The next ones wait for one of those to end, and then go in one trip.</item>
/// <item>Reads that wait and are the same are made once: each of them begins after all who asked had asked.</item>
/// <item>Nobody waits long for others: a trip that takes longer than <see cref="DefaultPatience"/> does not count as under way.</item>
/// <item>
/// A shared trip is tried once, and for <see cref="DefaultSharedTime"/> at most; whatever goes wrong with it, everybody then asks for
/// himself, as if there had been none. So errors, attempts and time limits are those of a read that goes alone.
/// </item>
/// </list>
/// Thread-safe.
/// </summary>
internal sealed class SharedTrips : IDisposable
{
    // More at once gain nothing on a server nearby, whose answers are there sooner than the next question is asked.
    private const int MaxUnderWay = 2;

    // More go alone: each waits for all that stand before it in its trip.
    private const int MaxReads = 32;

    private static readonly TimeSpan DefaultPatience = TimeSpan.FromMilliseconds(10);

    private static readonly TimeSpan DefaultSharedTime = TimeSpan.FromSeconds(1);

    private readonly CallRunner _runner;
    private readonly TimeSpan _patience;
    private readonly TimeSpan _sharedTime;
    private readonly Lock _gate = new();
    private readonly List<Trip> _underWay = [];
    private readonly ITimer _late;
    private List<Read> _waiting = [];

    /// <param name="runner">Makes the trips.</param>
    /// <param name="patience">How long a trip keeps others waiting; null: <see cref="DefaultPatience"/>.</param>
    /// <param name="sharedTime">How long a shared trip may take; null: <see cref="DefaultSharedTime"/>.</param>
    public SharedTrips(CallRunner runner, TimeSpan? patience = null, TimeSpan? sharedTime = null)
    {
        _runner = runner;
        _patience = patience ?? DefaultPatience;
        _sharedTime = sharedTime ?? DefaultSharedTime;
        _late = TimeProvider.System.CreateTimer(static self => ((SharedTrips)self!).StartLate(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>All rows of a query whose answer is small and quickly found.</summary>
    public async Task<List<T>> RowsAsync<T>(Statement query, Func<NpgsqlDataReader, T> row, CancellationToken cancellationToken)
    {
        var (trip, read) = Begin(query, row);
        // A list of its own for everybody.
        if (read is not null && await read.Answer.WaitAsync(cancellationToken).ConfigureAwait(false) is { } shared) return [.. shared];
        try
        {
            var call = new Call<List<T>>(CallKind.Read, [query], answer => answer.RowsAsync(row));
            return await _runner.RunAsync(CallKind.Read, attempt => attempt.SendAsync(call), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (trip is not null) End(trip);
        }
    }

    public void Dispose() => _late.Dispose();

    // Either a trip of its own, or a place among those that wait, or neither.
    private (Trip? Alone, Read<T>? Waiting) Begin<T>(Statement query, Func<NpgsqlDataReader, T> row)
    {
        lock (_gate)
        {
            ForgetLateLocked();
            if (_underWay.Count < MaxUnderWay) return (StartLocked(), null);
            foreach (var waiting in _waiting)
            {
                if (waiting is Read<T> same && same.IsOf(query, row)) return (null, same);
            }
            if (_waiting.Count == MaxReads) return (null, null);
            if (_waiting.Count == 0) _late.Change(_patience, Timeout.InfiniteTimeSpan);
            var read = new Read<T>(query, row);
            _waiting.Add(read);
            return (null, read);
        }
    }

    private void End(Trip ended)
    {
        Trip? next = null;
        List<Read> reads = [];
        lock (_gate)
        {
            // Its place is another's by now, if it took long.
            if (_underWay.Remove(ended) && _waiting.Count > 0) (next, reads) = (StartLocked(), TakeLocked());
        }
        if (next is not null) _ = SendAsync(next, reads);
    }

    private void StartLate()
    {
        Trip? next = null;
        List<Read> reads = [];
        lock (_gate)
        {
            ForgetLateLocked();
            if (_waiting.Count == 0) return;
            if (_underWay.Count < MaxUnderWay) (next, reads) = (StartLocked(), TakeLocked());
            else _late.Change(_patience, Timeout.InfiniteTimeSpan);
        }
        if (next is not null) _ = SendAsync(next, reads);
    }

    private void ForgetLateLocked() => _underWay.RemoveAll(trip => Stopwatch.GetElapsedTime(trip.StartedAt) >= _patience);

    private Trip StartLocked()
    {
        var trip = new Trip(Stopwatch.GetTimestamp());
        _underWay.Add(trip);
        return trip;
    }

    private List<Read> TakeLocked()
    {
        var reads = _waiting;
        _waiting = [];
        return reads;
    }

    private async Task SendAsync(Trip trip, List<Read> reads)
    {
        var isAnswered = false;
        try
        {
            using var time = new CancellationTokenSource(_sharedTime);
            var call = new Call<bool>(CallKind.Read, [.. reads.Select(read => read.Query)], async answer =>
            {
                foreach (var read in reads) await read.ReadAsync(answer).ConfigureAwait(false);
                return true;
            });
            isAnswered = await _runner.RunOnceAsync(CallKind.Read, attempt => attempt.SendAsync(call), time.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (error is DatabaseException or OperationCanceledException)
        {
            // Whoever it is of, hears it when he asks for himself.
        }
        finally
        {
            foreach (var read in reads) read.End(isAnswered);
            End(trip);
        }
    }

    /// <summary>A trip under way; compared by reference.</summary>
    private sealed class Trip(long startedAt)
    {
        public long StartedAt => startedAt;
    }

    private abstract class Read(Statement query)
    {
        public Statement Query => query;

        public abstract Task ReadAsync(Answer answer);

        public abstract void End(bool isAnswered);
    }

    private sealed class Read<T>(Statement query, Func<NpgsqlDataReader, T> row) : Read(query)
    {
        private readonly TaskCompletionSource<List<T>?> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private List<T>? _rows;

        /// <summary>The rows; null when the trip came to nothing.</summary>
        public Task<List<T>?> Answer => _answer.Task;

        public bool IsOf(Statement other, Func<NpgsqlDataReader, T> otherRow) => row == otherRow && Query.IsSame(other);

        public override async Task ReadAsync(Answer answer) => _rows = await answer.RowsAsync(row).ConfigureAwait(false);

        public override void End(bool isAnswered) => _answer.SetResult(isAnswered ? _rows : null);
    }
}
