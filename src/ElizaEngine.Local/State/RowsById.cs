using System.Runtime.CompilerServices;

namespace ElizaEngine.Local;

/// <summary>The rows of one table of a state, by id.</summary>
internal readonly struct RowsById<TRow>(DatabaseState state, Table table)
    where TRow : Row
{
    /// <summary>Rows in the table.</summary>
    public int Count => state.CountOf(table);

    /// <summary>The row with this id, or null.</summary>
    public TRow? Find(Id id) => Unsafe.As<TRow?>(state.Find(table, id));

    /// <summary>Every row, in no order.</summary>
    public IEnumerable<TRow> All() => state.RowsOf(table).Cast<TRow>();
}
