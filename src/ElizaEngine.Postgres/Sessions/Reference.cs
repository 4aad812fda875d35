namespace ElizaEngine.Postgres;

/// <summary>A row that another row names.</summary>
/// <param name="Table">Its table.</param>
/// <param name="Id">Its id.</param>
/// <param name="ReferencedBy">Table and field that name it, such as <c>memories.roomId</c>.</param>
/// <param name="Row">
/// The row that names it: a create only if that row is new, an update only if it is there. Null: it is named in any case.
/// </param>
/// <param name="IsUpdate">Whether it is an update that would make <paramref name="Row"/> name it.</param>
internal readonly record struct Reference(string Table, Guid Id, string ReferencedBy, Guid? Row = null, bool IsUpdate = false)
{
    /// <summary>The table of the row that names it.</summary>
    public string ReferencingTable => ReferencedBy[..ReferencedBy.IndexOf('.', StringComparison.Ordinal)];

    /// <summary>References of a field that may be null.</summary>
    public static IEnumerable<Reference> Of(string table, Guid? id, string referencedBy, Guid? row = null, bool isUpdate = false) =>
        id is { } named ? [new(table, named, referencedBy, row, isUpdate)] : [];
}
