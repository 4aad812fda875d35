using System.Runtime.CompilerServices;

namespace ElizaEngine.Vectors;

/// <summary>
/// The memory of a graph, by slot. A list of neighbours is a fixed number of slots, ended by -1 where it is shorter: 2M on the base
/// level, where every node is, M on each level above. Writers change a list under the lock of its node; readers take none, since a list
/// holds neighbours at every moment: a new one is written over an old one from the front.
/// </summary>
internal sealed unsafe class GraphLinks : IDisposable
{
    internal const int None = -1;

    private const int Stripes = 1024;

    // A node's levels above the base lie one behind the other in _upper, from here.
    private readonly NativeTable _base;
    private readonly NativeTable _upper;
    private readonly NativeTable _places = new(2 * sizeof(int));
    private readonly NativeTable _marks = new(2 * sizeof(long), isZeroed: true);
    private readonly ChangeMarks _changedWords = new();
    private readonly ChangeMarks _changedNodes = new();
    private readonly ChangeMarks _changedLists = new();
    private readonly int[] _locks = new int[Stripes];

    internal GraphLinks(int m)
    {
        M = m;
        _base = new NativeTable(2 * m * sizeof(int), isHuge: true);
        _upper = new NativeTable(m * sizeof(int));
    }

    internal int M { get; }

    internal int BaseMax => 2 * M;

    /// <summary>Slots whose memory is there.</summary>
    internal int Reserved { get; private set; }

    /// <summary>Lists above the base level.</summary>
    internal int UpperLists { get; private set; }

    internal long Bytes => ((long)Reserved * ((BaseMax * sizeof(int)) + (2 * sizeof(int)))) + ((long)UpperLists * M * sizeof(int)) + (Reserved * 3L / 8);

    /// <summary>Makes slots before a number into nodes without neighbours, so that walks may meet them.</summary>
    internal void Reserve(int count)
    {
        ReserveMarks(count);
        if (count <= Reserved)
            return;
        _base.Reserve(count);
        _places.Reserve(count);
        var lists = UpperLists;
        for (var slot = Reserved; slot < count; slot++)
        {
            new Span<int>(Base(slot), BaseMax).Fill(None);
            var level = LevelOf(slot);
            Place(slot)[0] = lists;
            Place(slot)[1] = None;
            _upper.Reserve(lists + level);
            for (var list = lists; list < lists + level; list++)
                new Span<int>(_upper.Item(list), M).Fill(None);
            lists += level;
        }

        _changedNodes.Reserve(count);
        _changedLists.Reserve(lists);
        UpperLists = lists;
        Reserved = count;
    }

    /// <summary>Makes room for the marks of slots before a number, which may be no nodes yet.</summary>
    internal void ReserveMarks(int count)
    {
        _marks.Reserve((count + 63) >>> 6);
        _changedWords.Reserve((count + 63) >>> 6);
    }

    /// <summary>Words of deleted marks, of 64 slots each, that changed since they were stored.</summary>
    internal ChangeMarks ChangedWords => _changedWords;

    /// <summary>Nodes, by slot, whose list on the base level or whose twins changed since they were stored.</summary>
    internal ChangeMarks ChangedNodes => _changedNodes;

    /// <summary>Lists above the base level, by number, that changed since they were stored.</summary>
    internal ChangeMarks ChangedLists => _changedLists;

    /// <summary>Lists above the base level of the slots before a number that nobody has linked yet, or that ends them.</summary>
    internal int ListsBefore(int slot) => slot == Reserved ? UpperLists : Place(slot)[0];

    /// <summary>Notes that the neighbours of a node on a level changed.</summary>
    internal void MarkChanged(int slot, int level)
    {
        if (level == 0)
            _changedNodes.Mark(slot);
        else
            _changedLists.Mark(Place(slot)[0] + level - 1);
    }

    /// <summary>The lists of the base level, by slot.</summary>
    internal NativeTable BaseTable => _base;

    /// <summary>The lists of the levels above, by slot, then by level.</summary>
    internal NativeTable UpperTable => _upper;

    /// <summary>The marks of 64 slots in two words; only the first, the deleted ones, is stored.</summary>
    internal long DeadBits(int word) => *(long*)_marks.Item(word);

    internal void SetDeadBits(int word, long bits) => *(long*)_marks.Item(word) = bits;

    internal void SetTwins(int slot, bool isTwin, int next)
    {
        if (isTwin)
            Place(slot)[0] = None;
        else if (next != None)
            TwinWord(slot) |= 1L << slot;
        Place(slot)[1] = next;
    }

    /// <summary>
    /// The highest level of a node: the same for a slot every time, and each level has a share of 1 / M of the one below it (Malkov and
    /// Yashunin, section 4.1).
    /// </summary>
    internal int LevelOf(int slot)
    {
        var bits = HashOf(slot);
        // Integers only, since levels are part of what is stored.
        var level = 0;
        for (var limit = ulong.MaxValue / (uint)M; bits < limit; limit /= (uint)M)
            level++;
        return level;
    }

    /// <summary>The finisher of SplitMix64: neighbouring slots get unrelated numbers, which are the lower the higher their levels.</summary>
    internal static ulong HashOf(int slot)
    {
        var bits = ((ulong)(uint)slot + 1) * 0x9E3779B97F4A7C15;
        bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
        bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
        return bits ^ (bits >> 31);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int* Base(int slot) => (int*)_base.Item(slot);

    /// <summary>The neighbours on a level; for nodes that are on it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int* Of(int slot, int level) => level == 0 ? Base(slot) : (int*)_upper.Item(Place(slot)[0] + level - 1);

    internal int Max(int level) => level == 0 ? BaseMax : M;

    /// <summary>The next slot with the same codes: the node's own list of those, the highest first; -1 behind the last.</summary>
    internal int Twin(int slot) => Volatile.Read(ref Place(slot)[1]);

    /// <summary>Whether a slot is no node, but in the list of one.</summary>
    internal bool IsTwin(int slot) => Place(slot)[0] == None;

    /// <summary>
    /// Puts a slot among a node's twins, once, behind higher ones; there are none of these but where several threads add.
    /// </summary>
    internal void AddTwin(int node, int slot)
    {
        Lock(node);
        var before = node;
        while (Twin(before) > slot)
            before = Twin(before);
        if (Twin(before) != slot)
        {
            Place(slot)[0] = None;
            Place(slot)[1] = Twin(before);
            Volatile.Write(ref Place(before)[1], slot);
        }

        Unlock(node);
        Interlocked.Or(ref TwinWord(node), 1L << node);
        _changedNodes.Mark(before);
        _changedNodes.Mark(slot);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool HasTwins(int slot) => (TwinWord(slot) & (1L << slot)) != 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool IsDead(int slot) => (DeadWord(slot) & (1L << slot)) != 0;

    /// <summary>Marks a slot as deleted.</summary>
    /// <returns>Whether it was not.</returns>
    internal bool Kill(int slot)
    {
        if ((Interlocked.Or(ref DeadWord(slot), 1L << slot) & (1L << slot)) != 0)
            return false;
        _changedWords.Mark(slot >> 6);
        return true;
    }

    /// <summary>Whether a node and all its twins are deleted.</summary>
    internal bool IsAllDead(int node)
    {
        if (!IsDead(node))
            return false;
        if (!HasTwins(node))
            return true;
        for (var twin = Twin(node); twin != None; twin = Twin(twin))
        {
            if (!IsDead(twin))
                return false;
        }

        return true;
    }

    internal static int Count(int* links, int max)
    {
        var count = 0;
        while (count < max && links[count] != None)
            count++;
        return count;
    }

    /// <summary>Replaces a list. Under the lock of its node.</summary>
    internal static void Write(int* links, int max, ReadOnlySpan<int> neighbours)
    {
        for (var i = 0; i < neighbours.Length; i++)
            Volatile.Write(ref links[i], neighbours[i]);
        for (var i = neighbours.Length; i < max; i++)
            links[i] = None;
    }

    /// <summary>Several nodes share a lock; whoever holds one asks for no other.</summary>
    internal void Lock(int node)
    {
        ref var taken = ref _locks[node & (Stripes - 1)];
        if (Interlocked.CompareExchange(ref taken, 1, 0) == 0)
            return;
        var wait = default(SpinWait);
        do
            wait.SpinOnce();
        while (Interlocked.CompareExchange(ref taken, 1, 0) != 0);
    }

    internal void Unlock(int node) => Volatile.Write(ref _locks[node & (Stripes - 1)], 0);

    public void Dispose()
    {
        _base.Dispose();
        _upper.Dispose();
        _places.Dispose();
        _marks.Dispose();
        _changedWords.Dispose();
        _changedNodes.Dispose();
        _changedLists.Dispose();
    }

    // SAFETY: of all: the graph keeps the tables while anyone is inside, and a slot comes from a list or is below Reserved.
    private int* Place(int slot) => (int*)_places.Item(slot);

    private ref long DeadWord(int slot) => ref ((long*)_marks.Item(slot >> 6))[0];

    private ref long TwinWord(int slot) => ref ((long*)_marks.Item(slot >> 6))[1];
}
