using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ElizaEngine.Storage;
using ElizaEngine.Vectors;
using ElizaEngine.Vectors.Kernels;

namespace ElizaEngine.Local;

/// <summary>
/// Finds the rows most similar to a query among those that a scope lets pass, and what it needs for that, kept by its thread for the next
/// search. The answer is exact unless a graph was walked: codes rule out only what they prove not to be among the best, and after a walk
/// what is not likely. Never are there fewer rows than there could be; only the one row above a threshold that is asked for alone, as for a duplicate, a walk may not meet.
/// Rows of equal similarity come newest first. Not for two searches at once.
/// </summary>
internal sealed partial class SimilaritySearch : IDisposable
{
    // A search over more rows than this gives its memory back.
    private const int KeptRows = 16 << 10;

    // So many without a code cost a search some 10 us.
    private const int TailMax = 64;

    // Candidates whose floats are fetched together: the vectors of so many fit into the first cache.
    private const int Together = 8;

    // Of those that are read from their files, as many as are looked at for some that lie close behind each other.
    private const int ReadTogether = 256;

    [ThreadStatic]
    private static SimilaritySearch? t_kept;

    private readonly List<(MemoryRow Row, VectorSlot Slot)> _rows = [];
    private readonly List<int> _numbers = [];
    private readonly List<(MemoryRow Row, float Similarity)> _found = [];
    private readonly TopMatches _matches = new();
    private readonly CodeSearch _codes = new();
    private MemoryVector[] _unread = [];
    private int _unreadCount;
    private byte[] _answers = [];
    private int _uncoded;
    private int _visited;
    private long _deadAtMost;
    private long _comparedBefore;
    private float[] _query = [];
    private float _inverseNorm;
    private float? _threshold;
    private int _count;
    private bool _mayWalk;

    private SimilaritySearch()
    {
    }

    /// <summary>How the last search went about it.</summary>
    public SearchMethod Method { get; private set; }

    /// <summary>
    /// Similarities that the last search computed, by code or, where there is no code, by floats; also of rows that do not pass its
    /// filters. What it compared by code and then by floats counts once.
    /// </summary>
    public long Compared => _uncoded + _codes.Compared - _comparedBefore;

    /// <summary>How thorough its walk was.</summary>
    public int Effort { get; private set; }

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
    /// <param name="mayWalk">Whether the answer may be approximate.</param>
    /// <returns>The best first. Valid until the next search.</returns>
    public IReadOnlyList<(MemoryRow Row, float Similarity)> Run(
        View view, in SearchScope scope, float[] query, float inverseNorm, int count, float? threshold, bool mayWalk)
    {
        (_query, _inverseNorm, _count, _threshold, _mayWalk) = (query, inverseNorm, count, threshold, mayWalk);
        Clear();
        if (scope.Table == 0) return _found;
        var key = new PartitionKey(scope.AgentId, scope.Table, query.Length);
        if (view.Partitions?.Find(key, view.State) is not { } partition || !TryByCode(view, scope, partition))
        {
            Clear();
            ByFloats(view, scope);
            view.Partitions?.Searched(key, ComparedByFloats, _visited);
        }
        _found.Sort(static (left, right) =>
        {
            var order = right.Similarity.CompareTo(left.Similarity);
            return order != 0 ? order : MemoryRow.NewestFirst(left.Row, right.Row);
        });
        if (_found.Count > count) _found.RemoveRange(count, _found.Count - count);
        return _found;
    }

    /// <summary>How the last search went about it, in words.</summary>
    /// <param name="eligible">Rows that pass its filters, with a vector or without.</param>
    /// <param name="elapsed">How long it took.</param>
    public SearchPlan Explain(int eligible, TimeSpan elapsed)
    {
        var reason = Method switch
        {
            SearchMethod.Gather => "The room has few of the table's vectors: they were gathered, and compared by their codes.",
            SearchMethod.Walk => "There are many vectors: the graph of the table's vectors was walked.",
            SearchMethod.Scan => "Every vector of the table that passes the filters was compared, by its code.",
            _ => "There are few vectors, or no codes of them, not yet or for want of memory: every one that passes the filters was compared by its floats.",
        };
        var isExact = Method != SearchMethod.Walk;
        var effort = isExact ? "" : string.Create(CultureInfo.InvariantCulture, $", effort {Effort:N0}");
        var details = string.Create(
            CultureInfo.InvariantCulture, $"{Compared:N0} compared{effort}, {ComparedByFloats:N0} by floats; {elapsed.TotalMicroseconds:N0} us");
        return new SearchPlan(isExact, eligible, Compared, isExact ? null : "graph", reason, details);
    }

    private void Empty()
    {
        _rows.Clear();
        _numbers.Clear();
        _found.Clear();
        // After a failure, what was to be compared.
        _unread.AsSpan(0, _unreadCount).Clear();
        _unreadCount = 0;
    }

    private void Clear()
    {
        Empty();
        (Method, ComparedByFloats, _uncoded, _comparedBefore, _accepted) = (SearchMethod.Floats, 0, 0, _codes.Compared, NotAsked);
    }

    // False: another partition has taken its place meanwhile, or what this state still has was struck out because a newer one has not.
    private bool TryByCode(View view, in SearchScope scope, VectorPartition partition)
    {
        // Asked again at the end: it may be struck out meanwhile.
        if (partition.DeadAsOf > view.State.Sequence) return false;
        try
        {
            // In this order: what is given a code meanwhile is compared by its floats.
            var coded = partition.Codes.Count;
            var total = partition.Count;
            _deadAtMost = partition.DeadAtMost(view.State);
            var filter = new EntryFilter(partition, scope, Answers(partition.Scopes));
            if (total - coded >= TailMax) view.Partitions!.Begin();
            if (scope.RoomId is not { } room || !TryGather(view, room, partition, filter, coded, total))
                Scan(view, scope, partition, filter, coded, total);
            return partition.DeadAsOf <= view.State.Sequence;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    // What nobody has read yet is compared while the rows are walked: a row is made of it only where it is among the best so far.
    private void ByFloats(View view, in SearchScope scope)
    {
        using var window = view.BeginReading();
        _matches.Begin(_count, _threshold);
        _visited = 0;
        var cursor = new MemoryCursor(view.State, scope.Table, scope.RoomId, long.MaxValue);
        while (cursor.MoveNext(_query.Length, out var vector))
        {
            _visited++;
            if (!vector.HasVector || !scope.Passes(vector)) continue;
            if (vector.Slot is { IsUnread: false } slot)
            {
                _rows.Add((vector.Row, slot));
                continue;
            }
            if (_unread.Length == 0) _unread = new MemoryVector[ReadTogether];
            _unread[_unreadCount++] = vector;
            if (_unreadCount == ReadTogether) CompareUnread(window);
        }
        CompareUnread(window);
        CompareRows(view);
        _uncoded = ComparedByFloats;
    }

    // Rows come newest first, and the newest lie at the end of the log: so from the last on.
    private void CompareUnread(RecordWindow window)
    {
        var unread = _unread.AsSpan(0, _unreadCount);
        unread.Reverse();
        Span<RecordLocation> locations = stackalloc RecordLocation[ReadTogether];
        for (var i = 0; i < unread.Length; i++) locations[i] = unread[i].Location;
        var read = 0;
        for (var i = 0; i < unread.Length; i++)
        {
            if (i == read) read += window.Read(locations[i..unread.Length]);
            var vector = unread[i];
            var similarity = Cosine.Similarity(DotProduct.Of(_query, PutVector.Floats(window.Body(locations[i]))), _inverseNorm, vector.InverseNorm);
            if (vector.Slot is { } slot) slot.IsVerified = true;
            // Of equals the newest is wanted, so all of them are kept here.
            if (!(similarity >= _matches.Floor)) continue;
            _matches.Offer(_found.Count, similarity);
            _found.Add((vector.Row, similarity));
        }
        ComparedByFloats += unread.Length;
        unread.Clear();
        _unreadCount = 0;
    }

    // A room's entries, if they are few beside those of the partition.
    private bool TryGather(View view, Id room, VectorPartition partition, in EntryFilter filter, int coded, int total)
    {
        var entries = partition.InRoom(room);
        if (entries.Length > Math.Max(VectorPartitions.Few, coded / 4)) return false;
        Method = SearchMethod.Gather;
        AddUncoded(view, partition, filter, coded);
        foreach (var (number, ofScope) in entries)
        {
            if (number >= total) break;
            if (!filter.AcceptsScope(ofScope)) continue;
            if (number < coded) _numbers.Add(number);
            else AddRow(view, partition, filter, number);
        }
        CompareTail(view);
        var fromTail = _found.Count;
        for (int missing = 0, allowed = -1; missing > allowed;)
        {
            BeginCodes(partition, allowed = 2 * missing, fromTail);
            _codes.Scan(CollectionsMarshal.AsSpan(_numbers), filter);
            missing = CompareCandidates(view, partition);
        }
        return true;
    }

    private void Scan(View view, in SearchScope scope, VectorPartition partition, in EntryFilter filter, int coded, int total)
    {
        AddUncoded(view, partition, filter, coded);
        for (var number = coded; number < total; number++) AddRow(view, partition, filter, number);
        CompareTail(view);
        var graph = GraphFor(scope, partition, filter, coded);
        Method = graph is null ? SearchMethod.Scan : SearchMethod.Walk;
        if (partition.Graph is { } growing && coded - growing.Count >= Sample) view.Partitions!.Begin();
        var fromTail = _found.Count;
        for (int missing = 0, allowed = -1; missing > allowed;)
        {
            var wanted = BeginCodes(partition, allowed = 2 * missing, fromTail);
            if (graph is null || !TryWalk(scope, partition, graph, filter, coded, wanted))
            {
                if (graph is not null) BeginCodes(partition, allowed, fromTail);
                (graph, Method) = (null, SearchMethod.Scan);
                ScanCodes(scope, partition, filter, 0, coded);
            }
            missing = CompareCandidates(view, partition);
            if (Method == SearchMethod.Walk && missing <= allowed && IsShort()) (graph, missing, allowed) = (null, 0, -1);
        }
    }

    // A walk that found fewer above a threshold than were asked for may have passed some over: a list must have all that there are.
    private bool IsShort() => _threshold is not null && _count > 1 && _found.Count < _count;

    private void ScanCodes(in SearchScope scope, VectorPartition partition, in EntryFilter filter, int from, int coded)
    {
        if (scope.IsWhole && partition.Dead == 0) _codes.Scan(from, coded, default(EverySlot));
        else if (IsFilterForLast(scope, partition, filter, coded)) _codes.ScanThenFilter(from, coded, filter);
        else _codes.Scan(from, coded, filter);
    }

    // Entries that this state does not have, or whose code stands for nothing, may take places among the best: so many are allowed for.
    private int BeginCodes(VectorPartition partition, int allowed, int fromTail)
    {
        _found.RemoveRange(fromTail, _found.Count - fromTail);
        var wanted = (int)Math.Min(int.MaxValue, (long)_count + allowed);
        _codes.Begin(partition.Codes, _query, _inverseNorm, wanted, _threshold, _byHalves);
        return wanted;
    }

    // Returns how many of those that it looked at are none. The most promising come first, and it ends where none of those that are left can
    // be among the best; some at a time, because what they lead to lies scattered, and is fetched together.
    private int CompareCandidates(View view, VectorPartition partition)
    {
        var missing = 0;
        var candidates = _codes.Results();
        _matches.Begin(_count, _threshold);
        while (!candidates.IsEmpty && candidates[0].Upper >= _matches.Floor)
        {
            var some = candidates[..Math.Min(Together, candidates.Length)];
            candidates = candidates[some.Length..];
            missing += FindTogether(view, partition, some);
            foreach (var (_, slot) in _rows) ExactSearcher.Prefetch(view.Floats(slot));
            foreach (var (row, slot) in _rows)
            {
                var similarity = Cosine.Similarity(DotProduct.Of(_query, view.Floats(slot)), _inverseNorm, slot.InverseNorm);
                // Of equals the newest is wanted, so all of them are kept here.
                if (!(similarity >= _matches.Floor)) continue;
                _matches.Offer(_found.Count, similarity);
                _found.Add((row, similarity));
            }
            ComparedByFloats += _rows.Count;
        }
        return missing;
    }

    // The rows of a few candidates; returns how many are none: the state does not have them, or their code stands for nothing. An entry leads
    // to the place of a row, that to the row, and that to the vector, each where nobody has looked for long: step by step for all of them,
    // the processor waits for them together.
    private int FindTogether(View view, VectorPartition partition, ReadOnlySpan<Candidate> candidates)
    {
        var rows = default(RowsTogether);
        foreach (var candidate in candidates) CachePrefetch.Fetch(in partition[candidate.Slot]);
        for (var i = 0; i < candidates.Length; i++) rows[i] = partition.FindRow(view.State, candidates[i].Slot);
        _rows.Clear();
        var missing = 0;
        for (var i = 0; i < candidates.Length; i++)
        {
            var number = candidates[i].Slot;
            if (rows[i] is not { } row || partition.FindVector(row, number) is not { } slot)
            {
                missing++;
                if (view.Partitions!.IsNewest(view.State)) partition.MarkDead(number, view.State.Sequence);
            }
            else if (partition.Uncoded.Contains(number))
            {
                // It was compared by its floats, and its code, which is of nothing, has the place of another.
                missing++;
            }
            else
            {
                _rows.Add((row, slot));
            }
        }
        return missing;
    }

    // Those without a code.
    private void CompareTail(View view)
    {
        // Of equals the newest is kept.
        _rows.Sort(static (left, right) => MemoryRow.NewestFirst(left.Row, right.Row));
        CompareRows(view);
        _uncoded = ComparedByFloats;
    }

    // One that was given a place among the codes since is in the tail.
    private void AddUncoded(View view, VectorPartition partition, in EntryFilter filter, int coded)
    {
        foreach (var number in partition.Uncoded)
        {
            if (number < coded) AddRow(view, partition, filter, number);
        }
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

    private Span<byte> Answers(int scopes)
    {
        if (_answers.Length < scopes) _answers = new byte[Math.Max(scopes, 2 * _answers.Length)];
        else Array.Clear(_answers, 0, scopes);
        return _answers.AsSpan(0, scopes);
    }

    // On the stack, so that nothing keeps them.
    [InlineArray(Together)]
    private struct RowsTogether
    {
        private MemoryRow? _first;
    }
}
