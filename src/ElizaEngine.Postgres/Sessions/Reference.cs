namespace ElizaEngine.Postgres;

/// <summary>A row that another row names.</summary>
/// <param name="Table">Its table.</param>
/// <param name="Id">Its id.</param>
/// <param name="ReferencedBy">Table and field that name it, such as <c>memories.roomId</c>.</param>
/// <param name="Row">The row that names it if it is new: a create of a row that is there names nothing. Null: it names it in any case.</param>
internal readonly record struct Reference(string Table, Guid Id, string ReferencedBy, Guid? Row = null)
{
    /// <summary>The table of the row that names it.</summary>
    public string ReferencingTable => ReferencedBy[..ReferencedBy.IndexOf('.', StringComparison.Ordinal)];

    /// <summary>References of a field that may be null.</summary>
    public static IEnumerable<Reference> Of(string table, Guid? id, string referencedBy, Guid? row = null) =>
        id is { } named ? [new(table, named, referencedBy, row)] : [];
}
