using System.Numerics.Tensors;

namespace ElizaEngine.Comparison.Data;

/// <summary>A filter and what is asked under it.</summary>
/// <param name="Name">As the tables have it.</param>
/// <param name="Room">Only this room; null: no filter.</param>
/// <param name="Rows">How many rows are in it.</param>
/// <param name="Queries">Which queries.</param>
/// <param name="Truth">For each of those the true nearest of the room, the best first.</param>
internal sealed record FilterCase(string Name, int? Room, int Rows, int[] Queries, int[][] Truth);

/// <summary>Rows dealt into rooms that hold 50 %, 10 %, 1 % and 0.1 % of them, and one for the rest.</summary>
/// <param name="Name">What the rooms are.</param>
/// <param name="Rooms">The room of each row.</param>
/// <param name="Cases">What is asked.</param>
internal sealed record FilterLayout(string Name, int[] Rooms, IReadOnlyList<FilterCase> Cases)
{
    /// <summary>The name of the case without a filter.</summary>
    public const string NoFilter = "100 %, no filter";

    // Before what is made of them.
    private static readonly double[] s_shares = [0.5, 0.1, 0.01, 0.001];

    /// <summary>The names of all cases with a filter, of both layouts.</summary>
    public static IReadOnlyList<string> Filters { get; } =
        [.. from kind in (string[])["scattered", "near", "far"] from room in Enumerable.Range(0, s_shares.Length) select NameOf(room, kind)];

    private const int TruthCount = 10;
    private const int RandomSeed = 5;

    /// <summary>Who is in which room has nothing to do with what is asked. Also the search without a filter.</summary>
    public static FilterLayout Scattered(VectorSet set)
    {
        int[] order = [.. Enumerable.Range(0, set.Count)];
        new Random(RandomSeed).Shuffle(order);
        var rooms = Rest(set);
        var first = 0;
        for (var room = 0; room < s_shares.Length; room++)
        {
            var size = Size(set, room);
            foreach (var row in order.AsSpan(first, size)) rooms[row] = room;
            first += size;
        }
        int[] queries = [.. Enumerable.Range(0, Math.Max(1, set.QueryCount / 5))];
        return new FilterLayout("scattered", rooms,
        [
            new FilterCase(NoFilter, null, set.Count, queries, Truth(set, queries, null)),
            .. Enumerable.Range(0, s_shares.Length).Select(room => Case(set, rooms, room, "scattered", queries)),
        ]);
    }

    /// <summary>
    /// A room is a region: the rows nearest to some row, of those that have no room yet, the smallest room first. Under each filter
    /// the queries nearest to the region are asked, and then those farthest from it.
    /// </summary>
    public static FilterLayout Regions(VectorSet set)
    {
        var rooms = Rest(set);
        var cases = new List<FilterCase>();
        for (var room = s_shares.Length - 1; room >= 0; room--)
        {
            var anchor = set.Row(room).ToArray();
            var free = Enumerable.Range(0, set.Count).Where(row => rooms[row] == s_shares.Length);
            foreach (var row in free.OrderByDescending(row => TensorPrimitives.Dot(anchor, set.Row(row))).Take(Size(set, room)).ToArray()) rooms[row] = room;
            int[] byNearness = [.. Enumerable.Range(0, set.QueryCount).OrderByDescending(query => TensorPrimitives.Dot(anchor, set.Query(query).Span))];
            var asked = Math.Max(1, set.QueryCount / 10);
            cases.Add(Case(set, rooms, room, "far", byNearness[^asked..]));
            cases.Add(Case(set, rooms, room, "near", byNearness[..asked]));
        }
        cases.Reverse();
        return new FilterLayout("regions", rooms, cases);
    }

    private static FilterCase Case(VectorSet set, int[] rooms, int room, string kind, int[] queries)
    {
        int[] eligible = [.. Enumerable.Range(0, set.Count).Where(row => rooms[row] == room)];
        return new FilterCase(NameOf(room, kind), room, eligible.Length, queries, Truth(set, queries, eligible));
    }

    private static string NameOf(int room, string kind) => $"{s_shares[room] * 100:0.###} %, {kind}";

    private static int[][] Truth(VectorSet set, int[] queries, int[]? eligible)
    {
        float[] vectors = [.. queries.SelectMany(query => set.Query(query).ToArray())];
        return ExactTruth.Find(set.Rows, vectors, set.Dimension, TruthCount, eligible);
    }

    private static int Size(VectorSet set, int room) => Math.Max(1, (int)(set.Count * s_shares[room]));

    private static int[] Rest(VectorSet set) => [.. Enumerable.Repeat(s_shares.Length, set.Count)];
}
