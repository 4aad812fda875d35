using ElizaEngine.Vectors;

namespace ElizaEngine.Local;

/// <summary>Whether the graph is walked, with how much effort, and where the filter is asked: on the way or at the end (decisions/0024).</summary>
internal sealed partial class SimilaritySearch
{
    // A filter that lets fewer pass is scanned; so is a threshold among so few, whose answer is a decision and not a list.
    private const int FewToWalk = 20_000;

    // Where a filter takes away most of what is near the query, it has the walk step over rows, so more of them are kept in sight; where it
    // lets less than such a part pass, that is not enough. (100,000 x 384, recall of effort 64 and 256: the farther half 0.961 and 0.997,
    // the farthest fifth 0.910 and 0.986. Five times, since four were not enough for another set: decisions/0024.)
    private const int FilteredEffort = 5;
    private const int FilteredPart = 3;

    // Entries that are asked how many a filter lets pass; fewer are not worth it.
    private const int Sample = 256;
    private const int NotAsked = -1;

    // To compare a row of so many bytes takes as long as the filter is in the way where all pass; a filter that lets a larger part pass than
    // a row has of them is asked last of what is scanned. (Asked first and last, 100,000 x 384: where a twentieth passes 1.5 and 2.2 ms, a
    // tenth 2.3 and 1.8, a half 4.3 and 1.8; 30,000 x 1,536: a quarter 1.3 and 1.6, a half 2.7 and 1.5. Shorter rows are as those of 384:
    // 100,000 x 64, a twentieth 0.41 and 0.47, a tenth 0.44 and 0.39, a half 0.93 and 0.34.)
    private const int FilterBytes = 5_400;
    private const int RowBytesMin = 384;

    // Such a part more than the filter takes away a walk looks at that does not ask it until its end, or so many times what it takes away if
    // that is less; and such a part less than is wanted may be left: near the query it takes now a few more and now a few less.
    private const int SparePart = 8;
    private const int SpareOfFiltered = 2;

    // A step of a walk takes as long as the scan of so many bytes of codes, and of so many rows: it fetches some rows from anywhere.
    // (100,000 rows: of 128 bytes 0.56 us a step and 0.45 ms the scan, of 384 0.51 and 1.05; shorter rows are scanned as those of 128.)
    private const int StepBytes = 14_000;
    private const int StepRows = 12;
    private const int ScannedRowBytesMin = 128;

    // A walk that asks the filter at its end may have been in vain: it takes a half of a scan at most, and where it is gone once more, a
    // quarter. One that asks all the way takes so many times as long for each step, as it looks behind those that do not pass.
    private const int FirstPart = 2;
    private const int AgainPart = 4;
    private const int FilteredStep = 10;

    // A walk that finds fewer above a threshold than were asked for is followed by a scan.
    private const int ListPart = 10;

    // Where of those near the query not so large a part of what is wanted passes, a longer walk would not find enough either.
    private const int HopelessPart = 20;

    private int _effort;
    private int _effortOfNearest;
    private bool _byHalves;
    private int _accepted;
    private bool _isFilteredHere;

    // The graph, if walking it is allowed and pays.
    private Graph? GraphFor(in SearchScope scope, VectorPartition partition, in EntryFilter filter, int coded)
    {
        if (!_mayWalk || partition.Graph is not { } graph || partition.Effort is not { Nearest: > 0 } effort || graph.Count < coded / 2) return null;
        if (_threshold is not null && graph.Count <= FewToWalk) return null;
        var isForDuplicate = _count == 1 && _threshold >= Limits.DuplicateSimilarity;
        var wanted = effort.At(isForDuplicate, graph.Count);
        _effortOfNearest = effort.At(isForDuplicate: false, graph.Count);
        _byHalves = isForDuplicate && effort.ByHalves;
        var steps = StepsOfScan(partition, graph.Count);
        if (wanted > steps) return null;
        AskSample(scope, partition, filter, coded);
        if (_accepted < Sample / FilteredPart || (_accepted < Sample && (long)_accepted * coded / Sample < FewToWalk)) return null;
        if (_threshold is not null && !AreSurelyMany(scope, partition, filter, coded)) return null;
        _effort = (int)Math.Min(int.MaxValue, (long)wanted * Math.Max(10, _count) / 10);
        _isFilteredHere = false;
        if (_threshold is not null && _count > 1) steps /= ListPart;
        var isWorthIt = scope.IsWhole ? _effort <= steps : EffortBeforeFilter() <= steps / FirstPart;
        return isWorthIt ? graph : null;
    }

    // Whether more than few pass, however far a sample errs: that a decision is exact among few is a promise. Of the entries that are
    // counted some may be dead, whether anybody has met them or not.
    private bool AreSurelyMany(in SearchScope scope, VectorPartition partition, in EntryFilter filter, int coded)
    {
        var many = FewToWalk + _deadAtMost + (scope.Except?.Count ?? 0);
        if (scope.IsWhole) return coded > many;
        if (scope.RoomId is { } room)
        {
            var inRoom = partition.InRoom(room).Length;
            if (inRoom <= many) return false;
            if (scope.WorldId is null && scope.EntityId is null && !scope.UniqueOnly) return true;
        }
        // Counted, or estimated: one sample in seven hundred errs by three deviations to this side.
        var isCounted = !scope.UniqueOnly && filter.Scopes <= Sample;
        var deviations = isCounted ? 0 : 3 * Math.Sqrt(_accepted * (double)(Sample - _accepted) / Sample);
        return (_accepted - deviations) * coded / Sample > many;
    }

    /// <summary>A walk of so many steps takes as long as the scan of so many rows: no walk is longer.</summary>
    /// <param name="partition">Whose rows.</param>
    /// <param name="count">As many as its graph has, or will have.</param>
    internal static long StepsOfScan(VectorPartition partition, long count)
    {
        long rowBytes = Math.Max(partition.Codes.RowBytes, ScannedRowBytesMin);
        return count * rowBytes / (StepBytes + (StepRows * rowBytes));
    }

    // Such a walk meets as many that pass as one of the wanted effort would where all pass. Where the filter takes away next to nothing it does so
    // near the query, too.
    private long EffortBeforeFilter()
    {
        var spare = Math.Min(_effort / SparePart, (long)_effort * SpareOfFiltered * (Sample - _accepted) / Sample);
        return (_effort + spare) * Sample / Math.Max(1, _accepted);
    }

    private bool IsFilterForLast(in SearchScope scope, VectorPartition partition, in EntryFilter filter, int coded)
    {
        if (coded < Sample) return false;
        AskSample(scope, partition, filter, coded);
        return (long)_accepted * FilterBytes > (long)Sample * Math.Max(partition.Codes.RowBytes, RowBytesMin);
    }

    private void AskSample(in SearchScope scope, VectorPartition partition, in EntryFilter filter, int coded)
    {
        if (_accepted == NotAsked) _accepted = AcceptedOfSample(scope, partition, filter, coded);
    }

    // Of so many entries, how many pass: counted by their scopes if these are few and decide alone, else asked of some.
    private static int AcceptedOfSample(in SearchScope scope, VectorPartition partition, in EntryFilter filter, int coded)
    {
        if (scope.IsWhole) return Sample;
        var accepted = 0L;
        if (!scope.UniqueOnly && filter.Scopes <= Sample)
        {
            var all = 0L;
            for (var number = 0; number < filter.Scopes; number++)
            {
                var count = partition.CountOf(number);
                all += count;
                if (filter.AcceptsScope(number)) accepted += count;
            }
            return (int)(accepted * Sample / Math.Max(1, all));
        }
        for (var i = 0; i < Sample; i++)
        {
            if (filter.Accepts((int)((long)i * coded / Sample))) accepted++;
        }
        return (int)accepted;
    }

    // False: it did not find as many as were wanted, and cannot say whether there are; or it would be no quicker than a scan. The graph may
    // cover more by now than had codes: those were compared by their floats already, or are not in the state that is read.
    private bool TryWalk(in SearchScope scope, VectorPartition partition, Graph graph, in EntryFilter filter, int coded, int wanted)
    {
        WalkOutcome outcome;
        if (scope.IsWhole)
        {
            outcome = _codes.Walk(graph, Effort = _effort, default(EverySlot), coded);
        }
        else if (_isFilteredHere || !TryWalkThenFilter(partition, graph, filter, coded, wanted, out outcome))
        {
            _isFilteredHere = true;
            // How much more that takes is known of the nearest.
            var effort = (long)Math.Max(_effort, _effortOfNearest) * FilteredEffort;
            if (effort * FilteredStep > StepsOfScan(partition, graph.Count) / FirstPart) return false;
            _byHalves = false;
            BeginWalk(partition, wanted, (int)effort);
            outcome = _codes.Walk(graph, Effort, filter, coded);
        }
        if (outcome.Found < wanted) return false;
        if (outcome.Covered < coded) ScanCodes(scope, partition, filter, outcome.Covered, coded);
        return true;
    }

    // What a walk finds are the nearest of all; those of them that pass are the nearest that pass. False: too few of them do.
    private bool TryWalkThenFilter(
        VectorPartition partition, Graph graph, in EntryFilter filter, int coded, int wanted, out WalkOutcome outcome)
    {
        var least = Math.Max(_effort - (_effort / SparePart), wanted);
        Effort = (int)EffortBeforeFilter();
        outcome = _codes.WalkThenFilter(graph, Effort, filter, coded);
        if (outcome.Found >= least) return true;
        if (outcome.Found <= _effort / HopelessPart) return false;
        // Near the query more is filtered than elsewhere: once more, with as much effort as that takes.
        var effort = Math.Min((long)Effort * _effort / outcome.Found, StepsOfScan(partition, graph.Count) / AgainPart);
        if (effort <= Effort) return false;
        BeginWalk(partition, wanted, (int)effort);
        outcome = _codes.WalkThenFilter(graph, Effort, filter, coded);
        return outcome.Found >= least;
    }

    private void BeginWalk(VectorPartition partition, int wanted, int effort)
    {
        _codes.Begin(partition.Codes, _query, _inverseNorm, wanted, _threshold, _byHalves);
        Effort = effort;
    }
}
