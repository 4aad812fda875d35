using System.Numerics;

namespace ElizaEngine.Vectors;

/// <summary>
/// A bit for each of many things: whether it changed since its bit was taken. They lie beside the things, so that reading those costs nothing.
/// Marking is for any thread; making room for one at a time, and taking too.
/// </summary>
internal sealed unsafe class ChangeMarks : IDisposable
{
    // SAFETY: of all: whoever marks or takes keeps the graph, which keeps the table, and words are used below what was reserved.
    private readonly NativeTable _words = new(sizeof(ulong), isZeroed: true);
    private int _reserved;

    /// <summary>Makes room for the things before a number.</summary>
    internal void Reserve(int count)
    {
        var words = (count + 63) >>> 6;
        if (words <= _reserved)
            return;
        _words.Reserve(words);
        _reserved = words;
    }

    /// <summary>Notes a change, once it is there: whoever takes the mark then reads what was changed.</summary>
    internal void Mark(int number)
    {
        ref var word = ref Word(number >>> 6);
        var bit = 1UL << number;
        // Most are marked already where many change, and reading is cheap.
        if ((Volatile.Read(ref word) & bit) == 0)
            Interlocked.Or(ref word, bit);
    }

    /// <summary>How many before a number are marked.</summary>
    internal int Count(int end)
    {
        var count = 0;
        for (var word = 0; word < Words(end); word++)
            count += BitOperations.PopCount(Volatile.Read(ref Word(word)) & Before(end, word));
        return count;
    }

    /// <summary>Takes the marks before a number: what changes from here on is marked again. Rising.</summary>
    internal int[] Take(int end)
    {
        var taken = new List<int>();
        for (var word = 0; word < Words(end); word++)
        {
            var before = Before(end, word);
            for (var bits = Interlocked.And(ref Word(word), ~before) & before; bits != 0; bits &= bits - 1)
                taken.Add((word * 64) + BitOperations.TrailingZeroCount(bits));
        }

        return [.. taken];
    }

    public void Dispose() => _words.Dispose();

    private static ulong Before(int end, int word) => end - (word * 64) is var left and < 64 ? (1UL << left) - 1 : ulong.MaxValue;

    private int Words(int end) => Math.Min(_reserved, (end + 63) >>> 6);

    private ref ulong Word(int word) => ref *(ulong*)_words.Item(word);
}
