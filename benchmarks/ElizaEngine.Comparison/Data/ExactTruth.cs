using System.IO.Hashing;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace ElizaEngine.Comparison.Data;

/// <summary>The true nearest rows of queries, by comparing all of them.</summary>
internal static class ExactTruth
{
    // So many rows are compared with all queries of a thread while they lie in its cache.
    private const int BlockRows = 64;
    private const int QueriesPerThread = 32;

    /// <summary>The nearest rows of each query, the best first. Kept on disk: another run over the same vectors reads them.</summary>
    /// <param name="rows">Of unit length, one behind the other.</param>
    /// <param name="queries">As rows.</param>
    /// <param name="dimension">Components of each.</param>
    /// <param name="count">How many for each query.</param>
    public static int[][] Load(float[] rows, float[] queries, int dimension, int count)
    {
        count = Math.Min(count, rows.Length / dimension);
        var file = Path.Combine(Cache(), $"{Hash(rows)}-{Hash(queries)}-{count}.i32");
        var length = queries.Length / dimension;
        if (File.Exists(file) && new FileInfo(file).Length == (long)length * count * sizeof(int))
        {
            return [.. MemoryMarshal.Cast<byte, int>(File.ReadAllBytes(file)).ToArray().Chunk(count)];
        }
        var truth = Find(rows, queries, dimension, count, null);
        Directory.CreateDirectory(Cache());
        // Moved into place when it is whole.
        var made = $"{file}.{Environment.ProcessId}";
        using (var stream = File.Create(made)) stream.Write(MemoryMarshal.AsBytes<int>(truth.SelectMany(nearest => nearest).ToArray()));
        File.Move(made, file, overwrite: true);
        return truth;
    }

    /// <summary>The nearest of the rows that may be found; fewer where there are not so many.</summary>
    /// <param name="rows">As above.</param>
    /// <param name="queries">As above.</param>
    /// <param name="dimension">As above.</param>
    /// <param name="count">How many for each query.</param>
    /// <param name="eligible">Null: all.</param>
    public static int[][] Find(float[] rows, float[] queries, int dimension, int count, int[]? eligible)
    {
        var truth = new int[queries.Length / dimension][];
        var chunks = (truth.Length + QueriesPerThread - 1) / QueriesPerThread;
        Parallel.For(0, chunks, chunk =>
        {
            var from = chunk * QueriesPerThread;
            var nearest = new Nearest[Math.Min(QueriesPerThread, truth.Length - from)];
            for (var i = 0; i < nearest.Length; i++) nearest[i] = new Nearest(count);
            Compare(rows, queries.AsSpan(from * dimension, nearest.Length * dimension), dimension, nearest, eligible);
            for (var i = 0; i < nearest.Length; i++) truth[from + i] = nearest[i].BestFirst();
        });
        return truth;
    }

    private static void Compare(float[] rows, ReadOnlySpan<float> queries, int dimension, Nearest[] nearest, int[]? eligible)
    {
        var total = eligible?.Length ?? rows.Length / dimension;
        for (var first = 0; first < total; first += BlockRows)
        {
            var last = Math.Min(first + BlockRows, total);
            for (var i = 0; i < nearest.Length; i++)
            {
                var query = queries.Slice(i * dimension, dimension);
                for (var place = first; place < last; place++)
                {
                    var row = eligible is null ? place : eligible[place];
                    nearest[i].Offer(row, TensorPrimitives.Dot(query, rows.AsSpan(row * dimension, dimension)));
                }
            }
        }
    }

    private static string Hash(float[] vectors) => Convert.ToHexStringLower(XxHash128.Hash(MemoryMarshal.AsBytes<float>(vectors)))[..16];

    private static string Cache() => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache ? cache
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"), "eliza-engine", "comparison", "truth");

    /// <summary>The most similar rows so far; the worst of them in front.</summary>
    private sealed class Nearest(int count)
    {
        private readonly PriorityQueue<int, float> _rows = new(count + 1);
        private float _worst = float.NegativeInfinity;

        public void Offer(int row, float similarity)
        {
            if (_rows.Count < count) _rows.Enqueue(row, similarity);
            else if (similarity > _worst) _rows.EnqueueDequeue(row, similarity);
            else return;
            if (_rows.Count == count && _rows.TryPeek(out _, out var worst)) _worst = worst;
        }

        public int[] BestFirst()
        {
            var found = new int[_rows.Count];
            for (var i = found.Length - 1; i >= 0; i--) found[i] = _rows.Dequeue();
            return found;
        }
    }
}
