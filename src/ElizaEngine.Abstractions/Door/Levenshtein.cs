namespace ElizaEngine;

/// <summary>Edit distance with unit costs, over Unicode code points. Wagner and Fischer (1974), two rows, cut to the band the limit allows.</summary>
internal static class Levenshtein
{
    public static int[] CodePoints(string text) => [.. text.EnumerateRunes().Select(rune => rune.Value)];

    /// <summary>Edits between two texts; null when there are more than <paramref name="limit"/>. O(length x limit).</summary>
    public static int? Distance(ReadOnlySpan<int> left, ReadOnlySpan<int> right, int limit, CancellationToken cancellationToken = default)
    {
        if (Math.Abs(left.Length - right.Length) > limit) return null;
        var previous = new int[right.Length + 1];
        var current = new int[right.Length + 1];
        for (var j = 0; j <= right.Length; j++) previous[j] = j;
        for (var i = 1; i <= left.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            // Cells further from the diagonal than the limit hold more than the limit: they need no computing.
            var from = (int)Math.Max(1L, (long)i - limit);
            var to = (int)Math.Min(right.Length, (long)i + limit);
            current[0] = i;
            if (from > 1) current[from - 1] = int.MaxValue - 1;
            var best = current[from - 1];
            for (var j = from; j <= to; j++)
            {
                var above = j <= (long)i - 1 + limit ? previous[j] : int.MaxValue - 1;
                var replaced = previous[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
                current[j] = Math.Min(replaced, Math.Min(above, current[j - 1]) + 1);
                best = Math.Min(best, current[j]);
            }
            if (best > limit) return null;
            (previous, current) = (current, previous);
        }
        return previous[right.Length] <= limit ? previous[right.Length] : null;
    }
}
