using System.Runtime.CompilerServices;
using ElizaEngine.Storage;

namespace ElizaEngine.Local;

/// <summary>
/// The calls of one agent on the local engine; a file for each domain word. What is read and where changes go is the business
/// of the two kinds of session: <see cref="LocalDatabaseAdapter"/> and <see cref="LocalTransaction"/>.
/// </summary>
internal abstract partial class LocalSession(Guid agentId, SharedValues shared, TimeProvider time) : IDatabaseSession, IMemoryById
{
    // A single list item needs no copy of the state: its plan is known not to fail after its first effect.
    private const int Single = 1;

    public Guid AgentId { get; } = agentId;

    private Id Agent { get; } = agentId;

    private SharedValues Shared { get; } = shared;

    private DateTimeOffset Now => Door.Time(time.GetUtcNow());

    /// <summary>What this session sees now, kept readable until <see cref="ReadScope.Dispose"/>.</summary>
    /// <exception cref="DatabaseClosedException">Adapter, database or transaction are closed.</exception>
    protected abstract ReadScope BeginRead();

    /// <summary>Keeps what this session sees from now on readable for longer than one read, until the result is disposed.</summary>
    protected abstract ReadPin Hold();

    /// <exception cref="DatabaseClosedException">Adapter, database or transaction are closed.</exception>
    protected abstract void ThrowIfClosed();

    /// <summary>Runs one change, whole or not at all.</summary>
    /// <param name="plan">Reads the draft, throws or has effects.</param>
    /// <param name="bytesMax">Most bytes of the effects; only for a plan that does not throw after its first effect. Null: not known.</param>
    /// <param name="cancellationToken">Counts until the change has its place in the order of writes.</param>
    protected abstract ValueTask<T> ChangeAsync<T>(Func<Draft, T> plan, long? bytesMax, CancellationToken cancellationToken);

    /// <summary>A change that is done may be written later, with others: its effects, bodies and all, are still needed.</summary>
    protected abstract bool KeepsEffects { get; }

    protected Task<T> Read<TQuery, T>(TQuery query, Func<LocalSession, View, TQuery, T> read, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return Task.FromCanceled<T>(cancellationToken);
        try
        {
            using var scope = BeginRead();
            return Task.FromResult(read(this, scope.View, query));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<T>(cancellationToken);
        }
        catch (Exception error)
        {
            return Task.FromException<T>(StorageErrors.Translate(error));
        }
    }

    /// <summary>What every write asks first, before it looks at its values.</summary>
    private void Enter(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ThrowIfClosed();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<T> Change<T>(Func<Draft, T> plan, CancellationToken cancellationToken, long? bytesMax = null)
    {
        try
        {
            return await ChangeAsync(plan, bytesMax, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is StorageException or StorageIOException)
        {
            throw StorageErrors.Translate(error);
        }
    }

    /// <summary>Pages of a long read: each page is read under a pin of its own, all from the state of the first.</summary>
    private async IAsyncEnumerable<TRecord> Stream<TRow, TRecord>(
        Func<LocalSession, View, IEnumerable<TRow>> rows,
        Func<LocalSession, View, TRow, TRecord> record,
        [EnumeratorCancellation] CancellationToken cancellationToken)
        where TRow : Row
    {
        const int pageRows = 64;
        const long pageBytes = 1 << 20;
        cancellationToken.ThrowIfCancellationRequested();
        using var held = Hold();
        View view;
        using (var scope = BeginRead()) view = scope.View;
        using var walk = rows(this, view).GetEnumerator();
        var page = new List<TRecord>(pageRows);
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            page.Clear();
            try
            {
                using var scope = BeginRead();
                for (var bytes = 0L; page.Count < pageRows && bytes < pageBytes && walk.MoveNext(); bytes += walk.Current.Location.Length)
                    page.Add(record(this, view, walk.Current));
            }
            catch (StorageException error)
            {
                throw StorageErrors.Translate(error);
            }
            foreach (var item in page)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return item;
            }
            // A page was computed on the caller's thread: others may have their turn.
            await Task.Yield();
        }
        while (page.Count > 0);
    }
}

/// <summary>A view and the pin that keeps its mapped files alive.</summary>
internal readonly ref struct ReadScope(View view, ReadPin pin)
{
    public View View { get; } = view;

    public void Dispose() => pin.Dispose();
}
