namespace ElizaEngine.Local.CrashWriter;

/// <summary>One call of a writer: what it asks of the database, and what that makes of the rows the writer owns.</summary>
public abstract record Call
{
    /// <summary>Commits the call, as one.</summary>
    public virtual Task CommitAsync(IDatabaseAdapter adapter) => RunAsync(adapter);

    /// <summary>Makes the call.</summary>
    public abstract Task RunAsync(IDatabaseSession session);

    /// <summary>What the contract says that the call does.</summary>
    public abstract void Apply(WriterState state);
}

public sealed record CreateMemories(string Table, IReadOnlyList<Memory> Items) : Call
{
    public override Task RunAsync(IDatabaseSession session) => session.CreateMemoriesAsync(Items, Table);

    public override void Apply(WriterState state)
    {
        foreach (var item in Items) state.Create(item, Table);
    }
}

public sealed record UpsertMemories(string Table, IReadOnlyList<Memory> Items) : Call
{
    public override Task RunAsync(IDatabaseSession session) => session.UpsertMemoriesAsync(Items, Table);

    public override void Apply(WriterState state)
    {
        foreach (var item in Items)
        {
            if (state.Memories.ContainsKey(item.Id)) state.Update(item.Id, item.Content, item.Metadata, item.Embedding);
            else state.Create(item, Table);
        }
    }
}

public sealed record UpdateMemories(IReadOnlyList<MemoryUpdate> Items) : Call
{
    public override Task RunAsync(IDatabaseSession session) => session.UpdateMemoriesAsync(Items);

    public override void Apply(WriterState state)
    {
        foreach (var item in Items) state.Update(item.Id, item.Content, item.Metadata, item.Embedding);
    }
}

public sealed record DeleteMemories(IReadOnlyList<Guid> Ids) : Call
{
    public override Task RunAsync(IDatabaseSession session) => session.DeleteMemoriesAsync(Ids);

    public override void Apply(WriterState state)
    {
        foreach (var id in Ids) state.Memories.Remove(id);
    }
}

public sealed record ClearTable(Guid RoomId, string Table) : Call
{
    public override Task RunAsync(IDatabaseSession session) => session.DeleteAllMemoriesAsync(RoomId, Table);

    public override void Apply(WriterState state)
    {
        foreach (var memory in state.Memories.Values.Where(memory => memory.TableName == Table).ToList()) state.Memories.Remove(memory.Id);
    }
}

public sealed record CreateLogs(IReadOnlyList<LogEntry> Items) : Call
{
    public override Task RunAsync(IDatabaseSession session) => session.CreateLogsAsync(Items);

    public override void Apply(WriterState state)
    {
        foreach (var item in Items)
        {
            state.SeenLogs.Add(item.Id);
            state.Logs.TryAdd(item.Id, item);
        }
    }
}

public sealed record DeleteLogs(IReadOnlyList<Guid> Ids) : Call
{
    public override Task RunAsync(IDatabaseSession session) => session.DeleteLogsAsync(Ids);

    public override void Apply(WriterState state)
    {
        foreach (var id in Ids) state.Logs.Remove(id);
    }
}

public sealed record SetCache(IReadOnlyList<CacheEntry> Items) : Call
{
    public override Task RunAsync(IDatabaseSession session) => session.SetCacheAsync(Items);

    public override void Apply(WriterState state)
    {
        foreach (var item in Items)
        {
            state.SeenKeys.Add(item.Key);
            state.Cache[item.Key] = item.Value;
        }
    }
}

public sealed record DeleteCache(IReadOnlyList<string> Keys) : Call
{
    public override Task RunAsync(IDatabaseSession session) => session.DeleteCacheAsync(Keys);

    public override void Apply(WriterState state)
    {
        foreach (var key in Keys) state.Cache.Remove(key);
    }
}

/// <summary>Several calls in one transaction.</summary>
public sealed record Together(IReadOnlyList<Call> Calls) : Call
{
    public override Task CommitAsync(IDatabaseAdapter adapter) => adapter.TransactionAsync((session, _) => RunAsync(session));

    public override async Task RunAsync(IDatabaseSession session)
    {
        foreach (var call in Calls) await call.RunAsync(session);
    }

    public override void Apply(WriterState state)
    {
        foreach (var call in Calls) call.Apply(state);
    }
}
