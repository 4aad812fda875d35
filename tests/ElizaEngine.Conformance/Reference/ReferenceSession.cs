using System.Runtime.CompilerServices;

namespace ElizaEngine.Conformance.Reference;

/// <summary>
/// The calls of one agent on a state: each store in a file of its own. What every call does, in this order:
/// <list type="number">
/// <item>a cancelled token ends it before anything else;</item>
/// <item>a closed adapter, database or transaction refuses it;</item>
/// <item>the door checks every item that was given (<see cref="Door"/>, <see cref="Complete"/>);</item>
/// <item>the items are applied one after the other, each seeing those before it; if one fails, none has been applied.</item>
/// </list>
/// </summary>
internal abstract partial class ReferenceSession(Guid agentId, TimeProvider time, Faults faults) : IDatabaseSession
{
    public Guid AgentId { get; } = agentId;

    protected Faults Faults { get; } = faults;

    private DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Reads the state this session sees.</summary>
    private protected abstract T Read<T>(Func<ReferenceState, T> read);

    /// <summary>Writes to a copy of the state this session sees, which takes its place when nothing was thrown.</summary>
    private protected abstract T Write<T>(Func<ReferenceState, T> write);

#pragma warning disable CA1068 // The body of a call reads best as the last argument.
    private protected Task<T> ReadAsync<T>(CancellationToken cancellationToken, Func<ReferenceState, T> read) =>
        AnswerAsync(cancellationToken, () => Read(read));

    private protected Task<T> WriteAsync<T>(CancellationToken cancellationToken, Func<ReferenceState, T> write) =>
        AnswerAsync(cancellationToken, () => Write(write));

    /// <summary>Whatever a call throws, it throws from its task.</summary>
    private protected async Task<T> AnswerAsync<T>(CancellationToken cancellationToken, Func<T> call)
    {
        await Task.CompletedTask;
        if (!Faults.Has(Fault.CancellationIgnored)) cancellationToken.ThrowIfCancellationRequested();
        return call();
    }
#pragma warning restore CA1068

    /// <summary>Streams rows that are read at one point in time: when the first is asked for.</summary>
    private async IAsyncEnumerable<T> StreamAsync<T>(
        Func<ReferenceState, IReadOnlyList<T>> read, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var row in await ReadAsync(cancellationToken, read))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return row;
        }
    }

    private static CreateResult Result(Guid id, bool existed) => new(id, existed ? CreateOutcome.Existed : CreateOutcome.Created);

    /// <summary>The rows with these keys that are there, each once.</summary>
    private static List<TRow> Find<TKey, TRow>(Table<TKey, TRow> table, IReadOnlyList<TKey> keys, string parameter)
        where TKey : notnull
        where TRow : class =>
        [.. Door.List(keys, parameter).Distinct().Select(table.Find).OfType<TRow>()];

    /// <summary>
    /// Applies changes one after the other to the rows that are there. Returns how many rows those are: a row that is changed
    /// twice counts once.
    /// </summary>
    private int Update<TUpdate, TRow>(
        ReferenceState state, Table<Guid, TRow> table, IReadOnlyList<TUpdate> updates, Func<TUpdate, Guid> idOf, Func<TRow, TUpdate, TRow> change, Func<TRow, bool>? inScope = null)
        where TUpdate : class
        where TRow : class
    {
        var changed = new HashSet<Guid>();
        foreach (var update in updates)
        {
            var id = idOf(update);
            if (table.Find(id) is { } stored && inScope?.Invoke(stored) != false)
            {
                state.Store(table, change(stored, update));
                changed.Add(id);
            }
            else if (Faults.Has(Fault.MissingRowUpdated))
            {
                changed.Add(id);
            }
        }
        return changed.Count;
    }
}

/// <summary>The orders of the contract. <see cref="Guid"/>'s own order is that of its big-endian bytes.</summary>
internal static class Orders
{
    public static IEnumerable<T> OldestFirst<T>(this IEnumerable<T> rows, Func<T, DateTimeOffset?> createdAt, Func<T, Guid> id) =>
        rows.OrderBy(createdAt).ThenBy(id);

    public static IEnumerable<T> NewestFirst<T>(this IEnumerable<T> rows, Func<T, DateTimeOffset?> createdAt, Func<T, Guid> id) =>
        rows.OrderByDescending(createdAt).ThenByDescending(id);
}
