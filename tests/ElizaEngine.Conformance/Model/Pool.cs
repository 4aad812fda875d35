namespace ElizaEngine.Conformance.Model;

/// <summary>
/// What histories are made of: few ids, so that calls meet the same rows, and a few vectors and texts. Ids are spread over the
/// whole range of their first bytes, so that an order that takes them for signed or little-endian shows.
/// </summary>
internal static class Pool
{
    public static readonly Guid[] Agents = Ids("agent", 3);
    public static readonly Guid[] Entities = Ids("entity", 6);
    public static readonly Guid[] Rooms = Ids("room", 4);
    public static readonly Guid[] Worlds = Ids("world", 3);
    public static readonly Guid[] Memories = Ids("memory", 20);
    public static readonly Guid[] Components = Ids("component", 6);
    public static readonly Guid[] Relationships = Ids("relationship", 5);
    public static readonly Guid[] Tasks = Ids("task", 6);
    public static readonly Guid[] Logs = Ids("log", 16);

    public static readonly string[] Tables = ["messages", "facts", "knowledge"];
    public static readonly string[] Texts = ["Ada", "ada", "I prefer dark mode", "dark", "100%_", "Zoë 🎉", ""];
    public static readonly string[] Tags = ["queue", "repeat", "once"];
    public static readonly string[] Types = ["profile", "mood"];
    public static readonly string[] CacheKeys = ["one", "two", "three"];
    public static readonly string[] Runs = ["run-1", "run-2", "run-3"];

    /// <summary>Dimensions that vectors of histories have.</summary>
    public static readonly int[] Dimensions = [3, 4];

    /// <summary>Thresholds of searches; no similarity of two vectors lies within 1e-3 of one.</summary>
    public static readonly float?[] Thresholds = [null, null, -1f, -0.3f, 0f, 0.31f, 0.7f, 0.95f];

    private static readonly Dictionary<Guid, string> Names = new[]
        {
            ("agent", Agents), ("entity", Entities), ("room", Rooms), ("world", Worlds), ("memory", Memories), ("component", Components),
            ("relationship", Relationships), ("task", Tasks), ("log", Logs),
        }
        .SelectMany(kind => kind.Item2.Select((id, number) => (id, Name: $"{kind.Item1}{number}")))
        .ToDictionary(pair => pair.id, pair => pair.Name);

    private static readonly Dictionary<int, float[][]> VectorsOf = Dimensions.ToDictionary(dimension => dimension, MakeVectors);

    /// <summary>
    /// The vectors of a dimension. For any two queries of them: similarities to different vectors differ by more than 1e-3, none
    /// is nearer than 1e-3 to a threshold, and none so lies between two four-digit numbers that rounding could go either way.
    /// </summary>
    public static float[][] Vectors(int dimension) => VectorsOf[dimension];

    /// <summary>Short name of an id of the pool; any other id was made by a backend, and is like any other such id.</summary>
    public static string NameOf(Guid id) => Names.TryGetValue(id, out var name) ? name : id == Guid.Empty ? "empty" : "(made)";

    private static Guid[] Ids(string kind, int count) => [.. Enumerable.Range(0, count).Select(number => IdOf(kind, (uint)number))];

    private static Guid IdOf(string kind, uint number)
    {
        var spread = (number + 1) * 2654435761u; // Knuth's multiplicative hash.
        var high = kind.Aggregate(0, (sum, letter) => (sum * 31) + letter) & 0xFFFF;
        return new Guid(spread, (ushort)high, (ushort)(spread >> 8), 0x80, 0, 0, 0, 0, 0, 0, (byte)number);
    }

    private static float[][] MakeVectors(int dimension)
    {
        for (var seed = 1; ; seed++)
        {
            var random = new Random(seed);
            float[] Next() => [.. Enumerable.Range(0, dimension).Select(_ => (float)Math.Round((random.NextDouble() * 2) - 1, 2))];
            float[] Near(float[] vector, float by) => [.. vector.Select((x, i) => i == 0 ? x + by : x)];
            var vectors = new List<float[]> { Next(), Next(), Next(), Next(), Next() };
            vectors.Add(Near(vectors[0], 0.2f));
            vectors.Add(Near(vectors[0], 0.5f));
            if (AreClear(vectors) && Cosine(vectors[0], vectors[5]) > 0.96 && Cosine(vectors[0], vectors[6]) < 0.94) return [.. vectors];
        }
    }

    private static bool AreClear(List<float[]> vectors)
    {
        foreach (var query in vectors)
        {
            var similarities = vectors.Select(vector => Cosine(query, vector)).Order().ToList();
            if (similarities.Zip(similarities.Skip(1)).Any(pair => pair.Second - pair.First < 1e-3)) return false;
            if (similarities.Any(value => Thresholds.Any(threshold => threshold is { } t && Math.Abs(value - t) < 1e-3))) return false;
            if (similarities.Any(value => value < 0.99999 && Math.Abs((value * 1e4) - Math.Floor(value * 1e4) - 0.5) < 0.1)) return false;
        }
        return true;
    }

    private static double Cosine(float[] left, float[] right)
    {
        double Dot(float[] x, float[] y) => x.Zip(y).Sum(pair => (double)pair.First * pair.Second);
        return Dot(left, right) / Math.Sqrt(Dot(left, left) * Dot(right, right));
    }
}
