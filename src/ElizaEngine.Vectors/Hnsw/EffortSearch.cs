namespace ElizaEngine.Vectors;

/// <summary>
/// Finds how thorough walks through a graph must be for a wanted recall, by asking: sample queries are answered by a scan and by walks of
/// several efforts. Recall is measured, not assumed; what it takes depends on the vectors, and grows with their number. Stored vectors stand
/// for queries to come if each is left out of the graph while it is asked for: else the walk meets it, and in its list the answer.
/// <para>
/// A sample errs: of 2,048 queries whose recall deviates by 0.05, by 0.0011 as a rule. So an effort counts as enough only if the recall that it
/// gave is above the wanted one by 1.645 times that: of a hundred samples, 95 then name an effort with which such queries find as many as are
/// wanted, or more.
/// </para>
/// </summary>
internal static class EffortSearch
{
    /// <summary>The highest effort that is tried.</summary>
    internal const int EffortMax = 4096;

    /// <summary>What is said to be needed where nothing that was tried is enough.</summary>
    internal const int NoneIsEnough = int.MaxValue;

    /// <summary>Of the standard error, by which a recall must be above the wanted one: one-sided, 95 of 100.</summary>
    private const double Confidence = 1.645;

    // One in so many of the sample is asked where to begin.
    private const int Share = 8;
    private const int FewMin = 64;

    // The last step is a sixteenth of the effort at most: less than what another sample would say.
    private const int LastStep = 16;

    // So many queries are compared with a block of codes while it lies in the cache.
    private const int Together = 16;
    private const int BlockBytes = 256 << 10;

    // What is asked for is this part as like as it is: rounding is no reason to miss it.
    private const float ThresholdPart = 0.999f;

    /// <summary>The least effort that was tried and gave the wanted recall.</summary>
    /// <param name="graph">At least one slot is covered, and not deleted.</param>
    /// <param name="queries">One behind the other, as given.</param>
    /// <param name="own">
    /// For each query the slot that has it, which <see cref="Graph.CanBeHidden"/>; -1: none. The graph and the truth are then as without it.
    /// </param>
    /// <param name="count">Matches of each that count: recall@count.</param>
    /// <param name="recall">0 to 1.</param>
    /// <param name="most">The highest effort that is tried: what takes more is not walked. At least as many as count.</param>
    /// <param name="threads">Threads that ask.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>
    /// The effort, and the recall that it gave; where none is enough, <see cref="NoneIsEnough"/>, and the recall of the highest that was tried.
    /// </returns>
    /// <remarks>Cost: a scan and some five walks for each query. Answers are compared by code, whose error is the same on both sides.</remarks>
    /// <exception cref="OperationCanceledException">Given up.</exception>
    internal static (int Effort, double Recall) Find(
        Graph graph, float[] queries, int[] own, int count, double recall, int most = EffortMax, int threads = 1, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        Check(graph, queries, own, most, least: count, threads);
        graph.Share();
        try
        {
            var sample = new Sample(graph, queries, own, count, most, threads, cancellationToken);
            sample.ExpectNearest(own);
            return sample.Find(recall);
        }
        finally
        {
            graph.Release();
        }
    }

    /// <summary>
    /// The least effort that was tried with which walks find one slot that is as like a query as one that it is known to be like: as such a
    /// part of them as is wanted does. It is far less than for the nearest of any query, since nothing else lies as near. No slot is left out.
    /// </summary>
    /// <param name="graph">As there.</param>
    /// <param name="vectors">Stored ones, one behind the other. Each is asked for with a query that it is like; see <see cref="LikeQueries"/>.</param>
    /// <param name="slots">Theirs, below <see cref="Graph.Count"/>. Of one that was deleted nothing is expected.</param>
    /// <param name="similarity">How like: between 0 and 1.</param>
    /// <param name="recall">0 to 1.</param>
    /// <param name="byHalves">Whether walks read half of each row; see <see cref="CodeSearch.Begin"/>.</param>
    /// <param name="most">As there; at least 1.</param>
    /// <param name="threads">As there.</param>
    /// <param name="cancellationToken">As there.</param>
    /// <returns>As there.</returns>
    /// <remarks>Cost: some five walks for each.</remarks>
    /// <exception cref="OperationCanceledException">Given up.</exception>
    internal static (int Effort, double Recall) FindLike(
        Graph graph, float[] vectors, int[] slots, float similarity, double recall, bool byHalves, int most = EffortMax, int threads = 1,
        CancellationToken cancellationToken = default)
    {
        Check(graph, vectors, slots, most, least: 1, threads);
        graph.Share();
        try
        {
            var sample = new Sample(graph, LikeQueries.Of(vectors, graph.Codes.Dimension, similarity), null, count: 1, most, threads, cancellationToken)
            {
                ByHalves = byHalves,
                // As duplicates are asked for: what half a row rules out is missed here, too.
                Threshold = similarity * ThresholdPart,
            };
            sample.Expect(slots);
            return sample.Find(recall);
        }
        finally
        {
            graph.Release();
        }
    }

    private static void Check(Graph graph, float[] queries, int[] own, int most, int least, int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, least);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        var dimension = graph.Codes.Dimension;
        if (queries.Length == 0 || queries.Length % dimension != 0)
            throw new ArgumentException($"Sample queries are some times {dimension} floats; these are {queries.Length}.", nameof(queries));
        if (own.Length != queries.Length / dimension)
            throw new ArgumentException($"There are {queries.Length / dimension} sample queries, and slots of {own.Length}.", nameof(own));
    }

    /// <summary>The queries, and what they have to find.</summary>
    private sealed class Sample
    {
        private readonly Graph _graph;
        private readonly float[] _queries;
        private readonly int[]? _hidden;
        private readonly int _count;
        private readonly int _most;
        private readonly ParallelOptions _parallel;

        // Of each query how many there are to be found, and the score of the worst of them.
        private readonly (int Count, float Worst)[] _truth;

        // Hidden: what each walk leaves out; null: nothing.
        public Sample(Graph graph, float[] queries, int[]? hidden, int count, int most, int threads, CancellationToken cancellationToken)
        {
            (_graph, _queries, _hidden, _count, _most) = (graph, queries, hidden, count, most);
            _parallel = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken };
            _truth = new (int Count, float Worst)[queries.Length / graph.Codes.Dimension];
        }

        public bool ByHalves { get; init; }

        public float? Threshold { get; init; }

        // What a scan finds, without their own.
        public void ExpectNearest(int[] own)
        {
            var covered = _graph.Count;
            Parallel.For(
                0, (own.Length + Together - 1) / Together, _parallel, NewSearches, (part, _, searches) => Scan(searches, own, part * Together, covered), _ => { });
        }

        // These, or what is as like.
        public void Expect(int[] slots) =>
            Parallel.For(0, slots.Length, _parallel, static () => new CodeSearch(), (i, _, search) => Score(search, i, slots[i]), _ => { });

        public (int Effort, double Recall) Find(double recall)
        {
            var effort = Begin(recall);
            var (low, found) = (0, Ask(effort));
            while (found.Surely < recall && effort < _most)
                (low, found) = (effort, Ask(effort = Higher(effort)));
            if (found.Surely < recall)
                return (NoneIsEnough, found.Mean);
            while (low == 0 && effort > _count)
                Try(Math.Max(_count, effort * 3 / 4));
            while (low > 0 && effort - low > Math.Max(1, effort / LastStep))
                Try((low + effort) / 2);
            return (effort, found.Mean);

            void Try(int less)
            {
                if (Ask(less) is var there && there.Surely >= recall)
                    (effort, found) = (less, there);
                else
                    low = less;
            }
        }

        // Where some of the queries find enough.
        private int Begin(double recall)
        {
            var share = Math.Clamp(_truth.Length / FewMin, 1, Share);
            var effort = _count;
            while (effort < _most && Ask(effort, share).Mean < recall)
                effort = Higher(effort);
            return effort;
        }

        private int Higher(int effort) => Math.Min(effort + Math.Max(1, effort / 3), _most);

        private Recalled Ask(int effort, int share = 1)
        {
            var found = new double[(_truth.Length + share - 1) / share];
            Parallel.For(0, found.Length, _parallel, static () => new CodeSearch(), (i, _, search) => Walk(search, i * share, effort, out found[i]), _ => { });
            return new Recalled(found);
        }

        private static CodeSearch[] NewSearches() => [.. Enumerable.Range(0, Together).Select(static _ => new CodeSearch())];

        private CodeSearch[] Scan(CodeSearch[] searches, int[] own, int first, int covered)
        {
            var queries = Math.Min(Together, own.Length - first);
            for (var i = 0; i < queries; i++)
                Begin(searches[i], first + i);
            var block = Math.Max(1, BlockBytes / _graph.Codes.RowBytes);
            for (var from = 0; from < covered; from += block)
            {
                for (var i = 0; i < queries; i++)
                    searches[i].Scan(from, Math.Min(from + block, covered), new LiveSlots(_graph, own[first + i]));
            }

            for (var i = 0; i < queries; i++)
            {
                Candidate[] best = [.. Best(searches[i])];
                _truth[first + i] = (best.Length, best.Length == 0 ? 0 : best[^1].Score);
            }

            return searches;
        }

        private CodeSearch Score(CodeSearch search, int query, int slot)
        {
            Begin(search, query);
            search.Scan(slot, slot + 1, new LiveSlots(_graph, own: -1));
            var best = search.Results();
            _truth[query] = best.IsEmpty ? (0, 0) : (1, best[0].Score);
            return search;
        }

        // Of equals any will do: what is as like as the worst of the truth counts.
        private CodeSearch Walk(CodeSearch search, int query, int effort, out double found)
        {
            var (count, worst) = _truth[query];
            Begin(search, query);
            search.WalkWithout(_graph, effort, _hidden is null ? -1 : _hidden[query]);
            found = count == 0 ? 1 : (double)Best(search).Count(candidate => candidate.Score >= worst) / count;
            return search;
        }

        private void Begin(CodeSearch search, int query)
        {
            var dimension = _graph.Codes.Dimension;
            var vector = _queries.AsSpan(query * dimension, dimension);
            search.Begin(_graph.Codes, vector, Norm.InverseOf(vector), _count, Threshold, ByHalves);
        }

        private IEnumerable<Candidate> Best(CodeSearch search) =>
            search.Results().ToArray().OrderByDescending(found => found.Score).Take(_count);
    }

    /// <summary>What queries found.</summary>
    private readonly struct Recalled
    {
        public Recalled(double[] found)
        {
            Mean = found.Average();
            var mean = Mean;
            var deviation = Math.Sqrt(found.Sum(one => (one - mean) * (one - mean)) / found.Length);
            Surely = mean - (Confidence * deviation / Math.Sqrt(found.Length));
        }

        /// <summary>The share that they found.</summary>
        public double Mean { get; }

        /// <summary>What others like them find too, with the confidence that is asked for.</summary>
        public double Surely { get; }
    }

    private readonly struct LiveSlots(Graph graph, int own) : ISlotFilter
    {
        // Whoever scans is an owner of the graph, and what it covers has marks.
        public bool Accepts(int slot) => slot != own && !graph.Links.IsDead(slot);
    }
}
