using ElizaEngine.Storage;

namespace ElizaEngine.Local;

/// <summary>The few shapes that most calls have: rows by id, store, update, delete.</summary>
internal abstract partial class LocalSession
{
    /// <summary>The records of these ids, in order of id, each once.</summary>
    private static List<T> ByIds<T>(View view, IReadOnlyList<Guid> ids, Func<DatabaseState, Id, Row?> find)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(ids);
        if (ids.Count == 1) return find(view.State, ids[0]) is { } only ? [view.Record<T>(only)] : [];
        var records = new List<T>(ids.Count);
        foreach (var id in ids.Distinct().Order())
        {
            if (find(view.State, id) is { } row) records.Add(view.Record<T>(row));
        }
        return records;
    }

    /// <summary>Creates what is not there; what is there stays, or is changed by <paramref name="change"/>.</summary>
    /// <param name="complete">The items, checked and complete.</param>
    /// <param name="find">What is there of an item.</param>
    /// <param name="encode">The body of an item; asked before the gate is taken.</param>
    /// <param name="create">Stores an item that is not there.</param>
    /// <param name="change">Changes what is there to an item; null: it stays as it is.</param>
    /// <param name="cancellationToken">Counts until the change has its place in the order of writes.</param>
    private async Task<IReadOnlyList<CreateResult>> Store<T>(
        Func<T[]> complete, Func<Draft, T, Row?> find, Func<T, byte[]> encode, Action<Draft, T, byte[]> create, Action<Draft, T, Row>? change,
        CancellationToken cancellationToken)
    {
        Enter(cancellationToken);
        var items = complete();
        if (items.Length == 0) return [];
        var bodies = Array.ConvertAll(items, item => encode(item));
        return await Change<IReadOnlyList<CreateResult>>(
            draft =>
            {
                var results = new CreateResult[items.Length];
                for (var i = 0; i < items.Length; i++)
                {
                    var stored = find(draft, items[i]);
                    if (stored is not null)
                    {
                        change?.Invoke(draft, items[i], stored);
                        results[i] = new CreateResult(stored.Id, CreateOutcome.Existed);
                        continue;
                    }
                    create(draft, items[i], bodies[i]);
                    results[i] = new CreateResult(find(draft, items[i])!.Id, CreateOutcome.Created);
                }
                return results;
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Changes what is there, in order, and counts it.</summary>
    private async Task<int> Update<T>(Func<T[]> complete, Func<Draft, T, Row?> find, Action<Draft, T, Row> change, CancellationToken cancellationToken)
    {
        Enter(cancellationToken);
        var items = complete();
        if (items.Length == 0) return 0;
        return await Change(
            draft =>
            {
                var rows = new HashSet<Id>();
                foreach (var item in items)
                {
                    if (find(draft, item) is not { } row) continue;
                    change(draft, item, row);
                    rows.Add(row.Id);
                }
                return rows.Count;
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deletes rows with everything that goes with them, and counts the rows named.</summary>
    private async Task<int> DeleteByIds(IReadOnlyList<Guid> ids, Func<DatabaseState, Id, Row?> find, CancellationToken cancellationToken)
    {
        Enter(cancellationToken);
        var wanted = Door.List(ids, nameof(ids)).Distinct().ToArray();
        if (wanted.Length == 0) return 0;
        return await Change(
            draft => Cascade.Delete(draft, [.. wanted.Select(id => find(draft.State, id)).OfType<Row>()]),
            cancellationToken).ConfigureAwait(false);
    }

    private static long BytesOf(byte[][] bodies) => bodies.Sum(body => WriteAheadLog.RecordBytes(body.Length));
}
