namespace ElizaEngine.Conformance.Reference;

/// <summary>
/// The contract as a program: lists, LINQ and one lock. It is what the words of the contract mean where they leave a doubt,
/// the other side of the model-based test, and, with <see cref="Faults"/>, the proof that the conformance suite can fail.
/// <list type="bullet">
/// <item>There is one newest state. A write works on a copy and puts it in place when it has succeeded: atomicity for free.</item>
/// <item>Nothing in here is fast.</item>
/// </list>
/// </summary>
public sealed class ReferenceDatabase : IDatabase
{
    private readonly Lock _lock = new();
    private ReferenceState _state;
    private ReferenceState? _uncommitted; // Only for a fault.
    private bool _isClosed;

    /// <summary>An empty database.</summary>
    public ReferenceDatabase(TimeProvider time, Faults? faults = null)
        : this(time, faults ?? Faults.None, Empty(faults ?? Faults.None))
    {
    }

    internal ReferenceDatabase(TimeProvider time, Faults faults, ReferenceState state)
    {
        Time = time;
        Faults = faults;
        _state = state;
        Previous = state;
    }

    internal static ReferenceState Empty(Faults faults, bool unchangedIsWritten = true) => new()
    {
        ChecksReferences = !faults.Has(Fault.ReferencesUnchecked),
        UnchangedIsWritten = unchangedIsWritten,
    };

    internal TimeProvider Time { get; }

    internal Faults Faults { get; }

    /// <summary>The state before the last write: only for a fault.</summary>
    internal ReferenceState Previous { get; private set; }

    /// <summary>The newest state. It must not be written to.</summary>
    internal ReferenceState Newest()
    {
        lock (_lock) return _state;
    }

    public IDatabaseAdapter ForAgent(Guid agentId)
    {
        ThrowIfClosed();
        return new ReferenceAdapter(this, agentId);
    }

    public async Task<SearchPlan> ExplainSearchAsync(Guid agentId, MemorySearch search, CancellationToken cancellationToken = default)
    {
        await using var adapter = ForAgent(agentId);
        var all = await adapter.SearchMemoriesAsync(search with { Count = search.Count == 0 ? 0 : int.MaxValue, Threshold = null }, cancellationToken);
        if (search.Count == 0 || !search.Embedding.Span.ContainsAnyExcept(0f) || await adapter.GetEmbeddingDimensionAsync(cancellationToken) is null)
            return SearchPlan.Nothing("Nothing can be found.");
        var query = new MemoryQuery(search.TableName)
        {
            AgentId = agentId,
            RoomId = search.RoomId,
            WorldId = search.WorldId,
            EntityId = search.EntityId,
            UniqueOnly = search.UniqueOnly,
        };
        var eligible = await adapter.GetMemoriesAsync(query, cancellationToken);
        return new SearchPlan(IsExact: true, eligible.Count, all.Count, Index: null, "Every row is compared.", "");
    }

    public Task CloseAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested) return Task.FromCanceled(cancellationToken);
        Close();
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        Close();
        return ValueTask.CompletedTask;
    }

    internal void Close()
    {
        lock (_lock) _isClosed = true;
    }

    internal bool IsClosed()
    {
        lock (_lock) return _isClosed && !Faults.Has(Fault.ClosedDatabaseAnswers);
    }

    internal void ThrowIfClosed()
    {
        if (IsClosed()) throw new DatabaseClosedException("database");
    }

    internal T Read<T>(Func<ReferenceState, T> read)
    {
        lock (_lock)
        {
            ThrowIfClosed();
            return read(Faults.Has(Fault.UncommittedRowsVisible) ? _uncommitted ?? _state : _state);
        }
    }

    internal T Write<T>(Func<ReferenceState, T> write)
    {
        lock (_lock)
        {
            ThrowIfClosed();
            var copy = _state.Copy();
            try
            {
                var result = write(copy);
                Replace(copy);
                return result;
            }
            catch when (Faults.Has(Fault.HalfABatchApplied))
            {
                Replace(copy);
                throw;
            }
        }
    }

    /// <summary>Does to the newest state what a transaction did to its snapshot.</summary>
    /// <exception cref="TransactionConflictException">See <see cref="ReferenceState.Replay"/>.</exception>
    internal void Commit(ReferenceState snapshot, ReferenceState mine)
    {
        lock (_lock)
        {
            ThrowIfClosed();
            Replace(_state.Replay(snapshot, mine, Faults));
        }
    }

    /// <summary>Shows a running transaction's rows to everybody: only for a fault.</summary>
    internal void ShowUncommitted(ReferenceState? state)
    {
        lock (_lock) _uncommitted = state;
    }

    private void Replace(ReferenceState state)
    {
        state.ForgetUnchanged();
        Previous = _state;
        _state = state;
    }
}
