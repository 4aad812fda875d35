using ElizaEngine.Vectors;
using ElizaEngine.Vectors.Kernels;

namespace ElizaEngine.Local;

/// <summary>How a search went about it.</summary>
internal enum SearchMethod
{
    /// <summary>Every row that passes the filters was compared by its floats.</summary>
    Floats,

    /// <summary>The rows of a room were gathered from its index and compared by their codes, those that could be among the best by their floats.</summary>
    Gather,

    /// <summary>All rows of the partition that pass the filters were compared by their codes, those that could be among the best by their floats.</summary>
    Scan,
}

/// <summary>
/// Finds the rows most similar to a query among those that a scope lets pass, and what it needs for that, kept by its thread for the next
/// search. The answer is exact, whichever way it takes: codes rule out only what they prove not to be among the best. Rows of equal
/// similarity come newest first. Not for two searches at once.
/// </summary>
internal sealed class SimilaritySearch : IDisposable
{
    // A search over more rows than this gives its memory back.
    private const int KeptRows = 16 << 10;

    [ThreadStatic]
    private static SimilaritySearch? t_kept;

    private readonly List<(MemoryRow Row, VectorSlot Slot)> _rows = [];
    private readonly List<int> _numbers = [];
    private readonly List<(MemoryRow Row, float Similarity)> _found = [];
    private readonly TopMatches _matches = new();
    private readonly CodeSearch _codes = new();
    private byte[] _answers = [];
    private float[] _query = [];
    private float _inverseNorm;
    private float? _threshold;
    private int _count;

    private SimilaritySearch()
    {
    }

    /// <summary>How the last search went about it.</summary>
    public SearchMethod Method { get; private set; }

    /// <summary>Rows that the last search compared, by code or by floats.</summary>
    public int Compared { get; private set; }

    /// <summary>Rows that it compared by their floats.</summary>
    public int ComparedByFloats { get; private set; }

    public static SimilaritySearch Rent()
    {
        var search = t_kept ?? new SimilaritySearch();
        t_kept = null;
        return search;
    }

    public void Dispose()
    {
        Empty();
        if (Math.Max(_rows.Capacity, Math.Max(_numbers.Capacity, _found.Capacity)) <= KeptRows) t_kept = this;
    }

    /// <summary>Searches.</summary>
    /// <param name="view">What there is.</param>
    /// <param name="scope">Which of it.</param>
    /// <param name="query">As many floats as the rows' vectors have; its norm is valid.</param>
    /// <param name="inverseNorm">The query's <see cref="Norm.InverseOf"/>.</param>
    /// <param name="count">Rows at most.</param>
    /// <param name="threshold">Similarity at least; null: any.</param>
    /// <returns>The best first. Valid until the next search.</returns>
    public IReadOnlyList<(MemoryRow Row, float Similarity)> Run(
        View view, in SearchScope scope, float[] query, float inverseNorm, int count, float? threshold)
    {
        (_query, _inverseNorm, _count, _threshold) = (query, inverseNorm, count, threshold);
        Clear();
        if (scope.Table == 0) return _found;
        var key = new PartitionKey(scope.AgentId, scope.Table, query.Length);
        if (view.Partitions?.Find(key) is not { } partition || !TryByCode(view, scope, partition))
        {
            Clear();
            ByFloats(view, scope);
            view.Partitions?.Searched(key, ComparedByFloats);
        }
        _found.Sort(static (left, right) =>
        {
            var order = right.Similarity.CompareTo(left.Similarity);
            return order != 0 ? order : NewestFirst(left.Row, right.Row);
        });
        if (_found.Count > count) _found.RemoveRange(count, _found.Count - count);
        return _found;
    }

    private static int NewestFirst(MemoryRow left, MemoryRow right)
    {
        var order = right.CreatedMs.CompareTo(left.CreatedMs);
        return order != 0 ? order : right.Id.CompareTo(left.Id);
    }

    private void Empty()
    {
        _rows.Clear();
        _numbers.Clear();
        _found.Clear();
    }

    private void Clear()
    {
        Empty();
        (Method, Compared, ComparedByFloats) = (SearchMethod.Floats, 0, 0);
    }

    // False: another partition has taken its place meanwhile.
    private bool TryByCode(View view, in SearchScope scope, VectorPartition partition)
    {
        try
        {
            if (scope.RoomId is not { } room || !TryGather(view, scope, room, partition)) Scan(view, scope, partition);
            return true;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    private void ByFloats(View view, in SearchScope scope)
    {
        var cursor = new MemoryCursor(view.State, scope.Table, scope.RoomId, long.MaxValue);
        while (cursor.MoveNext())
        {
            if (cursor.Current.Vectors is not null && cursor.Current.Vector(_query.Length) is { } slot && scope.Passes(cursor.Current))
                _rows.Add((cursor.Current, slot));
        }
        Compared = _rows.Count;
        CompareRows(view);
    }

    // A room's rows, if they are few beside those of the partition.
    private bool TryGather(View view, in SearchScope scope, Id room, VectorPartition partition)
    {
        Method = SearchMethod.Gather;
        var coded = partition.Codes.Count;
        var left = Math.Max(VectorPartitions.Few, coded / 4);
        var cursor = new MemoryCursor(view.State, scope.Table, room, long.MaxValue);
        while (cursor.MoveNext())
        {
            if (left-- == 0)
            {
                Clear();
                return false;
            }
            if (cursor.Current.Vectors is null || cursor.Current.Vector(_query.Length) is not { } slot || !scope.Passes(cursor.Current)) continue;
            var number = partition.NumberOf(slot);
            if ((uint)number < (uint)coded) _numbers.Add(number);
            else _rows.Add((cursor.Current, slot));
        }
        Compared = _numbers.Count + _rows.Count;
        CompareRows(view);
        _codes.Begin(partition.Codes, _query, _inverseNorm, _count, _threshold);
        _codes.Scan(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_numbers));
        foreach (var candidate in _codes.Results())
        {
            if (partition.Find(view.State, candidate.Slot) is { } found) Compare(view, found.Row, found.Slot);
        }
        return true;
    }

    private void Scan(View view, in SearchScope scope, VectorPartition partition)
    {
        // In this order: what is given a code meanwhile is compared by its floats.
        var coded = partition.Codes.Count;
        var total = partition.Count;
        var answers = Answers(partition.Scopes);
        var filter = new EntryFilter(partition, scope, answers);
        AddTail(view, partition, filter, coded, total);
        Method = SearchMethod.Scan;
        Compared = coded - partition.Dead + _rows.Count;
        CompareRows(view);
        var fromTail = _found.Count;
        // Entries that this state does not have may have taken places among the best.
        for (int missing = 0, allowed = -1; missing > allowed;)
        {
            allowed = 2 * missing;
            missing = 0;
            _found.RemoveRange(fromTail, _found.Count - fromTail);
            _codes.Begin(partition.Codes, _query, _inverseNorm, (int)Math.Min(int.MaxValue, (long)_count + allowed), _threshold);
            if (scope.IsWhole && partition.Dead == 0) _codes.Scan(0, coded, default(EverySlot));
            else _codes.Scan(0, coded, filter);
            foreach (var candidate in _codes.Results())
            {
                if (partition.Find(view.State, candidate.Slot) is { } found)
                {
                    if (!partition.Uncoded.Contains(candidate.Slot)) Compare(view, found.Row, found.Slot);
                    continue;
                }
                missing++;
                if (view.Partitions!.IsGone(partition, candidate.Slot)) partition.MarkDead(candidate.Slot);
            }
        }
    }

    private void AddTail(View view, VectorPartition partition, in EntryFilter filter, int coded, int total)
    {
        foreach (var number in partition.Uncoded) AddRow(view, partition, filter, number);
        for (var number = coded; number < total; number++) AddRow(view, partition, filter, number);
        // Of equals the newest is kept.
        _rows.Sort(static (left, right) => NewestFirst(left.Row, right.Row));
    }

    private void AddRow(View view, VectorPartition partition, in EntryFilter filter, int number)
    {
        if (filter.Accepts(number) && partition.Find(view.State, number) is { } found) _rows.Add(found);
    }

    private void CompareRows(View view)
    {
        var searcher = new ExactSearcher(_query, _inverseNorm, _count, _threshold, _matches);
        for (var i = 0; i < _rows.Count; i++)
        {
            if (i + ExactSearcher.PrefetchDistance < _rows.Count) ExactSearcher.Prefetch(view.Floats(_rows[i + ExactSearcher.PrefetchDistance].Slot));
            searcher.Add(view.Floats(_rows[i].Slot), _rows[i].Slot.InverseNorm);
        }
        ComparedByFloats += _rows.Count;
        foreach (var match in searcher.Results()) _found.Add((_rows[match.Ordinal].Row, match.Similarity));
    }

    private void Compare(View view, MemoryRow row, VectorSlot slot)
    {
        ComparedByFloats++;
        var similarity = Cosine.Similarity(DotProduct.Of(_query, view.Floats(slot)), _inverseNorm, slot.InverseNorm);
        if (_threshold is not { } threshold || similarity >= threshold) _found.Add((row, similarity));
    }

    private Span<byte> Answers(int scopes)
    {
        if (_answers.Length < scopes) _answers = new byte[Math.Max(scopes, 2 * _answers.Length)];
        else Array.Clear(_answers, 0, scopes);
        return _answers.AsSpan(0, scopes);
    }
}
