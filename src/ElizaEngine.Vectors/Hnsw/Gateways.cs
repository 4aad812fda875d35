using System.Runtime.CompilerServices;

namespace ElizaEngine.Vectors;

/// <summary>
/// Some nodes from all over a graph, their codes side by side: a walk compares them and goes down from the nearest. Going down from one
/// entry, from neighbour to neighbour, ends in whatever cluster it meets first where clusters have nothing in common (decisions/0031).
/// They are the nodes with the lowest hashes, which have the highest levels, so which they are has nothing to do with what they are like.
/// Never changes; for any thread.
/// </summary>
internal sealed unsafe class Gateways
{
    private const int CountMax = 384;

    /// <summary>Of their rows, of which long ones are fewer: they stay in a processor's second cache.</summary>
    private const int RowBytesMax = 192 << 10;

    private const int Alignment = 64;

    /// <summary>
    /// A walk that keeps fewer is over so soon that comparing all would be a twentieth of it: it compares one in two, and begins in another
    /// cluster more often.
    /// </summary>
    private const int EffortForAll = 48;

    private readonly byte[] _rowArray;
    private readonly float[] _scaleArray;
    private readonly int[] _slots;

    private Gateways(Codes codes, int[] slots)
    {
        var rowBytes = codes.RowBytes;
        _rowArray = GC.AllocateUninitializedArray<byte>((slots.Length * rowBytes) + Alignment, pinned: true);
        _scaleArray = GC.AllocateUninitializedArray<float>(slots.Length, pinned: true);
        _slots = slots;
        // SAFETY: of all addresses here: the arrays are pinned and this object keeps them; places are below the count.
        var start = (nuint)Unsafe.AsPointer(ref _rowArray[0]);
        Rows = (byte*)((start + Alignment - 1) / Alignment * Alignment);
        Scales = (float*)Unsafe.AsPointer(ref _scaleArray[0]);
        for (var place = 0; place < slots.Length; place++)
        {
            Unsafe.CopyBlock(Rows + ((long)place * rowBytes), codes.Row(slots[place]), (uint)rowBytes);
            Scales[place] = codes.Scale(slots[place]);
        }
    }

    /// <summary>How many there are: one at least.</summary>
    internal int Count => _slots.Length;

    /// <summary>Their rows, as <see cref="Codes"/> has them; for as long as this object is kept.</summary>
    internal byte* Rows { get; }

    /// <summary>Their scales; as long.</summary>
    internal float* Scales { get; }

    /// <summary>The node at a place.</summary>
    internal int this[int place] => _slots[place];

    /// <summary>One in so many is compared, for a walk of an effort.</summary>
    internal static int StepFor(int effort) => effort < EffortForAll ? 2 : 1;

    /// <summary>Bytes that they take, at most.</summary>
    internal static int BytesOf(int dimension)
    {
        var rowBytes = Codes.Padded(dimension);
        return Most(rowBytes) * (rowBytes + sizeof(float) + sizeof(int));
    }

    /// <summary>The gateways of a graph that some nodes have come to.</summary>
    /// <param name="before">Those before; null: none.</param>
    /// <param name="codes">Of the graph; its caller is an owner of both.</param>
    /// <param name="links">Of the graph.</param>
    /// <param name="from">The first slot that came; all below the last one are linked.</param>
    /// <param name="to">Behind the last one.</param>
    /// <returns>The same where none of them is one; null: there are none yet.</returns>
    internal static Gateways? With(Gateways? before, Codes codes, GraphLinks links, int from, int to)
    {
        var highest = before is null || before.Count < Most(codes.RowBytes) ? ulong.MaxValue : before._slots.Max(GraphLinks.HashOf);
        var came = new List<int>();
        for (var slot = from; slot < to; slot++)
        {
            if (GraphLinks.HashOf(slot) < highest && links.LevelOf(slot) > 0 && !links.IsTwin(slot) && !links.IsAllDead(slot))
                came.Add(slot);
        }

        if (came.Count == 0)
            return before;
        var lowest = came.Concat(before?._slots ?? []).OrderBy(GraphLinks.HashOf).Take(Most(codes.RowBytes));
        // In the order of slots, so that one in two is from all over, too.
        return new Gateways(codes, [.. lowest.Order()]);
    }

    private static int Most(int rowBytes) => Math.Min(CountMax, RowBytesMax / rowBytes);
}
