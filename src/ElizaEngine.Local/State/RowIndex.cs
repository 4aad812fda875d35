using System.Runtime.CompilerServices;

namespace ElizaEngine.Local;

/// <summary>Says under which key an index keeps a row.</summary>
internal interface IRowOrder<TKey, TRow>
{
    /// <summary>The row's key in this index; the same for as long as the row is in it.</summary>
    static abstract TKey KeyOf(TRow row);
}

/// <summary>
/// A persistent B+tree of rows, ordered by a key each row yields; at most one row has a key.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>A value of this type never changes: <see cref="Put"/> and <see cref="Remove"/> return another one. Whoever holds it
/// reads one point in time, without a lock, on any thread.</item>
/// <item>A node is edited in place only by the owner that made it (<see cref="Node.Owner"/>); everybody else copies it.
/// An owner is a number that is never used again once values made under it have been shown to readers.</item>
/// <item>Leaves hold rows only; inner nodes hold separators: <c>Keys[i]</c> is at most every key under <c>Children[i]</c>
/// and greater than every key under <c>Children[i - 1]</c>. <c>Keys[0]</c> is not looked at.</item>
/// <item>All leaves are equally deep; no node but the root is empty.</item>
/// </list>
/// Cost: <see cref="Find"/> O(log n); a change copies one path, of O(log n) nodes, at most once per owner.
/// </summary>
internal readonly partial struct RowIndex<TKey, TRow, TOrder>
    where TKey : struct, IComparable<TKey>
    where TRow : class
    where TOrder : struct, IRowOrder<TKey, TRow>
{
    private const int LeafCapacity = 32;
    private const int InnerCapacity = 16;

    private readonly Node? _root;

    private RowIndex(Node? root, int count)
    {
        _root = root;
        Count = count;
    }

    /// <summary>Rows in the index.</summary>
    public int Count { get; }

    /// <summary>The index of all these rows, no two of which have the same key. Sorts the array. O(n log n), O(n) when it is in order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static RowIndex<TKey, TRow, TOrder> Of(TRow[] rows)
    {
        Sort(rows);
        var nodes = new List<(TKey Key, Node Node)>((rows.Length / LeafCapacity) + 1);
        for (var i = 0; i < rows.Length; i += LeafCapacity)
        {
            var leaf = Node.Leaf(0);
            leaf.Count = Math.Min(LeafCapacity, rows.Length - i);
            Array.Copy(rows, i, leaf.Rows!, 0, leaf.Count);
            nodes.Add((TOrder.KeyOf(rows[i]), leaf));
        }
        while (nodes.Count > 1) nodes = Parents(nodes);
        return nodes.Count == 0 ? default : new(nodes[0].Node, rows.Length);
    }

    /// <summary>The index of rows that are made when they are asked for, in their order; so are its nodes. O(1).</summary>
    public static RowIndex<TKey, TRow, TOrder> Of(IRowSequence<TRow> rows) => rows.Count == 0 ? default : new(Node.Of(rows), rows.Count);

    /// <summary>The topmost node, for whoever checks the invariants; null when the index is empty.</summary>
    internal Node? Root => _root;

    /// <summary>The row with this key, or null.</summary>
    public TRow? Find(in TKey key)
    {
        var node = _root;
        if (node is null) return null;
        while (node.Children is not null) node = node.Children[node.ChildFor(key)];
        var place = node.LowerBound(key);
        return place < node.Count && TOrder.KeyOf(node.Rows![place]).CompareTo(key) == 0 ? node.Rows[place] : null;
    }

    /// <summary>The index with this row; a row of the same key is replaced.</summary>
    public RowIndex<TKey, TRow, TOrder> Put(TRow row, long owner)
    {
        var key = TOrder.KeyOf(row);
        var root = _root is null ? Node.Leaf(owner) : _root.Editable(owner);
        var isNew = root.Insert(key, row, owner, isLast: true, out var right, out var rightKey);
        if (right is not null)
        {
            var parent = Node.Inner(owner);
            parent.Children![0] = root;
            parent.Children[1] = right;
            parent.Keys![1] = rightKey;
            parent.Count = 2;
            root = parent;
        }
        return new(root, Count + (isNew ? 1 : 0));
    }

    /// <summary>The index without the row of this key; itself when there is none.</summary>
    public RowIndex<TKey, TRow, TOrder> Remove(in TKey key, long owner)
    {
        if (Find(key) is null) return this;
        var root = _root!.Editable(owner);
        root.Delete(key, owner);
        while (root is { Children: not null, Count: 1 }) root = root.Children[0];
        return new(root.Count == 0 ? null : root, Count - 1);
    }

    /// <summary>The rows with keys from <paramref name="from"/> on, in ascending order.</summary>
    public Cursor Ascend(in TKey from) => new(_root, from, isAscending: true);

    /// <summary>The same, up to the first row that is not one of those wanted: the rows under a parent, from its first key on.</summary>
    public IEnumerable<TRow> AscendWhile(TKey from, Func<TRow, bool> isOf)
    {
        foreach (var row in Ascend(from))
        {
            if (!isOf(row)) yield break;
            yield return row;
        }
    }

    /// <summary>The rows with keys up to <paramref name="from"/>, itself included, in descending order.</summary>
    public Cursor Descend(in TKey from) => new(_root, from, isAscending: false);

    private static List<(TKey Key, Node Node)> Parents(List<(TKey Key, Node Node)> children)
    {
        var parents = new List<(TKey, Node)>((children.Count / InnerCapacity) + 1);
        for (var i = 0; i < children.Count;)
        {
            var parent = Node.Inner(0);
            // Not one child alone in the last.
            parent.Count = children.Count - i == InnerCapacity + 1 ? InnerCapacity - 1 : Math.Min(InnerCapacity, children.Count - i);
            for (var j = 0; j < parent.Count; j++) (parent.Keys![j], parent.Children![j]) = children[i + j];
            parents.Add((children[i].Key, parent));
            i += parent.Count;
        }
        return parents;
    }

    // Rows come from the log: for most indexes they are in order, or nearly so, and then this is one pass. Each step back of a row
    // counts; when they become many, a sort of all the keys is cheaper.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sort(TRow[] rows)
    {
        const int stepsPerRow = 4;
        var steps = (long)stepsPerRow * rows.Length;
        for (var i = 1; i < rows.Length; i++)
        {
            var (row, place) = (rows[i], i);
            var key = TOrder.KeyOf(row);
            while (place > 0 && TOrder.KeyOf(rows[place - 1]).CompareTo(key) > 0)
            {
                rows[place] = rows[place - 1];
                place--;
                if (--steps >= 0) continue;
                rows[place] = row;
                Array.Sort(Array.ConvertAll(rows, static each => TOrder.KeyOf(each)), rows);
                return;
            }
            rows[place] = row;
        }
    }
}
