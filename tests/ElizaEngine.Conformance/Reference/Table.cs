using System.Collections;
using System.Collections.Immutable;

namespace ElizaEngine.Conformance.Reference;

/// <summary>A row that another row names, and that must therefore exist.</summary>
/// <param name="Table">The table it must be in: <c>agents</c>, <c>entities</c>, <c>rooms</c>, <c>worlds</c> or <c>memories</c>.</param>
/// <param name="Id">Its id.</param>
/// <param name="ReferencedBy">Table and field that name it.</param>
internal sealed record RowReference(string Table, Guid Id, string ReferencedBy);

/// <summary>What every table can do, whatever its rows are.</summary>
internal abstract class Table
{
    /// <summary>The names of rows in this table that do not exist.</summary>
    public abstract IEnumerable<RowReference> Dangling(Func<RowReference, bool> exists);

    /// <summary>Removes the rows that name a row which does not exist.</summary>
    public abstract void RemoveDangling(Func<RowReference, bool> exists);

    /// <summary>
    /// Does to this table what a transaction did to <paramref name="snapshot"/> to make it <paramref name="mine"/>.
    /// A row the transaction wrote or removed must be here as it was in the snapshot: the very same object, or as absent. One that
    /// it removed with a row that it names may have gone already.
    /// </summary>
    /// <exception cref="TransactionConflictException">It is not: another was first. So it is for two inserts under one key.</exception>
    public abstract void Replay(Table snapshot, Table mine, bool firstCommitterWins);
}

/// <summary>
/// Rows by key. Rows are immutable and every write makes a new one, so a row is unchanged exactly when it is the same object.
/// </summary>
/// <param name="keyOf">The key of a row.</param>
/// <param name="referencesOf">The rows a row names, which must exist.</param>
internal sealed class Table<TKey, TRow>(Func<TRow, TKey> keyOf, Func<TRow, IEnumerable<RowReference>> referencesOf) : Table, IEnumerable<TRow>
    where TKey : notnull
    where TRow : class
{
    // Rows are compared as objects: a row written with the same content is a new row.
    private ImmutableDictionary<TKey, TRow> _rows = ImmutableDictionary.Create<TKey, TRow>(null, ReferenceEqualityComparer.Instance);

    // Rows that went with one that they name.
    private ImmutableHashSet<TRow> _dependents = ImmutableHashSet.Create<TRow>(ReferenceEqualityComparer.Instance);

    public Table<TKey, TRow> Copy() => new(keyOf, referencesOf) { _rows = _rows, _dependents = _dependents };

    public TRow? Find(TKey key) => _rows.GetValueOrDefault(key);

    public bool Has(TKey key) => _rows.ContainsKey(key);

    public IEnumerable<RowReference> ReferencesOf(TRow row) => referencesOf(row);

    /// <summary>Adds the row, or replaces the one with its key.</summary>
    public void Put(TRow row) => _rows = _rows.SetItem(keyOf(row), row);

    /// <summary>Removes the rows that match, and returns how many there were.</summary>
    public int RemoveWhere(Func<TRow, bool> matches)
    {
        var before = _rows.Count;
        _rows = _rows.RemoveRange(_rows.Values.Where(matches).Select(keyOf).ToList());
        return before - _rows.Count;
    }

    /// <summary>Removes the rows with these keys, and returns how many there were.</summary>
    public int Remove(IEnumerable<TKey> keys)
    {
        var before = _rows.Count;
        _rows = _rows.RemoveRange(keys);
        return before - _rows.Count;
    }

    public override IEnumerable<RowReference> Dangling(Func<RowReference, bool> exists) =>
        _rows.Values.SelectMany(referencesOf).Where(reference => !exists(reference));

    public override void RemoveDangling(Func<RowReference, bool> exists)
    {
        var dangling = _rows.Values.Where(row => referencesOf(row).Any(reference => !exists(reference))).ToList();
        _rows = _rows.RemoveRange(dangling.Select(keyOf));
        _dependents = _dependents.Union(dangling);
    }

    public override void Replay(Table snapshot, Table mine, bool firstCommitterWins)
    {
        var before = ((Table<TKey, TRow>)snapshot)._rows;
        var after = ((Table<TKey, TRow>)mine)._rows;
        var dependents = ((Table<TKey, TRow>)mine)._dependents;
        foreach (var key in before.Keys.Union(after.Keys))
        {
            var was = before.GetValueOrDefault(key);
            var made = after.GetValueOrDefault(key);
            if (ReferenceEquals(was, made)) continue;
            var now = Find(key);
            if (now is null && made is null && dependents.Contains(was!)) continue;
            if (firstCommitterWins && !ReferenceEquals(now, was))
                throw new TransactionConflictException($"Another transaction changed the {typeof(TRow).Name} {key} first.");
            _rows = made is null ? _rows.Remove(key) : _rows.SetItem(key, made);
        }
    }

    public IEnumerator<TRow> GetEnumerator() => _rows.Values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
