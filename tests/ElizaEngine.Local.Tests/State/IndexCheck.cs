using Xunit;

namespace ElizaEngine.Local.Tests.State;

/// <summary>A row of an index under test: two versions of a row have the same key and are different objects.</summary>
internal sealed class Item(long key, int version)
{
    public long Key => key;

    public override string ToString() => $"{key} v{version}";
}

internal readonly struct ByKey : IRowOrder<long, Item>
{
    public static long KeyOf(Item row) => row.Key;
}

/// <summary>Walks the nodes of an index, not its cursors.</summary>
internal static class IndexCheck
{
    /// <summary>Every row, in the order of the leaves.</summary>
    public static List<TRow> RowsOf<TKey, TRow, TOrder>(RowIndex<TKey, TRow, TOrder> index)
        where TKey : struct, IComparable<TKey>
        where TRow : class
        where TOrder : struct, IRowOrder<TKey, TRow>
    {
        var rows = new List<TRow>();
        if (index.Root is not null) Add(index.Root);
        return rows;

        void Add(RowIndex<TKey, TRow, TOrder>.Node node)
        {
            if (node.Rows is not null) rows.AddRange(node.Rows.AsSpan(0, node.Count));
            else
                foreach (var child in node.Children.AsSpan(0, node.Count)) Add(child);
        }
    }

    /// <summary>Every row of a table.</summary>
    public static List<TRow> RowsOf<TRow>(RowsById<TRow> table)
        where TRow : Row => [.. table.All()];

    /// <summary>Asserts the invariants that stand at the top of <see cref="RowIndex{TKey, TRow, TOrder}"/>; returns how many nodes there are.</summary>
    public static int AssertInvariants<TKey, TRow, TOrder>(RowIndex<TKey, TRow, TOrder> index)
        where TKey : struct, IComparable<TKey>
        where TRow : class
        where TOrder : struct, IRowOrder<TKey, TRow>
    {
        var (nodes, rows, leafDepth) = (0, 0, -1);
        if (index.Root is { } root) Visit(root, null, null, 0);
        Assert.Equal(index.Count, rows);
        return nodes;

        void Visit(RowIndex<TKey, TRow, TOrder>.Node node, TKey? low, TKey? high, int depth)
        {
            nodes++;
            Assert.True(node.Count > 0, "a node is empty");
            if (node.Rows is null)
            {
                VisitChildren(node, low, high, depth);
                return;
            }
            Assert.True(node.Children is null && node.Keys is null, "a leaf holds rows only");
            if (leafDepth < 0) leafDepth = depth;
            Assert.Equal(leafDepth, depth);
            rows += node.Count;
            for (var i = 0; i < node.Count; i++)
            {
                var key = TOrder.KeyOf(node.Rows[i]);
                // Images of crashes are checked by the million: words are made for a failure only.
                if (low is { } least && key.CompareTo(least) < 0) Assert.Fail($"{key} lies left of its separator {low}");
                if (high is { } bound && key.CompareTo(bound) >= 0) Assert.Fail($"{key} lies right of its separator {high}");
                if (i > 0 && TOrder.KeyOf(node.Rows[i - 1]).CompareTo(key) >= 0) Assert.Fail($"{key} is out of order");
            }
            foreach (var row in node.Rows.AsSpan(node.Count)) Assert.Null(row);
        }

        void VisitChildren(RowIndex<TKey, TRow, TOrder>.Node node, TKey? low, TKey? high, int depth)
        {
            for (var i = 0; i < node.Count; i++)
            {
                if (i > 1) Assert.True(node.Keys![i - 1].CompareTo(node.Keys[i]) < 0, "separators are out of order");
                Visit(node.Children![i], i == 0 ? low : node.Keys![i], i + 1 < node.Count ? node.Keys![i + 1] : high, depth + 1);
            }
            foreach (var child in node.Children.AsSpan(node.Count)) Assert.Null(child);
        }
    }
}
