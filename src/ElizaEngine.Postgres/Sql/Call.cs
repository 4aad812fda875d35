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
