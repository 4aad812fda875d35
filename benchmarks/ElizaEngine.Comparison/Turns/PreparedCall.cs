namespace ElizaEngine.Comparison.Turns;

/// <summary>A call of elizaOS' adapter, ready to be made on ours: everything that is parsed is parsed.</summary>
internal abstract class PreparedCall
{
    /// <summary>Makes the call, and does not wait for it.</summary>
    public abstract Task Begin(IDatabaseAdapter adapter);

    /// <summary>How many rows an answer has; null: it is no list.</summary>
    /// <param name="ended">What <see cref="Begin"/> returned, completed.</param>
    public abstract Task<int?> RowsAsync(Task ended);
}

/// <inheritdoc/>
/// <param name="begin">Makes the call.</param>
/// <param name="rows">Counts what it returned.</param>
internal sealed class PreparedCall<T>(Func<IDatabaseAdapter, Task<T>> begin, Func<T, int?> rows) : PreparedCall
{
    public override Task Begin(IDatabaseAdapter adapter) => begin(adapter);

    public override async Task<int?> RowsAsync(Task ended) => rows(await (Task<T>)ended);
}

/// <summary>A call that returns nothing.</summary>
internal sealed class PreparedAction(Func<IDatabaseAdapter, Task> begin) : PreparedCall
{
    public override Task Begin(IDatabaseAdapter adapter) => begin(adapter);

    public override Task<int?> RowsAsync(Task ended) => Task.FromResult<int?>(null);
}
