using System.Runtime.CompilerServices;
using Npgsql;

namespace ElizaEngine.Postgres;

/// <summary>
/// The calls of one agent on PostgreSQL; a file for each domain word. Where a call goes is the business of the two kinds of
/// session: <see cref="PostgresDatabaseAdapter"/>, for which each call is a transaction of its own, and
/// <see cref="PostgresTransaction"/>.
/// </summary>
internal abstract partial class PostgresSession(Guid agentId, PostgresDatabaseOptions options) : IDatabaseSession
{
    // How often a write is tried anew when what it rests on changes under its hands; each time somebody else got on.
    private const int MaxRaces = 100;

    private const int StreamPageRows = 256;

    public Guid AgentId { get; } = agentId;

    private DateTimeOffset ExactlyNow => options.TimeProvider.GetUtcNow();

    private DateTimeOffset Now => Door.Time(ExactlyNow);

    /// <summary>Whether calls are parts of a transaction, whose snapshot decides what they see.</summary>
    protected abstract bool IsTransaction { get; }

    /// <summary>The active dimension as it was last seen; null: none yet. Checked in each call that rests on it.</summary>
    protected abstract int? AssumedDimension { get; set; }

    /// <summary>What is known of the database's vector indexes.</summary>
    protected abstract VectorIndexes Indexes { get; }

    /// <exception cref="DatabaseClosedException">Adapter, database or transaction are closed.</exception>
    protected abstract void ThrowIfClosed();

    /// <summary>
    /// Begins a call. An adapter or a database that is closed meanwhile lets it finish, however many trips it takes; a transaction that
    /// is ended lets its trip finish.
    /// </summary>
    /// <exception cref="DatabaseClosedException">Adapter, database or transaction are closed.</exception>
    protected abstract InFlight.Call BeginCall();

    /// <summary>
    /// Sends one trip of a call that has begun. Errors come out typed; a missing reference as <see cref="StatementRefusedException"/> 23503.
    /// </summary>
    protected abstract Task<T> SendAsync<T>(Call<T> call, CancellationToken cancellationToken);

    /// <summary>Makes several round trips that take effect together. The work may be run again from its beginning.</summary>
    protected abstract Task<T> ExchangeAsync<T>(CallKind kind, Func<IExchange, Task<T>> work, CancellationToken cancellationToken);

    /// <summary>
    /// What every call asks first, before it looks at its values, and once: none of its trips asks again. It is under way until the
    /// answer is disposed.
    /// </summary>
    private InFlight.Call Enter(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return BeginCall();
    }

    // What a stream asks while nothing of it is under way.
    private void ThrowIfStopped(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ThrowIfClosed();
    }

    private Task<List<T>> RowsAsync<T>(Statement query, Func<NpgsqlDataReader, T> row, CancellationToken cancellationToken) =>
        SendAsync(new Call<List<T>>(CallKind.Read, [query], answer => answer.RowsAsync(row)), cancellationToken);

    private Task<T?> ScalarAsync<T>(Statement query, CancellationToken cancellationToken) =>
        SendAsync(new Call<T?>(CallKind.Read, [query], answer => answer.ScalarAsync<T>()), cancellationToken);

    /// <summary>
    /// Reads what the answer to a write still lacks. The write is done and can no longer be cancelled; when it cannot be answered,
    /// nobody may say that nothing was stored.
    /// </summary>
    private async Task<List<T>> RowsAfterWriteAsync<T>(Statement query, Func<NpgsqlDataReader, T> row, CancellationToken cancellationToken)
    {
        if (IsTransaction) return await RowsAsync(query, row, cancellationToken).ConfigureAwait(false);
        try
        {
            return await RowsAsync(query, row, CancellationToken.None).ConfigureAwait(false);
        }
        catch (DatabaseException error)
        {
            throw new CommitOutcomeUnknownException("The write was done, but what it found there could not be read.", error);
        }
    }

    /// <summary>
    /// Makes a write that names other rows. One that is missing is an error; one that came back between the write and the look for
    /// it lets the write be tried again.
    /// </summary>
    private async Task<T> WriteAsync<T>(Func<Task<T>> write, Func<IEnumerable<Reference>> references, CancellationToken cancellationToken)
    {
        for (var race = 0; ; race++)
        {
            try
            {
                return await write().ConfigureAwait(false);
            }
            catch (StatementRefusedException error) when (error.SqlState == PostgresErrorCodes.ForeignKeyViolation && race < MaxRaces)
            {
                await ThrowIfMissingAsync([.. references()], cancellationToken).ConfigureAwait(false);
            }
            catch (StatementRefusedException error) when (error.SqlState == PostgresErrorCodes.UniqueViolation)
            {
                // Somebody else stored that row after this statement looked for it: next time it is seen. A snapshot never sees it.
                if (IsTransaction || race == MaxRaces) throw new TransactionConflictException("Another transaction stored the same row first.", error);
            }
        }
    }

    /// <exception cref="ReferenceNotFoundException">One of the rows is not there; the first in the order given.</exception>
    private async Task ThrowIfMissingAsync(Reference[] references, CancellationToken cancellationToken)
    {
        (string Table, Guid Id)[] wanted =
        [
            .. references.Select(reference => (reference.Table, reference.Id)),
            .. references.Where(reference => reference.Row is not null).Select(reference => (reference.ReferencingTable, reference.Row!.Value)),
        ];
        var there = new HashSet<(string, Guid)>();
        foreach (var table in wanted.GroupBy(row => row.Table, row => row.Id))
        {
            var query = Statement.Of($"SELECT id FROM public.{Sql.Raw(table.Key)} WHERE id = ANY({DbValue.Uuids([.. table.Distinct()])})");
            foreach (var id in await RowsAsync(query, static row => row.GetGuid(0), cancellationToken).ConfigureAwait(false)) there.Add((table.Key, id));
        }
        foreach (var reference in references)
        {
            if (reference.Row is { } row && there.Contains((reference.ReferencingTable, row)) != reference.IsUpdate) continue;
            if (!there.Contains((reference.Table, reference.Id))) throw new ReferenceNotFoundException(reference.Table, reference.Id, reference.ReferencedBy);
        }
    }

    /// <summary>
    /// The rows of a long read whose reader takes his time. Each page is a call of its own: closing does not wait for whoever reads the rows.
    /// </summary>
    /// <param name="page">The page behind a row, which may be gone by then, or the first one, of at most so many rows.</param>
    /// <param name="limit">Rows in all at most.</param>
    /// <param name="cancellationToken">Cancels the read, between rows too.</param>
    private async IAsyncEnumerable<T> StreamAsync<T>(
        Func<Timed<T>?, int, Task<IReadOnlyList<Timed<T>>>> page, int limit, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var timed in PagesAsync<Timed<T>>(CallAsync, limit).ConfigureAwait(false))
        {
            ThrowIfStopped(cancellationToken);
            yield return timed.Row;
        }

        async Task<IReadOnlyList<Timed<T>>> CallAsync(Timed<T>? last, int rows)
        {
            using var underWay = Enter(cancellationToken);
            return await page(last, rows).ConfigureAwait(false);
        }
    }

    /// <summary>A row and when it was created, to the server's microsecond: elizaOS' times are finer than the contract's, and rows are in order of them.</summary>
    private sealed record Timed<T>(T Row, DateTimeOffset CreatedAt);

    /// <summary>The rows of a long read, by pages: each is a statement of its own that goes on behind the last row of the one before.</summary>
    private static async IAsyncEnumerable<T> PagesAsync<T>(Func<T?, int, Task<IReadOnlyList<T>>> page, int limit)
        where T : class
    {
        T? last = null;
        while (limit > 0)
        {
            var wanted = Math.Min(limit, StreamPageRows);
            var rows = await page(last, wanted).ConfigureAwait(false);
            foreach (var row in rows) yield return row;
            if (rows.Count < wanted) yield break;
            last = rows[^1];
            limit -= rows.Count;
        }
    }
}
