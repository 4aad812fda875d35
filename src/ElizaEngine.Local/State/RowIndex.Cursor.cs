using System.Runtime.CompilerServices;

namespace ElizaEngine.Local;

internal readonly partial struct RowIndex<TKey, TRow, TOrder>
{
    /// <summary>Walks an index from a key on, in one direction. A copy of it goes on from the same row.</summary>
    internal struct Cursor
    {
        // 16 to the power of 12 inner nodes are more than memory holds; merging keeps every level at least two wide.
        private const int MaxDepth = 40;

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
            if (!MoveOn()) return false;
            Current = _leaf!.Rows![_place];
            return true;
        }

        /// <summary>The same, but a row that nobody has asked for yet is not made: instead of <see cref="Current"/> there is its place.</summary>
        /// <param name="source">Of what the row would be made; null: it is <see cref="Current"/>.</param>
        /// <param name="place">Its place there.</param>
        public bool MoveNext(out IRowSequence<TRow>? source, out int place)
        {
            (source, place) = (null, 0);
            if (!MoveOn()) return false;
            source = _leaf!.Unmade;
            if (source is null) Current = _leaf.Rows![_place];
            else place = _leaf.FirstPlace + _place;
            return true;
        }

        private bool MoveOn()
        {
            if (_root is not null) Seek();
            else _place += _isAscending ? 1 : -1;
            while (_leaf is not null)
            {
                if ((uint)_place < (uint)_leaf.Count) return true;
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
}
