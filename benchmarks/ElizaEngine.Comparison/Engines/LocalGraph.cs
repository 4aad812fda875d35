using System.Diagnostics;
using System.Runtime.InteropServices;
using ElizaEngine.Storage;
using ElizaEngine.Vectors;
using ElizaEngine.Vectors.Kernels;

namespace ElizaEngine.Comparison.Engines;

/// <summary>
/// The graph and the codes of our local backend by themselves, driven as hnswlib is: no rows, no log. What the walk finds is ranked by
/// the vectors in float32, which lie in a mapped file, as the log does.
/// </summary>
internal sealed class LocalGraph : IVectorEngine
{
    private const int M = 16;
    private const int EffortOfBuild = 200;

    public string Name => "local-graph";

    public string Title => $"ElizaEngine, graph over int8 codes without the database, M {M}, efConstruction {EffortOfBuild}";

    public IReadOnlyList<int> Efforts { get; } = [10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768];

    public bool IsInProcess => true;

    public bool BuildsOnThreads => true;

    public bool CanScan => true;

    public Task<string?> WhyNotAsync(Run run) => Task.FromResult<string?>(null);

    public Task<string> NewPlaceAsync(Run run) => Task.FromResult(run.NewFolder(Name));

    public async Task<BuildTime> BuildAsync(string place, VectorBuild build)
    {
        var start = Stopwatch.GetTimestamp();
        using var codes = new Codes(build.Set.Dimension);
        for (var row = 0; row < build.Set.Count; row++) codes.Append(build.Set.Row(row), Norm.InverseOf(build.Set.Row(row)));
        using var graph = new Graph(codes, M, EffortOfBuild);
        graph.Insert(codes.Count, build.Threads);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        using (var file = File.Create(GraphFile(place))) GraphFormat.Write(graph, file);
        using (var file = File.Create(VectorFile(place)))
        {
            for (var row = 0; row < build.Set.Count; row++) file.Write(MemoryMarshal.AsBytes(build.Set.Row(row)));
        }
        await File.WriteAllBytesAsync(RoomFile(place), MemoryMarshal.AsBytes<int>(build.Rooms.ToArray()).ToArray());
        return new BuildTime(0, seconds);
    }

    public async Task<IVectorIndex> OpenAsync(string place, VectorShape shape)
    {
        using var file = File.OpenRead(GraphFile(place));
        var rooms = MemoryMarshal.Cast<byte, int>(await File.ReadAllBytesAsync(RoomFile(place))).ToArray();
        return new Index(GraphFormat.Read(file), PosixFileSystem.Instance.Open(VectorFile(place)), rooms, Folder.Bytes(place));
    }

    private static string GraphFile(string place) => Path.Combine(place, "graph");

    private static string VectorFile(string place) => Path.Combine(place, "vectors");

    private static string RoomFile(string place) => Path.Combine(place, "rooms");

    private sealed class Index(Graph graph, IFile file, int[] rooms, long bytes) : IVectorIndex
    {
        // A list of slots costs a jump each; where more than one in so many is eligible, all are passed and bits tell.
        private const int ListShare = 8;

        private readonly MappedFile _vectors = file.Map();
        private readonly CodeSearch _search = new();
        private readonly Ranking _ranking = new();
        private VectorSearch _how = new(10);
        private ulong[] _bits = [];
        private int[] _eligible = [];

        public Task<long> DiskBytesAsync() => Task.FromResult(bytes);

        public ValueTask PrepareAsync(VectorSearch search)
        {
            if (search.Room is { } room && room != _how.Room)
            {
                _eligible = [.. Enumerable.Range(0, rooms.Length).Where(row => rooms[row] == room)];
                _bits = new ulong[(rooms.Length + 63) / 64];
                foreach (var row in _eligible) _bits[row / 64] |= 1UL << (row % 64);
            }
            _how = search;
            return default;
        }

        public ValueTask<int> SearchAsync(ReadOnlyMemory<float> query, Memory<int> rows)
        {
            var inverseNorm = Norm.InverseOf(query.Span);
            _search.Begin(graph.Codes, query.Span, inverseNorm, rows.Length, null);
            if (!_how.IsExact && _how.Room is null) _search.Walk(graph, _how.Effort, default(EverySlot));
            else if (!_how.IsExact) _search.Walk(graph, _how.Effort, new SlotBits(_bits));
            else if (_how.Room is null) _search.Scan(0, graph.Codes.Count, default(EverySlot));
            else if (_eligible.Length < rooms.Length / ListShare) _search.Scan(_eligible);
            else _search.Scan(0, graph.Codes.Count, new SlotBits(_bits));
            return ValueTask.FromResult(Rank(query.Span, inverseNorm, rows.Span));
        }

        public ValueTask DisposeAsync()
        {
            graph.Codes.Dispose();
            graph.Dispose();
            _vectors.Dispose();
            file.Dispose();
            return default;
        }

        private int Rank(ReadOnlySpan<float> query, float inverseNorm, Span<int> rows)
        {
            var candidates = _search.Results();
            _ranking.Begin(rows.Length);
            for (var i = 0; i < candidates.Length && candidates[i].Upper >= _ranking.Worst; i++)
            {
                if (i + ExactSearcher.PrefetchDistance < candidates.Length) ExactSearcher.Prefetch(Vector(candidates[i + ExactSearcher.PrefetchDistance].Slot));
                var vector = Vector(candidates[i].Slot);
                // Rows are of unit length here; the log has the inverse norm beside the vector.
                _ranking.Offer(candidates[i].Slot, Cosine.Similarity(DotProduct.Of(query, vector), inverseNorm, 1));
            }
            return _ranking.CopyTo(rows);
        }

        private ReadOnlySpan<float> Vector(int slot)
        {
            var length = graph.Codes.Dimension * sizeof(float);
            return MemoryMarshal.Cast<byte, float>(_vectors.Slice((long)slot * length, length));
        }
    }

    /// <summary>The best rows so far, the best first.</summary>
    private sealed class Ranking
    {
        private readonly List<(float Similarity, int Row)> _best = [];
        private int _count;

        /// <summary>What a row must reach to be among them.</summary>
        public float Worst => _best.Count < _count ? float.NegativeInfinity : _best[^1].Similarity;

        public void Begin(int count)
        {
            _best.Clear();
            _count = count;
        }

        public void Offer(int row, float similarity)
        {
            if (similarity <= Worst) return;
            if (_best.Count == _count) _best.RemoveAt(_count - 1);
            var place = _best.Count;
            while (place > 0 && _best[place - 1].Similarity < similarity) place--;
            _best.Insert(place, (similarity, row));
        }

        public int CopyTo(Span<int> rows)
        {
            for (var i = 0; i < _best.Count; i++) rows[i] = _best[i].Row;
            return _best.Count;
        }
    }
}
