using System.Diagnostics;
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
internal readonly struct RowIndex<TKey, TRow, TOrder>
    where TKey : struct, IComparable<TKey>
    where TRow : class
    where TOrder : struct, IRowOrder<TKey, TRow>
{
    private const int LeafCapacity = 32;
    private const int InnerCapacity = 16;

    // 16 to the power of 12 inner nodes are more than memory holds; merging keeps every level at least two wide.
    private const int MaxDepth = 40;

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

    /// <summary>The index of rows that are made when they are asked for, in their order. O(n / 32).</summary>
    public static RowIndex<TKey, TRow, TOrder> Of(IRowSequence<TRow> rows)
    {
        var nodes = new List<(TKey Key, Node Node)>((rows.Count / LeafCapacity) + 1);
        for (var i = 0; i < rows.Count; i += LeafCapacity) nodes.Add((TOrder.KeyOf(rows[i]), Node.Leaf(rows, i, Math.Min(LeafCapacity, rows.Count - i))));
        while (nodes.Count > 1) nodes = Parents(nodes);
        return nodes.Count == 0 ? default : new(nodes[0].Node, rows.Count);
    }

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

    /// <summary>Walks an index from a key on, in one direction. A copy of it goes on from the same row.</summary>
    internal struct Cursor
    {
        private readonly bool _isAscending;
        private readonly TKey _from;
        private Path _path;
        private Places _places;
        private int _depth;
        private Node? _root;
        private Node? _leaf;
        private int _place;

        internal Cursor(Node? root, in TKey from, bool isAscending)
        {
            _root = root;
            _from = from;
            _isAscending = isAscending;
        }

        public TRow Current { get; private set; } = null!;

        /// <summary>So that a cursor can stand in a <c>foreach</c>.</summary>
        public readonly Cursor GetEnumerator() => this;

        public bool MoveNext()
        {
            if (_root is not null) Seek();
            else _place += _isAscending ? 1 : -1;
            while (_leaf is not null)
            {
                if ((uint)_place < (uint)_leaf.Count)
                {
                    Current = _leaf.Rows![_place];
                    return true;
                }
                NextLeaf();
            }
            return false;
        }

        private void Seek()
        {
            var node = _root!;
            _root = null;
            while (node.Children is not null)
            {
                var child = node.ChildFor(_from);
                Push(node, child);
                node = node.Children[child];
            }
            _leaf = node;
            _place = node.LowerBound(_from);
            if (_isAscending) return;
            var isExact = _place < node.Count && TOrder.KeyOf(node.Rows![_place]).CompareTo(_from) == 0;
            if (!isExact) _place--;
        }

        private void NextLeaf()
        {
            while (_depth > 0)
            {
                var parent = _path[_depth - 1]!;
                var child = _places[_depth - 1] + (_isAscending ? 1 : -1);
                if ((uint)child >= (uint)parent.Count)
                {
                    _depth--;
                    continue;
                }
                _places[_depth - 1] = child;
                var node = parent.Children![child];
                while (node.Children is not null)
                {
                    child = _isAscending ? 0 : node.Count - 1;
                    Push(node, child);
                    node = node.Children[child];
                }
                _leaf = node;
                _place = _isAscending ? 0 : node.Count - 1;
                return;
            }
            _leaf = null;
        }

        private void Push(Node node, int child)
        {
            _path[_depth] = node;
            _places[_depth++] = child;
        }

        [InlineArray(MaxDepth)]
        private struct Path
        {
            private Node? _first;
        }

        [InlineArray(MaxDepth)]
        private struct Places
        {
            private int _first;
        }
    }

    internal sealed class Node
    {
        public long Owner;
        public int Count;
        public TKey[]? Keys;
        public Node[]? Children;

        private readonly IRowSequence<TRow>? _source;
        private readonly int _start;
        private TRow[]? _rows;

        // Most changes under an inner node leave its separators as they are: then older versions of it have the same array.
        private bool _sharesKeys;

        private Node()
        {
        }

        private Node(IRowSequence<TRow> source, int start) => (_source, _start) = (source, start);

        /// <summary>The rows of a leaf; null: this is none.</summary>
        public TRow[]? Rows => Volatile.Read(ref _rows) ?? (_source is null ? null : Load());

        public static Node Leaf(long owner) => new() { Owner = owner, _rows = new TRow[LeafCapacity] };

        public static Node Leaf(IRowSequence<TRow> source, int start, int count) => new(source, start) { Count = count };

        public static Node Inner(long owner) => new() { Owner = owner, Keys = new TKey[InnerCapacity], Children = new Node[InnerCapacity] };

        private int Capacity => Children is null ? LeafCapacity : InnerCapacity;

        public Node Editable(long owner)
        {
            if (Owner == owner) return this;
            if (Children is null)
            {
                var leaf = Leaf(owner);
                Array.Copy(Rows!, leaf.Rows!, Count);
                leaf.Count = Count;
                return leaf;
            }
            var children = new Node[InnerCapacity];
            Array.Copy(Children!, children, Count);
            return new() { Owner = owner, Keys = Keys, Children = children, Count = Count, _sharesKeys = true };
        }

        /// <summary>First place in this leaf whose key is not less.</summary>
        public int LowerBound(in TKey key)
        {
            var rows = Rows.AsSpan(0, Count);
            int low = 0, high = rows.Length;
            while (low < high)
            {
                var middle = (low + high) >>> 1;
                if (TOrder.KeyOf(rows[middle]).CompareTo(key) < 0) low = middle + 1;
                else high = middle;
            }
            return low;
        }

        /// <summary>The child under which a key lies, if anywhere.</summary>
        public int ChildFor(in TKey key)
        {
            var keys = Keys.AsSpan(0, Count);
            int low = 1, high = keys.Length;
            while (low < high)
            {
                var middle = (low + high) >>> 1;
                if (keys[middle].CompareTo(key) <= 0) low = middle + 1;
                else high = middle;
            }
            return low - 1;
        }

        /// <summary>Puts a row under this editable node; when it had to be split, hands out its right half. True: the key is new.</summary>
        public bool Insert(in TKey key, TRow row, long owner, bool isLast, out Node? right, out TKey rightKey)
        {
            right = null;
            rightKey = default;
            if (Rows is not null)
            {
                var place = LowerBound(key);
                if (place < Count && TOrder.KeyOf(Rows[place]).CompareTo(key) == 0)
                {
                    Rows[place] = row;
                    return false;
                }
                if (Count < LeafCapacity)
                {
                    InsertRow(place, row);
                    return true;
                }
                // At the very end of the index keys mostly go on ascending: the left leaf stays full.
                var half = isLast && place == Count ? Count : Count / 2;
                right = SplitLeaf(half, owner);
                if (place >= half) right.InsertRow(place - half, row);
                else InsertRow(place, row);
                rightKey = TOrder.KeyOf(right.Rows![0]);
                return true;
            }
            var child = ChildFor(key);
            var editable = Children![child] = Children[child].Editable(owner);
            var isNew = editable.Insert(key, row, owner, isLast && child == Count - 1, out var split, out var splitKey);
            if (split is null) return isNew;
            var at = child + 1;
            if (Count < InnerCapacity)
            {
                InsertChild(at, splitKey, split);
                return isNew;
            }
            var middle = isLast && at == Count ? Count - 1 : Count / 2;
            right = SplitInner(middle, owner);
            if (at > middle) right.InsertChild(at - middle, splitKey, split);
            else InsertChild(at, splitKey, split);
            rightKey = right.Keys![0];
            return isNew;
        }

        /// <summary>Takes a row that exists from under this editable node.</summary>
        public void Delete(in TKey key, long owner)
        {
            if (Rows is not null)
            {
                var place = LowerBound(key);
                Debug.Assert(place < Count && TOrder.KeyOf(Rows[place]).CompareTo(key) == 0, "the caller has found it");
                Array.Copy(Rows, place + 1, Rows, place, Count - place - 1);
                Rows[--Count] = null!;
                return;
            }
            var child = ChildFor(key);
            var editable = Children![child] = Children[child].Editable(owner);
            editable.Delete(key, owner);
            if (editable.Count == 0) RemoveChild(child);
            else if (editable.Count <= editable.Capacity / 4) MergeChild(child, owner);
        }

        // Of two that come at once, both find the same rows.
        private TRow[] Load()
        {
            var rows = new TRow[LeafCapacity];
            for (var i = 0; i < Count; i++) rows[i] = _source![_start + i];
            Volatile.Write(ref _rows, rows);
            return rows;
        }

        private void InsertRow(int place, TRow row)
        {
            Array.Copy(Rows!, place, Rows!, place + 1, Count - place);
            Rows![place] = row;
            Count++;
        }

        private void InsertChild(int place, in TKey key, Node child)
        {
            OwnKeys();
            Array.Copy(Keys!, place, Keys!, place + 1, Count - place);
            Array.Copy(Children!, place, Children!, place + 1, Count - place);
            Keys![place] = key;
            Children![place] = child;
            Count++;
        }

        private void RemoveChild(int place)
        {
            OwnKeys();
            Array.Copy(Keys!, place + 1, Keys!, place, Count - place - 1);
            Array.Copy(Children!, place + 1, Children!, place, Count - place - 1);
            Count--;
            Keys![Count] = default;
            Children![Count] = null!;
        }

        private void OwnKeys()
        {
            if (!_sharesKeys) return;
            Keys = [.. Keys!];
            _sharesKeys = false;
        }

        private Node SplitLeaf(int from, long owner)
        {
            var right = Leaf(owner);
            Array.Copy(Rows!, from, right.Rows!, 0, Count - from);
            Array.Clear(Rows!, from, Count - from);
            right.Count = Count - from;
            Count = from;
            return right;
        }

        private Node SplitInner(int from, long owner)
        {
            OwnKeys();
            var right = Inner(owner);
            Array.Copy(Keys!, from, right.Keys!, 0, Count - from);
            Array.Copy(Children!, from, right.Children!, 0, Count - from);
            Array.Clear(Keys!, from, Count - from);
            Array.Clear(Children!, from, Count - from);
            right.Count = Count - from;
            Count = from;
            return right;
        }

        // A thin child and a neighbour that has room become one, so that deletes give memory back. Both neighbours count: with the
        // left one alone, deletes that come from the back leave every leaf thin.
        private void MergeChild(int place, long owner)
        {
            if (place > 0 && FitTogether(place - 1)) MergeWithNext(place - 1, owner);
            else if (place + 1 < Count && FitTogether(place)) MergeWithNext(place, owner);
        }

        private bool FitTogether(int left) =>
            Children![left].Count + Children[left + 1].Count <= Children[left].Capacity * 3 / 4;

        private void MergeWithNext(int left, long owner)
        {
            var right = Children![left + 1];
            var target = Children[left] = Children[left].Editable(owner);
            if (target.Rows is not null)
            {
                Array.Copy(right.Rows!, 0, target.Rows, target.Count, right.Count);
            }
            else
            {
                target.OwnKeys();
                Array.Copy(right.Keys!, 0, target.Keys!, target.Count, right.Count);
                Array.Copy(right.Children!, 0, target.Children!, target.Count, right.Count);
                target.Keys![target.Count] = Keys![left + 1];
            }
            target.Count += right.Count;
            RemoveChild(left + 1);
        }
    }
}
