using System.Runtime.CompilerServices;

namespace ElizaEngine.Local;

/// <summary>
/// Sorts rows for the building of indexes: a radix sort, least significant digit first (Knuth, The Art of Computer Programming 3, 5.2.5).
/// It is stable, so that an order by several keys is one sort after the other, the first key last. O(n) for each digit in which keys differ.
/// </summary>
internal static class RowSort
{
    private const int DigitBits = 11;
    private const int DigitValues = 1 << DigitBits;

    /// <summary>Sorts rows by a key, which is read as unsigned.</summary>
    /// <param name="rows">Sorted in place.</param>
    /// <param name="keyOf">The key of a row.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ByKey<TRow>(TRow[] rows, Func<TRow, ulong> keyOf)
        where TRow : class
    {
        var keys = new ulong[rows.Length];
        for (var i = 0; i < keys.Length; i++) keys[i] = keyOf(rows[i]);
        var differing = 0ul;
        foreach (var key in keys) differing |= key ^ keys[0];
        if (differing == 0) return;
        var (fromRows, toRows, fromKeys, toKeys) = (rows, new TRow[rows.Length], keys, new ulong[keys.Length]);
        var places = new int[DigitValues];
        for (var shift = 0; shift < 64 && differing >> shift != 0; shift += DigitBits)
        {
            if (((differing >> shift) & (DigitValues - 1)) == 0) continue;
            Array.Clear(places);
            foreach (var key in fromKeys) places[(key >> shift) & (DigitValues - 1)]++;
            var next = 0;
            for (var digit = 0; digit < DigitValues; digit++) (places[digit], next) = (next, next + places[digit]);
            for (var i = 0; i < fromKeys.Length; i++)
            {
                var place = places[(fromKeys[i] >> shift) & (DigitValues - 1)]++;
                toKeys[place] = fromKeys[i];
                toRows[place] = fromRows[i];
            }
            (fromRows, toRows, fromKeys, toKeys) = (toRows, fromRows, toKeys, fromKeys);
        }
        if (!ReferenceEquals(fromRows, rows)) Array.Copy(fromRows, rows, rows.Length);
    }

    /// <summary>Sorts rows by a time, and those of one time by id.</summary>
    /// <param name="rows">Sorted in place.</param>
    /// <param name="msOf">The time of a row.</param>
    public static void ByTime<TRow>(TRow[] rows, Func<TRow, long> msOf)
        where TRow : Row
    {
        ByKey(rows, row => KeyOf(msOf(row)));
        for (var start = 0; start < rows.Length;)
        {
            var end = start + 1;
            while (end < rows.Length && msOf(rows[end]) == msOf(rows[start])) end++;
            if (end - start > 1) rows.AsSpan(start, end - start).Sort(static (left, right) => left.Id.CompareTo(right.Id));
            start = end;
        }
    }

    /// <summary>A number with its sign as a key of the same order.</summary>
    private static ulong KeyOf(long number) => (ulong)number ^ (1ul << 63);
}
