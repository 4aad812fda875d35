using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using ElizaEngine.Vectors.Kernels;

namespace ElizaEngine.Vectors;

/// <summary>
/// One search by code: <see cref="Begin"/>, then scans of as many ranges and lists of slots as there are, perhaps a walk, then
/// <see cref="Results"/>, which the caller ranks by exact similarity. After scans alone slots are ruled out only
/// by proof, so what is left contains the exact answer. A walk passes some over anyway: of what it found is ruled out what is not likely among the
/// best (<see cref="ErrorBound.Likely"/>). Of 100,000 x 384 so are five of the 17 vectors that would be read to rank them, and a search takes 0.91 times as long.
/// <para>
/// Reusable; one thread at a time. Allocates nothing once it has grown to its queries. Each scan keeps the codes' memory while it reads,
/// so they may be disposed of at any time: the next scan then throws.
/// </para>
/// </summary>
internal sealed unsafe class CodeSearch
{
    /// <summary>Scattered rows are fetched so many ahead.</summary>
    private const int PrefetchDistance = 8;

    private const int LineBytes = 64;

    /// <summary>So far before it is compared a row that is scanned is asked for; half and twice as far are as good.</summary>
    private const int AheadBytes = 2048;

    /// <summary>Slots after which a scan that asks its filter last looks again whether codes rule out any.</summary>
    private const int OpenStep = 64;

    /// <summary>A walk keeps at least as many as are wanted, up to this many.</summary>
    private const int EffortMax = 4096;

    private readonly CodeQuery _query = new();
    private readonly Candidates _candidates = new();
    private readonly WalkScratch _scratch = new();
    private int _count;
    private bool _byHalves;
    private long _compared;
    private Codes? _codes;

    /// <summary>Similarities by code that all searches so far computed; one that was then looked at more closely counts once.</summary>
    internal long Compared => _compared + _scratch.Scored;

    /// <summary>Begins a search and forgets the last one.</summary>
    /// <param name="codes">Where.</param>
    /// <param name="query">Dimension floats, as given; its norm is valid.</param>
    /// <param name="inverseNorm">The query's <see cref="Norm.InverseOf"/>.</param>
    /// <param name="count">Wanted: 0 for none, <see cref="int.MaxValue"/> for all.</param>
    /// <param name="threshold">The lowest similarity wanted, inclusive; null: any.</param>
    /// <param name="byHalves">
    /// Whether walks read half of each row, whatever the graph says: a vector that is far more like the query than others are is told from them
    /// by that. How much effort it takes then <see cref="EffortSearch.FindLike"/> measures.
    /// </param>
    /// <exception cref="ArgumentException">The query has another dimension, or its inverse norm is not this.</exception>
    internal void Begin(Codes codes, ReadOnlySpan<float> query, float inverseNorm, int count, float? threshold, bool byHalves = false)
    {
        if (query.Length != codes.Dimension)
            throw new ArgumentException($"These codes are of vectors of {codes.Dimension} floats; the query has {query.Length}.", nameof(query));
        _query.Set(query, inverseNorm);
        _candidates.Begin(count, threshold);
        _codes = codes;
        _count = count;
        _byHalves = byHalves;
    }

    /// <summary>Compares the slots of a range that a filter accepts, as fast as memory is read if that is all of them.</summary>
    /// <param name="from">The first slot.</param>
    /// <param name="to">Behind the last one; at most the codes' count.</param>
    /// <param name="filter">Which of them; asked of each. Where it is cheap, or accepts few, this is quickest.</param>
    /// <exception cref="ObjectDisposedException">The codes were disposed of.</exception>
    internal void Scan<TFilter>(int from, int to, TFilter filter)
        where TFilter : struct, ISlotFilter, allows ref struct => Scan(from, to, filter, isFilteredFirst: true);

    /// <summary>
    /// As <see cref="Scan{TFilter}(int, int, TFilter)"/>, with the same candidates, but all slots are compared, and the filter is asked of
    /// those that their codes do not rule out, which are few once as many as wanted were found. Quicker where much is accepted: a processor
    /// cannot guess what the answer will be (100,000 x 384 of which any half is accepted: 1.8 ms, asked first 4.3; decisions/0024).
    /// </summary>
    internal void ScanThenFilter<TFilter>(int from, int to, TFilter filter)
        where TFilter : struct, ISlotFilter, allows ref struct => Scan(from, to, filter, isFilteredFirst: false);

    private void Scan<TFilter>(int from, int to, TFilter filter, bool isFilteredFirst)
        where TFilter : struct, ISlotFilter, allows ref struct
    {
        var codes = Searched();
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(to, codes.Count);
        codes.Share();
        try
        {
            switch (CodeDot.Width)
            {
                case KernelWidth.Bits512: Scan<CodeDot512, TFilter>(codes, from, to, filter, isFilteredFirst); break;
                case KernelWidth.Bits256: Scan<CodeDot256, TFilter>(codes, from, to, filter, isFilteredFirst); break;
                case KernelWidth.Bits128: Scan<CodeDot128, TFilter>(codes, from, to, filter, isFilteredFirst); break;
                default: Scan<CodeDotScalar, TFilter>(codes, from, to, filter, isFilteredFirst); break;
            }
        }
        finally
        {
            codes.Release();
        }
    }

    /// <summary>Compares the slots of a list; rising order is fastest.</summary>
    /// <param name="slots">Each below the codes' count, and once.</param>
    /// <exception cref="ArgumentOutOfRangeException">A slot is not there; those before it were compared.</exception>
    /// <exception cref="ObjectDisposedException">The codes were disposed of.</exception>
    internal void Scan(ReadOnlySpan<int> slots) => Scan(slots, default(EverySlot));

    /// <summary>As <see cref="Scan(ReadOnlySpan{int})"/>, but only slots that a filter accepts.</summary>
    /// <param name="slots">As there.</param>
    /// <param name="filter">Which of them; asked only of those whose codes do not rule them out.</param>
    internal void Scan<TFilter>(ReadOnlySpan<int> slots, TFilter filter)
        where TFilter : struct, ISlotFilter, allows ref struct
    {
        var codes = Searched();
        codes.Share();
        try
        {
            switch (CodeDot.Width)
            {
                case KernelWidth.Bits512: Scan<CodeDot512, TFilter>(codes, slots, filter); break;
                case KernelWidth.Bits256: Scan<CodeDot256, TFilter>(codes, slots, filter); break;
                case KernelWidth.Bits128: Scan<CodeDot128, TFilter>(codes, slots, filter); break;
                default: Scan<CodeDotScalar, TFilter>(codes, slots, filter); break;
            }
        }
        finally
        {
            codes.Release();
        }
    }

    /// <summary>
    /// Compares what a walk through a graph finds: an approximate answer over the slots that the graph covers. Slots behind
    /// <see cref="WalkOutcome.Covered"/> are for a scan.
    /// </summary>
    /// <param name="graph">Of the codes of this search.</param>
    /// <param name="effort">How many of the nearest the walk keeps (ef); at least <c>count</c> in any case.</param>
    /// <param name="filter">Which slots; the walk keeps no others.</param>
    /// <param name="end">Slots from this on are not found, nor is the filter asked of them, though the graph may cover them.</param>
    /// <exception cref="ObjectDisposedException">The graph was disposed of.</exception>
    internal WalkOutcome Walk<TFilter>(Graph graph, int effort, TFilter filter, int end = int.MaxValue)
        where TFilter : struct, ISlotFilter, allows ref struct => Walk(graph, effort, filter, filter, hidden: -1, end);

    /// <summary>
    /// As <see cref="Walk{TFilter}(Graph, int, TFilter, int)"/>, but the walk keeps all slots, and the filter is asked of those that are
    /// left at its end. Where nearly all slots are accepted it is quicker, and as good if it was given as much more effort as are not.
    /// </summary>
    internal WalkOutcome WalkThenFilter<TFilter>(Graph graph, int effort, TFilter filter, int end = int.MaxValue)
        where TFilter : struct, ISlotFilter, allows ref struct => Walk(graph, effort, default(EverySlot), filter, hidden: -1, end);

    /// <summary>
    /// As a walk without a filter in a graph that does not have one of its slots. Of copies of one vector it takes no more than are wanted:
    /// for who measures any will do.
    /// </summary>
    /// <param name="graph">As there.</param>
    /// <param name="effort">As there.</param>
    /// <param name="hidden">A slot that <see cref="Graph.CanBeHidden"/>; -1: none.</param>
    internal WalkOutcome WalkWithout(Graph graph, int effort, int hidden) =>
        Walk(graph, effort, default(EverySlot), default(EverySlot), hidden, end: int.MaxValue, copiesMax: _count);

    /// <summary>
    /// The slots that may be among the best, the highest upper bound first: whoever ranks them in this order by exact similarity can
    /// stop at the first whose <see cref="Candidate.Upper"/> is below the worst he keeps. Valid until the next call.
    /// </summary>
    internal ReadOnlySpan<Candidate> Results() => _candidates.Results();

    private Codes Searched() => _codes ?? throw new InvalidOperationException("A search begins before it scans.");

    // SAFETY: of all: the caller of each is an owner of the codes, and every slot was found to be below their count.
    private void Scan<TKernel, TFilter>(Codes codes, int from, int to, TFilter filter, bool isFilteredFirst)
        where TKernel : struct, ICodeKernel
        where TFilter : struct, ISlotFilter, allows ref struct
    {
        for (var length = 0; from < to; from += length)
        {
            length = Math.Min(NativeTable.Run(from), to - from);
            // Before as many as wanted were found codes rule out nothing.
            var isOpen = !isFilteredFirst && float.IsNegativeInfinity(_candidates.Floor);
            if (isOpen)
                length = Math.Min(length, OpenStep);
            if (isFilteredFirst || isOpen)
                FilterThenScan<TKernel, TFilter>(codes, from, length, filter);
            else
                ScanThenFilter<TKernel, TFilter>(codes, from, length, filter);
        }
    }

    private void FilterThenScan<TKernel, TFilter>(Codes codes, int from, int length, TFilter filter)
        where TKernel : struct, ICodeKernel
        where TFilter : struct, ISlotFilter, allows ref struct
    {
        var row = codes.Row(from);
        var scales = codes.Scales(from);
        var errors = codes.Errors(from);
        var compared = 0;
        for (var i = 0; i < length; i++, row += codes.RowBytes)
        {
            if (!filter.Accepts(from + i))
                continue;
            compared++;
            if (typeof(TFilter) == typeof(EverySlot))
                PrefetchAhead(row, codes.RowBytes);
            Consider<TKernel>(from + i, row, scales[i], errors[i]);
        }

        _compared += compared;
    }

    private void ScanThenFilter<TKernel, TFilter>(Codes codes, int from, int length, TFilter filter)
        where TKernel : struct, ICodeKernel
        where TFilter : struct, ISlotFilter, allows ref struct
    {
        var row = codes.Row(from);
        var scales = codes.Scales(from);
        var errors = codes.Errors(from);
        for (var i = 0; i < length; i++, row += codes.RowBytes)
        {
            PrefetchAhead(row, codes.RowBytes);
            var coarse = _query.Coarse<TKernel>(row, scales[i]);
            if (MayBeAmongBest(coarse, errors[i]) && filter.Accepts(from + i))
                Offer<TKernel>(from + i, row, scales[i], errors[i], coarse);
        }

        _compared += length;
    }

    private void Scan<TKernel, TFilter>(Codes codes, ReadOnlySpan<int> slots, TFilter filter)
        where TKernel : struct, ICodeKernel
        where TFilter : struct, ISlotFilter, allows ref struct
    {
        var count = (uint)codes.Count;
        for (var i = 0; i < slots.Length; i++)
        {
            if (i + PrefetchDistance < slots.Length && (uint)slots[i + PrefetchDistance] < count)
                Prefetch(codes.Row(slots[i + PrefetchDistance]), codes.RowBytes);
            var slot = slots[i];
            if ((uint)slot >= count)
                throw new ArgumentOutOfRangeException(nameof(slots), slot, $"There are {count} slots.");
            var row = codes.Row(slot);
            var coarse = _query.Coarse<TKernel>(row, codes.Scale(slot));
            if (MayBeAmongBest(coarse, codes.Error(slot)) && filter.Accepts(slot))
                Offer<TKernel>(slot, row, codes.Scale(slot), codes.Error(slot), coarse);
        }

        _compared += slots.Length;
    }

    private WalkOutcome Walk<TWalked, TFilter>(
        Graph graph, int effort, TWalked walked, TFilter filter, int hidden, int end, int copiesMax = int.MaxValue)
        where TWalked : struct, ISlotFilter, allows ref struct
        where TFilter : struct, ISlotFilter, allows ref struct
    {
        if (graph.Codes != Searched())
            throw new ArgumentException("The graph is of other codes.", nameof(graph));
        ArgumentOutOfRangeException.ThrowIfLessThan(effort, 1);
        effort = Math.Min(Math.Max(effort, Math.Min(_count, EffortMax)), Math.Max(1, graph.Codes.Count));
        graph.Share();
        try
        {
            return CodeDot.Width switch
            {
                KernelWidth.Bits512 => Walk<CodeDot512, TWalked, TFilter>(graph, effort, walked, filter, hidden, end, copiesMax),
                KernelWidth.Bits256 => Walk<CodeDot256, TWalked, TFilter>(graph, effort, walked, filter, hidden, end, copiesMax),
                KernelWidth.Bits128 => Walk<CodeDot128, TWalked, TFilter>(graph, effort, walked, filter, hidden, end, copiesMax),
                _ => Walk<CodeDotScalar, TWalked, TFilter>(graph, effort, walked, filter, hidden, end, copiesMax),
            };
        }
        finally
        {
            graph.Release();
        }
    }

    private WalkOutcome Walk<TKernel, TWalked, TFilter>(
        Graph graph, int effort, TWalked walked, TFilter filter, int hidden, int end, int copiesMax)
        where TKernel : struct, ICodeKernel
        where TWalked : struct, ISlotFilter, allows ref struct
        where TFilter : struct, ISlotFilter, allows ref struct
    {
        var covered = Math.Min(graph.Count, end);
        var isByUpper = graph.Walk<TKernel, TWalked>(_query, _scratch, effort, covered, walked, hidden, _byHalves);
        var (codes, links) = (graph.Codes, graph.Links);
        var accepted = new NodeFilter<TFilter>(links, covered, filter);
        var correlation = graph.Correlation;
        // All are asked for before the first is read: what the filter looks at is anywhere, and a processor waits for some of it together.
        var (found, kept) = (0, 0);
        for (var place = 0; place < _scratch.Count; place++)
        {
            var node = _scratch.Slot(place);
            if (!links.HasTwins(node))
            {
                if (!accepted.AcceptsItself(node))
                    continue;
                if (isByUpper && !MayBeAmongBestByUpper(codes, node, _scratch.Score(place), correlation))
                {
                    found++;
                    continue;
                }
            }

            _scratch.Move(place, kept++);
        }

        for (var place = 0; isByUpper && place < Math.Min(PrefetchDistance, kept); place++)
            PrefetchLower(codes, _scratch.Slot(place));
        for (var place = 0; place < kept; place++)
        {
            var node = _scratch.Slot(place);
            if (isByUpper && place + PrefetchDistance < kept)
                PrefetchLower(codes, _scratch.Slot(place + PrefetchDistance));
            // Asked again: it may have got one since, and each slot counts once.
            if (links.HasTwins(node))
            {
                found += TakeTwins<TKernel, TFilter>(graph, node, copiesMax, ref accepted);
            }
            else
            {
                found++;
                ConsiderScored<TKernel>(codes, node, isByUpper ? null : _scratch.Score(place), correlation);
            }
        }

        return new WalkOutcome(found, covered);
    }

    /// <summary>
    /// A node and the slots with its codes. Copies of one vector tie, and which of them are wanted only their rows say: a slot's number
    /// does not tell when its row was created. More of them than are wanted do not count as found: they leave no room for others.
    /// </summary>
    private int TakeTwins<TKernel, TFilter>(Graph graph, int node, int copiesMax, ref NodeFilter<TFilter> accepted)
        where TKernel : struct, ICodeKernel
        where TFilter : struct, ISlotFilter, allows ref struct
    {
        var (codes, links) = (graph.Codes, graph.Links);
        var print = codes.Print(node);
        var (found, copies) = (0, 0);
        for (var slot = links.Twin(node); slot != GraphLinks.None; slot = links.Twin(slot))
            TakeOne(slot, ref accepted);
        TakeOne(node, ref accepted);
        return found + Math.Min(copies, _count);

        void TakeOne(int slot, ref NodeFilter<TFilter> accepted)
        {
            var isCopy = codes.Print(slot) == print;
            if (isCopy && copies >= copiesMax)
                return;
            var taken = Take<TKernel, TFilter>(codes, slot, ref accepted);
            found += isCopy ? 0 : taken;
            copies += isCopy ? taken : 0;
        }
    }

    // Where the walk's score is the similarity by coarse code, the row is read again only if that does not rule it out.
    private void ConsiderScored<TKernel>(Codes codes, int slot, float? score, float correlation)
        where TKernel : struct, ICodeKernel
    {
        var error = LikelyError(codes, slot, correlation);
        var coarse = score ?? _query.Coarse<TKernel>(codes.Row(slot), codes.Scale(slot));
        if (MayBeAmongBest(coarse, error))
            Offer<TKernel>(slot, codes.Row(slot), codes.Scale(slot), error, coarse);
    }

    private int Take<TKernel, TFilter>(Codes codes, int slot, ref NodeFilter<TFilter> accepted)
        where TKernel : struct, ICodeKernel
        where TFilter : struct, ISlotFilter, allows ref struct
    {
        if (!accepted.AcceptsItself(slot))
            return 0;
        _compared++;
        Consider<TKernel>(slot, codes.Row(slot), codes.Scale(slot), codes.Error(slot));
        return 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Consider<TKernel>(int slot, byte* row, float scale, float error)
        where TKernel : struct, ICodeKernel
    {
        var coarse = _query.Coarse<TKernel>(row, scale);
        if (MayBeAmongBest(coarse, error))
            Offer<TKernel>(slot, row, scale, error, coarse);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool MayBeAmongBest(float coarse, float error) => coarse + _query.CoarseError(error) >= _candidates.Floor;

    // Of what a walk found, by the first half of the row. Where a threshold is asked for, it rules out nearly all.
    private bool MayBeAmongBestByUpper(Codes codes, int slot, float upper, float correlation) =>
        MayBeAmongBest(upper + ErrorBound.LikelyMissing(codes.Scale(slot), correlation), LikelyError(codes, slot, correlation));

    private static float LikelyError(Codes codes, int slot, float correlation) => ErrorBound.Likely(codes.Error(slot), codes.Scale(slot), correlation);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Offer<TKernel>(int slot, byte* row, float scale, float error, float coarse)
        where TKernel : struct, ICodeKernel =>
        _candidates.Offer(_query.Fine<TKernel>(slot, row, scale, error, coarse));

    /// <summary>
    /// What a scan comes to soon: left alone a processor fetches less far ahead the more there is to compute (1.3 times as long at 384 and at
    /// 100, 1.2 at 1,536). Near the end that is beyond the rows, where a hint does nothing.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PrefetchAhead(byte* row, int bytes) => Prefetch(row + AheadBytes, bytes);

    private static void PrefetchLower(Codes codes, int slot) => Prefetch(codes.Row(slot) + (codes.RowBytes / 2), codes.RowBytes / 2);

    /// <summary>At most 1.5 KiB: the processor follows a longer row by itself.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(byte* row, int bytes)
    {
        if (!Sse.IsSupported)
            return;
        for (var end = row + Math.Min(bytes, 24 * LineBytes); row < end; row += LineBytes)
            Sse.Prefetch1(row);
    }
}
