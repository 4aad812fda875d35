namespace ElizaEngine.Postgres;

/// <summary>What may be done about a call whose outcome the server could not tell.</summary>
internal enum CallKind
{
    /// <summary>Changes nothing.</summary>
    Read,

    /// <summary>Done twice it leaves the same rows, and the same answer is true.</summary>
    Repeatable,

    /// <summary>Done twice it leaves the same rows, but the second answer is another one: a removal that counts what it removed.</summary>
    Counted,
}

/// <summary>One round trip: statements that are sent together, take effect together or not at all, and how their answer is read.</summary>
/// <param name="Kind">What it may do.</param>
/// <param name="Statements">In order; each sees what those before it did.</param>
/// <param name="ReadAsync">Reads the results of the statements that return rows, in order.</param>
internal sealed record Call<T>(CallKind Kind, IReadOnlyList<Statement> Statements, Func<Answer, Task<T>> ReadAsync);

/// <summary>Several round trips that take effect together or not at all.</summary>
internal interface IExchange
{
    Task<T> SendAsync<T>(Call<T> call);
}

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
