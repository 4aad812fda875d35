using System.Runtime.CompilerServices;

namespace ElizaEngine.Vectors;

/// <summary>
/// Some hundred nodes from all over a graph, their codes side by side: a walk compares them all and goes down from the nearest. Going down
/// from one entry, from neighbour to neighbour, ends in whatever cluster it meets first where clusters have nothing in common
/// (decisions/0031). They are nodes of the upper levels, so which they are has nothing to do with what they are like.
/// <para>One thread at a time adds; readers take no lock.</para>
/// </summary>
internal sealed unsafe class Gateways
{
    private const int CountMax = 512;

    /// <summary>Of their rows: they stay in a processor's second cache.</summary>
    private const int RowBytesMax = 192 << 10;

    private const int Alignment = 64;

    /// <summary>A walk that keeps fewer is over so soon that comparing all would be a twentieth of it: it compares one in two.</summary>
    private const int EffortForAll = 48;

    private readonly byte[] _rowArray;
    private readonly float[] _scaleArray;
    private readonly int[] _slots;
    private readonly int _rowBytes;
    private readonly int _halvings;
    private int _count;

    private Gateways(int rowBytes, int halvings)
    {
        var most = Math.Min(CountMax, RowBytesMax / rowBytes);
        _rowArray = GC.AllocateUninitializedArray<byte>((most * rowBytes) + Alignment, pinned: true);
        _scaleArray = GC.AllocateUninitializedArray<float>(most, pinned: true);
        _slots = new int[most];
        (_rowBytes, _halvings) = (rowBytes, halvings);
        // SAFETY: of all addresses here: the arrays are pinned and this object keeps them; places are below the count.
        var start = (nuint)Unsafe.AsPointer(ref _rowArray[0]);
        Rows = (byte*)((start + Alignment - 1) / Alignment * Alignment);
        Scales = (float*)Unsafe.AsPointer(ref _scaleArray[0]);
    }

    /// <summary>How many there are.</summary>
    internal int Count => Volatile.Read(ref _count);

    /// <summary>Their rows, as <see cref="Codes"/> has them.</summary>
    internal byte* Rows { get; }

    /// <summary>Their scales.</summary>
    internal float* Scales { get; }

    /// <summary>The node at a place.</summary>
    internal int this[int place] => _slots[place];

    /// <summary>One in so many is compared, for a walk of an effort.</summary>
    internal static int StepFor(int effort) => effort < EffortForAll ? 2 : 1;

    /// <summary>Bytes that they take.</summary>
    internal static int BytesOf(int dimension) =>
        Codes.Padded(dimension) is var rowBytes ? Math.Min(CountMax, RowBytesMax / rowBytes) * (rowBytes + sizeof(float) + sizeof(int)) : 0;

    /// <summary>Adds those of some nodes that are gateways, which others must be linked to.</summary>
    /// <param name="before">Those before; null: none.</param>
    /// <param name="codes">Of the graph; its caller is an owner of both.</param>
    /// <param name="links">Of the graph.</param>
    /// <param name="from">The first slot.</param>
    /// <param name="to">Behind the last one.</param>
    /// <returns>The same, or others in their place; null: none yet.</returns>
    internal static Gateways? With(Gateways? before, Codes codes, GraphLinks links, int from, int to)
    {
        var gateways = before;
        for (var slot = from; slot < to; slot++)
        {
            if (links.LevelOf(slot) == 0 || links.IsTwin(slot) || links.IsAllDead(slot))
                continue;
            gateways ??= new Gateways(codes.RowBytes, halvings: 0);
            while (gateways.IsOne(slot) && gateways._count == gateways._slots.Length)
                gateways = gateways.Halved(codes);
            if (gateways.IsOne(slot))
                gateways.Add(codes, slot);
        }

        return gateways;
    }

    private bool IsOne(int slot) => GraphLinks.HashOf(slot) >>> (64 - 1 - _halvings) >>> 1 == 0;

    // There is no room for more: one in two stays, and of those to come one in two is taken.
    private Gateways Halved(Codes codes)
    {
        var half = new Gateways(_rowBytes, _halvings + 1);
        foreach (var slot in _slots.AsSpan(0, _count))
        {
            if (half.IsOne(slot))
                half.Add(codes, slot);
        }

        return half;
    }

    private void Add(Codes codes, int slot)
    {
        var place = _count;
        Unsafe.CopyBlock(Rows + ((long)place * _rowBytes), codes.Row(slot), (uint)_rowBytes);
        Scales[place] = codes.Scale(slot);
        _slots[place] = slot;
        Volatile.Write(ref _count, place + 1);
    }
}
