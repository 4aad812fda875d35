using System.Diagnostics;

namespace ElizaEngine.Local;

internal readonly partial struct RowIndex<TKey, TRow, TOrder>
{
    internal sealed class Node
    {
        public long Owner;
        public int Count;

        // Of a node that is made of a sequence: which part of it, in leaves, and how many levels of nodes are under it.
        private readonly IRowSequence<TRow>? _source;
        private readonly int _firstLeaf;
        private readonly int _leaves;
        private readonly int _height;
        private TKey[]? _keys;
        private Node[]? _children;
        private TRow[]? _rows;

        // Most changes under an inner node leave its separators as they are: then older versions of it have the same array.
        private bool _sharesKeys;

        private Node()
        {
        }

        private Node(IRowSequence<TRow> source, int firstLeaf, int leaves, int height)
        {
            (_source, _firstLeaf, _leaves, _height) = (source, firstLeaf, leaves, height);
            Count = height == 0 ? Math.Min(LeafCapacity, source.Count - (firstLeaf * LeafCapacity)) : (leaves + LeavesUnder(height) - 1) / LeavesUnder(height);
        }

        /// <summary>The separators of an inner node; null: this is none.</summary>
        public TKey[]? Keys
        {
            get
            {
                _ = Children;
                return _keys;
            }
            private set => _keys = value;
        }

        /// <summary>The nodes under an inner node; null: this is none.</summary>
        public Node[]? Children
        {
            get => Volatile.Read(ref _children) ?? (_height == 0 ? null : LoadChildren());
            private init => _children = value;
        }

        /// <summary>The rows of a leaf; null: this is none.</summary>
        public TRow[]? Rows => Volatile.Read(ref _rows) ?? (_source is null || _height > 0 ? null : LoadRows());

        /// <summary>The sequence that the rows of this leaf would be made of; null: they are made already.</summary>
        public IRowSequence<TRow>? Unmade => Volatile.Read(ref _rows) is null ? _source : null;

        /// <summary>The place there of the first of them.</summary>
        public int FirstPlace => _firstLeaf * LeafCapacity;

        public static Node Leaf(long owner) => new() { Owner = owner, _rows = new TRow[LeafCapacity] };

        public static Node Inner(long owner) => new() { Owner = owner, Keys = new TKey[InnerCapacity], Children = new Node[InnerCapacity] };

        /// <summary>The topmost node over all rows of a sequence, which is not empty. What is under it is made when it is asked for.</summary>
        public static Node Of(IRowSequence<TRow> source)
        {
            var leaves = (source.Count + LeafCapacity - 1) / LeafCapacity;
            var height = 0;
            for (long most = 1; most < leaves; most *= InnerCapacity) height++;
            return new Node(source, 0, leaves, height);
        }

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
        private TRow[] LoadRows()
        {
            var rows = new TRow[LeafCapacity];
            for (var i = 0; i < Count; i++) rows[i] = _source![FirstPlace + i];
            Volatile.Write(ref _rows, rows);
            return rows;
        }

        // Each child gets as many leaves as the next, or one more: so none has a single child. Of two that come at once, both find the
        // same nodes, and the same keys.
        private Node[] LoadChildren()
        {
            var (keys, children) = (new TKey[InnerCapacity], new Node[InnerCapacity]);
            for (var i = 0; i < Count; i++)
            {
                var (first, end) = (FirstLeafOf(i), FirstLeafOf(i + 1));
                keys[i] = TOrder.KeyOf(_source![first * LeafCapacity]);
                children[i] = new Node(_source, first, end - first, _height - 1);
            }
            Interlocked.CompareExchange(ref _keys, keys, null);
            return Interlocked.CompareExchange(ref _children, children, null) ?? children;
        }

        private int FirstLeafOf(int child) => _firstLeaf + (int)((long)_leaves * child / Count);

        // Most leaves under each child of a node of this height.
        private static int LeavesUnder(int height)
        {
            var leaves = 1;
            for (; height > 1; height--) leaves *= InnerCapacity;
            return leaves;
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
