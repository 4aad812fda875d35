using ElizaEngine.Conformance.Model;

namespace ElizaEngine.Local.Tests.Disk;

/// <summary>
/// One thing that a history does to a database on a simulated disk. A new one is a record here and a line in <see cref="OperationMaker"/>.
/// What it must leave in the database it tells the history (<see cref="DiskHistory"/>), which checks every crash meanwhile.
/// </summary>
internal abstract record Operation
{
    public abstract Task RunAsync(DiskHistory history);
}

/// <summary>Calls of one agent: one call alone, or several in a transaction.</summary>
internal sealed record Write(int Agent, IReadOnlyList<Call> Calls, bool InTransaction) : Operation
{
    public override Task RunAsync(DiskHistory history) => history.WriteAsync([this]);

    public override string ToString() => $"agent{Agent}: {(InTransaction ? "transaction: " : "")}{string.Join("; ", Calls)}";
}

/// <summary>Several callers at once. Only the first may be a transaction: the others would not see what is not durable yet.</summary>
internal sealed record Together(IReadOnlyList<Write> Writes) : Operation
{
    public override Task RunAsync(DiskHistory history) => history.WriteAsync(Writes);

    public override string ToString() => $"together:\n      {string.Join("\n      ", Writes)}";
}

/// <summary>The clock goes on.</summary>
internal sealed record Advance(TimeSpan By) : Operation
{
    public override Task RunAsync(DiskHistory history)
    {
        history.Time.Advance(By);
        return Task.CompletedTask;
    }
}

/// <summary>Everything is read and compared.</summary>
internal sealed record LookAtEverything : Operation
{
    public override Task RunAsync(DiskHistory history) => history.CompareAsync();
}

/// <summary>What counts no more leaves the files, perhaps while others write.</summary>
/// <param name="Meanwhile">Begun when the compaction has begun; null: none.</param>
internal sealed record Compact(Together? Meanwhile = null) : Operation
{
    public override Task RunAsync(DiskHistory history) => history.CompactAsync(Meanwhile?.Writes ?? []);

    public override string ToString() => Meanwhile is null ? "compact" : $"compact, meanwhile {Meanwhile}";
}

/// <summary>
/// Room is made in the log, as a compaction does that has too little for its copies: rare in histories, which change more than that.
/// </summary>
/// <param name="Bytes">At least so many.</param>
internal sealed record MakeRoom(int Bytes) : Operation
{
    public override Task RunAsync(DiskHistory history) => history.MakeRoomAsync(Bytes);
}

/// <summary>A backup is made or renewed, perhaps while others write.</summary>
/// <param name="Meanwhile">Begun when the backup has begun; null: none.</param>
internal sealed record BackUp(Together? Meanwhile = null) : Operation
{
    public override Task RunAsync(DiskHistory history) => history.BackUpAsync(Meanwhile?.Writes ?? []);

    public override string ToString() => Meanwhile is null ? "back up" : $"back up, meanwhile {Meanwhile}";
}

/// <summary>Every table is searched, and gets the index of its vectors.</summary>
internal sealed record BuildIndexes : Operation
{
    public override Task RunAsync(DiskHistory history) => history.BuildIndexesAsync();
}

/// <summary>The database is closed and opened again.</summary>
internal sealed record Reopen : Operation
{
    public override async Task RunAsync(DiskHistory history)
    {
        await history.CloseAsync();
        await history.OpenAsync();
    }
}

/// <summary>The process is killed; the next one finds all that was written.</summary>
internal sealed record Kill : Operation
{
    public override async Task RunAsync(DiskHistory history)
    {
        await history.KillAsync();
        await history.OpenAsync();
    }
}
