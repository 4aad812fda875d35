namespace ElizaEngine.Conformance.Model;

/// <summary>One step of a history, as data.</summary>
internal abstract record Step
{
    /// <inheritdoc cref="Call.HasTwoReasons"/>
    internal virtual bool HasTwoReasons => false;

    /// <summary>Smaller steps to try in its place when a failure is shrunk.</summary>
    public virtual IEnumerable<Step> Smaller() => [];
}

/// <summary>A call of an agent's adapter.</summary>
/// <param name="Agent">0 or 1.</param>
/// <param name="Call">The call.</param>
internal sealed record CallStep(int Agent, Call Call) : Step
{
    internal override bool HasTwoReasons => Call.HasTwoReasons;

    public override IEnumerable<Step> Smaller() => Call.Smaller().Select(call => this with { Call = call });

    public override string ToString() => $"agent{Agent}: {Call}";
}

/// <summary>Calls in one transaction. A call that is refused ends it, without effect, as does a rollback.</summary>
internal sealed record TransactionStep(int Agent, IReadOnlyList<Call> Calls, bool Commits) : Step
{
    internal override bool HasTwoReasons => Calls.Any(call => call.HasTwoReasons);

    public override IEnumerable<Step> Smaller() =>
        Calls.Select((_, left) => this with { Calls = [.. Calls.Where((_, i) => i != left)] })
            .Concat(Calls.SelectMany((call, at) => call.Smaller().Select(smaller => this with { Calls = [.. Calls.Select((kept, i) => i == at ? smaller : kept)] })));

    public override string ToString() =>
        $"agent{Agent}: transaction, {(Commits ? "commits" : "rolls back")}:{string.Concat(Calls.Select(call => $"\n         {call}"))}";
}

/// <summary>
/// A transaction that reads, lets another call (or transaction) be made meanwhile, then writes with one call and commits.
/// </summary>
/// <param name="Agent">Whose transaction it is.</param>
/// <param name="Read">Its read: from here on it sees one point in time.</param>
/// <param name="OtherAgent">Who calls meanwhile.</param>
/// <param name="Meanwhile">What is called meanwhile.</param>
/// <param name="InTransaction">Whether that is done in a transaction too.</param>
/// <param name="Write">The write of the transaction, which loses if it comes into conflict.</param>
internal sealed record InterleavedStep(int Agent, Call Read, int OtherAgent, Call Meanwhile, bool InTransaction, Call Write) : Step
{
    public override string ToString() => $"""
        agent{Agent}: transaction, commits:
                 {Read}
                 meanwhile agent{OtherAgent}{(InTransaction ? ", in a transaction" : "")}: {Meanwhile}
                 {Read}
                 {Write}
        """;
}

/// <summary>The clock goes on.</summary>
internal sealed record AdvanceStep(TimeSpan Time) : Step
{
    public override string ToString() => $"{Time} go by";
}

/// <summary>The database is closed and opened again.</summary>
internal sealed record ReopenStep : Step
{
    public override string ToString() => "reopen";
}

/// <summary>The backend is abandoned as by a crash, and opened again.</summary>
internal sealed record CrashStep : Step
{
    public override string ToString() => "crash, reopen";
}
