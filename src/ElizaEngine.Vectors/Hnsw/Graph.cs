using ElizaEngine.Vectors.Kernels;

namespace ElizaEngine.Vectors;

/// <summary>
/// A navigable graph over codes (HNSW, Malkov and Yashunin, arXiv 1603.09320): finds the nearest slots by walking from neighbour to
/// neighbour instead of comparing all.
/// <list type="number">
/// <item>The graph covers the slots below <see cref="Count"/>, all of them; those behind are for a scan.</item>
/// <item>Walks take no lock and see a graph at every moment: what they meet half linked they reach another way.</item>
/// <item>Slots with the same codes are one node with a list of twins; so a thousand copies of one vector do not fill a neighbourhood.</item>
/// <item>A deleted slot is never found, but walked through until <see cref="Repair"/> links its neighbours around it.</item>
/// </list>
/// One thread at a time changes the graph, which a lock sees to; it may do so with several threads of its own. Deleting is for any thread.
/// </summary>
internal sealed class Graph : SharedNative
{
    /// <summary>Bytes that a slot takes, nearly, in a graph with the usual number of neighbours.</summary>
    internal const int BytesOfSlot = (2 * MUsual * sizeof(int)) + (2 * sizeof(int)) + sizeof(int);

    internal const int MMax = 48;
    internal const int MMin = 2;
    internal const int EffortMax = 10_000;

    private const int MUsual = 16;
    private const int SeedsMax = 24;

    // When so large a part came since, a build ends with a look for those that few links lead to, and those that no walk reaches.
    private const int UnconnectedPart = 8;

    // Where a larger part is deleted, and not repaired, walks look at each slot on the way.
    private const int DeadPart = 8;

    private readonly Codes _codes;
    private readonly GraphLinks _links;
    private readonly Lock _changing = new();
    private readonly Lock _entering = new();
    private readonly Lock _marking = new();
    private int _count;
    private int _reserved;
    private int _dead;
    private int _deadLinked;

    private float _upperDeviation;
    private float _correlation = float.PositiveInfinity;
    private bool _isUpperMeasured;

    // Of the slots before a number; null: there are none among them.
    private Gateways? _gateways;
    private int _gatewaysEnd;

    // The node where builds begin, and walks without gateways, and its level in the upper half; -1: none.
    private long _entry = -1;

    /// <param name="codes">What the graph is of; kept for as long as the graph.</param>
    /// <param name="m">Neighbours that a new node gets on each level; twice as many fit on the base level.</param>
    /// <param name="effort">How many of the nearest are looked for when a node is added (efConstruction).</param>
    internal Graph(Codes codes, int m = MUsual, int effort = 200)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(m, MMin);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(m, MMax);
        ArgumentOutOfRangeException.ThrowIfLessThan(effort, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(effort, EffortMax);
        codes.Share();
        _codes = codes;
        _links = new GraphLinks(m);
        Effort = Math.Max(effort, m);
    }

    internal Codes Codes => _codes;

    internal int M => _links.M;

    internal int Effort { get; }

    /// <summary>Slots that the graph covers: all below it.</summary>
    internal int Count => Volatile.Read(ref _count);

    /// <summary>Slots that were deleted.</summary>
    internal int Deleted => Volatile.Read(ref _dead);

    /// <summary>Deleted slots that walks still go through; a repair brings it to 0, and searches back to their speed.</summary>
    internal int Unrepaired => Volatile.Read(ref _deadLinked);

    /// <summary>
    /// By how much a similarity by half a row is off (<see cref="UpperMissing"/>), where walks read no more; 0: they read whole rows. Measured
    /// when the first slots are taken in, and by <see cref="MeasureUpper"/>.
    /// </summary>
    internal float UpperDeviation => Volatile.Read(ref _upperDeviation);

    /// <summary>How far from chance rounding is, see <see cref="UpperMissing.Measure"/>; measured with <see cref="UpperDeviation"/>.</summary>
    internal float Correlation => Volatile.Read(ref _correlation);

    /// <summary>
    /// Whether a build was cancelled, be it in its look for slots that few links lead to or that no walk reaches, and has not gone on since: the
    /// next one ends with such a look. Of a graph that was stored only where it does not cover all slots: that a look was cancelled behind the
    /// last of them is not stored, and whoever stores the graph has to know it. For whoever changes the graph.
    /// </summary>
    internal bool IsCut { get; set; }

    /// <summary>
    /// Slots before this were all there at the last such look that came to its end. It is not stored: all of a graph that was, unless whoever
    /// read it knows better. For whoever changes the graph.
    /// </summary>
    internal int Connected { get; set; }

    /// <summary>
    /// Whether a build is under way or has failed, so that links lead to slots that are not covered: the graph cannot be stored until
    /// another build has gone through. For whoever changes the graph.
    /// </summary>
    internal bool IsHalfBuilt { get; set; }

    /// <summary>Bytes that the graph takes, without its codes.</summary>
    internal long Bytes => _links.Bytes + (Volatile.Read(ref _gateways) is null ? 0 : Gateways.BytesOf(_codes.Dimension));

    /// <summary>Whether taking in the slots before a number, if there are any, ends with a look for those that few links lead to.</summary>
    internal bool IsConnectingDue(int to) => to > Count && (IsCut || to - Connected >= to / UnconnectedPart);

    /// <summary>Takes the slots before a number into the graph.</summary>
    /// <param name="to">At most the codes' count; at or below <see cref="Count"/>, there is nothing to do.</param>
    /// <param name="threads">Threads that work on it, this one among them.</param>
    /// <param name="cancellationToken">Ends the work after the slots that are begun; <see cref="Count"/> then says how far it came.</param>
    internal void Insert(int to, int threads = 1, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(to, _codes.Count);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Share();
        try
        {
            lock (_changing)
            {
                if (to <= _count)
                    return;
                Reserve(to);
                if (!_isUpperMeasured)
                    MeasureUpperHere();
                new GraphBuild(this, _count, to, threads).Run(cancellationToken);
                TakeGateways();
            }
        }
        finally
        {
            Release();
        }
    }

    /// <summary>
    /// Adds links to slots that few lists lead to, and to those that no walk reaches, as a build of many does at its end: for a graph that grew
    /// by few at a time. Cost: a look at every list, and a short walk for each such slot.
    /// </summary>
    /// <param name="threads">As there.</param>
    /// <param name="cancellationToken">Ends the work after the slots that are begun: what is added stays.</param>
    /// <returns>Whether it was not cancelled.</returns>
    internal bool Connect(int threads = 1, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Share();
        try
        {
            lock (_changing)
                return Connect(_count, threads, cancellationToken);
        }
        finally
        {
            Release();
        }
    }

    /// <summary>The same for the slots before a number. For whoever changes the graph.</summary>
    /// <returns>As there. If it was, nobody looked for slots that no walk reaches.</returns>
    internal bool Connect(int end, int threads, CancellationToken cancellationToken)
    {
        new GraphInDegree(this, end).Raise(threads, cancellationToken);
        if (cancellationToken.IsCancellationRequested)
            return false;
        new GraphReach(this, end).Connect();
        (Connected, IsCut) = (end, false);
        return true;
    }

    /// <summary>
    /// Measures anew whether walks may read half of each row, now that there are more. What an effort finds may be another from here on: for
    /// one who measures that next.
    /// </summary>
    internal void MeasureUpper()
    {
        Share();
        try
        {
            lock (_changing)
                MeasureUpperHere();
        }
        finally
        {
            Release();
        }
    }

    /// <summary>Deletes a slot, covered or not: no search finds it from now on.</summary>
    /// <returns>Whether it was not deleted before.</returns>
    internal bool Delete(int slot)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(slot);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(slot, _codes.Count);
        Share();
        try
        {
            lock (_marking)
            {
                _links.ReserveMarks(slot + 1);
                if (!_links.Kill(slot))
                    return false;
                // Walks look for deleted slots only where there are any.
                Volatile.Write(ref _dead, _dead + 1);
                Volatile.Write(ref _deadLinked, _deadLinked + 1);
                return true;
            }
        }
        finally
        {
            Release();
        }
    }

    /// <summary>
    /// Links the neighbours of deleted slots with each other, so that walks go around these; then whatever no walk would reach. Searches
    /// go on meanwhile. Cost: a look at every list, and a choice of neighbours for each that had a deleted one.
    /// </summary>
    /// <param name="cancellationToken">
    /// Ends the work after the node that is begun: <see cref="Unrepaired"/> stays as it was, and the next repair begins anew.
    /// </param>
    internal void Repair(CancellationToken cancellationToken = default)
    {
        Share();
        try
        {
            lock (_changing)
            {
                // What is deleted from here on waits for the next repair.
                var repaired = Volatile.Read(ref _deadLinked);
                if (!new GraphRepair(this).Run(cancellationToken))
                    return;
                // Without those that are deleted: fewer and fewer links lead on from them.
                TakeGateways(anew: true);
                lock (_marking)
                    Volatile.Write(ref _deadLinked, _deadLinked - repaired);
            }
        }
        finally
        {
            Release();
        }
    }

    /// <summary>
    /// The number of covered slots that no walk can reach: 0 but for those that were added since the last look for such slots
    /// (<see cref="Connected"/>), or by a build or a repair that was cancelled.
    /// </summary>
    internal int CountUnreachable()
    {
        Share();
        try
        {
            lock (_changing)
                return new GraphReach(this, _count).Unreached().Count;
        }
        finally
        {
            Release();
        }
    }

    /// <summary>Walks to the nearest of a query: they are in the scratch's pool afterwards. For an owner of the graph.</summary>
    /// <param name="query">Of these codes' dimension.</param>
    /// <param name="scratch">This search's alone.</param>
    /// <param name="effort">How many of the nearest the walk keeps (ef).</param>
    /// <param name="covered">Slots from this on are not found.</param>
    /// <param name="filter">Which may be found.</param>
    /// <param name="hidden">A slot that <see cref="CanBeHidden"/>: the walk goes as if it were not there. -1: none.</param>
    /// <param name="byHalves">Whether it reads half of each row in any case: what is looked for is told from all others by that.</param>
    /// <returns>Whether the scores in the pool are by the first halves of rows.</returns>
    internal bool Walk<TKernel, TFilter>(CodeQuery query, WalkScratch scratch, int effort, int covered, TFilter filter, int hidden, bool byHalves)
        where TKernel : struct, ICodeKernel
        where TFilter : struct, ISlotFilter, allows ref struct
    {
        var deviation = UpperDeviation;
        var isByUpper = byHalves || deviation > 0;
        var walk = new GraphWalk<TKernel>(_codes, _links, isByUpper);
        var nearest = NearestEntry(walk, query, scratch, effort);
        WalkFrom(nearest, walk, query, scratch, effort, covered, filter, hidden);
        if (!isByUpper || byHalves || !scratch.IsCrowded(effort, deviation))
            return isByUpper;
        // From where it began, which is near enough.
        WalkFrom(nearest, new GraphWalk<TKernel>(_codes, _links, isByUpper: false), query, scratch, effort, covered, filter, hidden);
        return false;
    }

    // Where a walk of the base level begins; -1: there is nothing yet.
    private int NearestEntry<TKernel>(GraphWalk<TKernel> walk, CodeQuery query, WalkScratch scratch, int effort)
        where TKernel : struct, ICodeKernel
    {
        var (slot, level) = Entry();
        if (slot < 0)
            return slot;
        if (Volatile.Read(ref _gateways) is { } gateways)
        {
            slot = gateways[walk.Nearest(query, scratch, gateways, Gateways.StepFor(effort))];
            level = _links.LevelOf(slot);
        }

        return walk.Descend(query, scratch, slot, level, 0);
    }

    private void WalkFrom<TKernel, TFilter>(
        int nearest, GraphWalk<TKernel> walk, CodeQuery query, WalkScratch scratch, int effort, int covered, TFilter filter, int hidden)
        where TKernel : struct, ICodeKernel
        where TFilter : struct, ISlotFilter, allows ref struct
    {
        if (nearest < 0)
        {
            scratch.Begin(0, 1);
            return;
        }

        if (typeof(TFilter) == typeof(EverySlot) && TrySearchAll(walk, query, scratch, nearest, effort, hidden))
            return;

        scratch.Begin(Volatile.Read(ref _reserved), effort);
        var accepted = new NodeFilter<TFilter>(_links, covered, filter);
        Span<int> seeds = stackalloc int[SeedsMax];
        seeds = seeds[..Seeds(seeds, covered, ref accepted)];
        var stored = new StoredNeighbours(_links);
        if (hidden < 0)
        {
            walk.Search(query, scratch, nearest, seeds, stored, ref accepted);
            return;
        }

        scratch.Visit(hidden);
        var neighbours = new HiddenNeighbours<TKernel>(walk, stored, hidden, stackalloc int[_links.BaseMax]);
        walk.Search(query, scratch, nearest, seeds, neighbours, ref accepted);
    }

    /// <summary>Whether walks can leave a slot out: it is on the base level only, none begins there, and no other has the same codes.</summary>
    /// <param name="slot">Below <see cref="Count"/>.</param>
    internal bool CanBeHidden(int slot)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(slot);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(slot, Count);
        Share();
        try
        {
            return _links.LevelOf(slot) == 0 && !_links.IsTwin(slot) && !_links.HasTwins(slot) && slot != Entry().Slot;
        }
        finally
        {
            Release();
        }
    }

    internal (int Slot, int Level) Entry()
    {
        var entry = Volatile.Read(ref _entry);
        return entry < 0 ? (-1, -1) : ((int)entry, (int)(entry >> 32));
    }

    /// <summary>Makes a node the entry, if it is on a higher level than the one that is.</summary>
    internal void Enter(int slot, int level)
    {
        lock (_entering)
        {
            if (level > (int)(_entry >> 32))
                Volatile.Write(ref _entry, EntryOf(slot, level));
        }
    }

    /// <summary>Makes another node the entry; -1: there is none.</summary>
    internal void EnterAt(int slot, int level)
    {
        lock (_entering)
            Volatile.Write(ref _entry, slot < 0 ? -1 : EntryOf(slot, level));
    }

    internal GraphLinks Links => _links;

    /// <summary>Makes a node the entry, if there is none.</summary>
    /// <returns>Whether there was none.</returns>
    internal bool TryEnterFirst(int slot, int level)
    {
        lock (_entering)
        {
            if (_entry >= 0)
                return false;
            Volatile.Write(ref _entry, EntryOf(slot, level));
            return true;
        }
    }

    /// <summary>For one that stores the graph: nobody changes it, but for deleting, until this is disposed of.</summary>
    internal Lock.Scope KeepFromChanging() => _changing.EnterScope();

    /// <summary>Makes room for the marks of slots before a number. From any thread.</summary>
    internal void ReserveMarks(int slots)
    {
        lock (_marking)
            _links.ReserveMarks(slots);
    }

    /// <summary>Whether a slot, below the codes' count, was deleted.</summary>
    internal bool IsDeleted(int slot)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(slot);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(slot, _codes.Count);
        Share();
        try
        {
            ReserveMarks(slot + 1);
            return _links.IsDead(slot);
        }
        finally
        {
            Release();
        }
    }

    /// <summary>Makes what was put into the links of a new graph its own.</summary>
    internal void Restore(int covered, int entry, int deleted, int unrepaired, float upperDeviation, float correlation)
    {
        (_dead, _deadLinked) = (deleted, unrepaired);
        (_upperDeviation, _correlation, _isUpperMeasured) = (upperDeviation, correlation, covered > 0);
        if (entry >= 0)
            EnterAt(entry, _links.LevelOf(entry));
        _reserved = covered;
        (IsCut, Connected) = (covered < _codes.Count, covered);
        Publish(covered);
        TakeGateways();
    }

    internal void Publish(int count)
    {
        for (var seen = Volatile.Read(ref _count); seen < count;)
        {
            var before = Interlocked.CompareExchange(ref _count, count, seen);
            if (before == seen)
                return;
            seen = before;
        }
    }

    private protected override void Free()
    {
        _links.Dispose();
        _codes.Release();
    }

    /// <summary>
    /// Walks as if nothing were deleted, and drops the deleted at the end, of which it keeps twice as many beside the others as there are
    /// elsewhere. So what a few deleted slots cost follows their number: looked at on the way (see <see cref="NodeFilter{TFilter}"/>) one
    /// alone costs every walk a fifth and more. False: too much is deleted, or it is just where the walk leads.
    /// </summary>
    private bool TrySearchAll<TKernel>(GraphWalk<TKernel> walk, CodeQuery query, WalkScratch scratch, int nearest, int effort, int hidden)
        where TKernel : struct, ICodeKernel
    {
        // Before the walk: those that are deleted meanwhile are dropped by whoever takes what it found.
        var (dead, linked, count) = (Volatile.Read(ref _dead), Volatile.Read(ref _deadLinked), Volatile.Read(ref _count));
        if (linked > count / DeadPart)
            return false;
        var spare = linked == 0 ? 0 : 1 + (int)(2L * effort * linked / (count - linked));
        scratch.Begin(Volatile.Read(ref _reserved), effort + spare);
        if (hidden < 0)
        {
            walk.Search(query, scratch, nearest, 0);
        }
        else
        {
            scratch.Visit(hidden);
            var neighbours = new HiddenNeighbours<TKernel>(walk, new StoredNeighbours(_links), hidden, stackalloc int[_links.BaseMax]);
            var every = default(EverySlot);
            walk.Search(query, scratch, nearest, [], neighbours, ref every);
        }

        return dead == 0 || scratch.Keep(effort, _links) == effort;
    }

    /// <summary>Slots that are accepted, from all over the graph; few or none where few are accepted.</summary>
    private int Seeds<TFilter>(scoped Span<int> seeds, int covered, scoped ref NodeFilter<TFilter> accepted)
        where TFilter : struct, ISlotFilter, allows ref struct
    {
        const int TriesMax = 40 * SeedsMax;
        var count = 0;
        // The golden ratio: however many are taken, they lie evenly.
        var place = 0u;
        for (var tries = 0; tries < TriesMax && count < seeds.Length; tries++)
        {
            place += 2654435769;
            var slot = (int)(((ulong)place * (uint)covered) >> 32);
            if (accepted.Accepts(slot) && !_links.IsTwin(slot) && !seeds[..count].Contains(slot))
                seeds[count++] = slot;
        }

        return count;
    }

    private void MeasureUpperHere()
    {
        var (deviation, correlation) = UpperMissing.Measure(_codes);
        Volatile.Write(ref _upperDeviation, deviation);
        Volatile.Write(ref _correlation, correlation);
        _isUpperMeasured = true;
    }

    private void TakeGateways(bool anew = false)
    {
        var (before, from) = anew ? (null, 0) : (_gateways, _gatewaysEnd);
        Volatile.Write(ref _gateways, Gateways.With(before, _codes, _links, from, _count));
        _gatewaysEnd = _count;
    }

    private static long EntryOf(int slot, int level) => ((long)level << 32) | (uint)slot;

    private void Reserve(int to)
    {
        lock (_marking)
            _links.Reserve(to);
        Volatile.Write(ref _reserved, to);
    }
}
