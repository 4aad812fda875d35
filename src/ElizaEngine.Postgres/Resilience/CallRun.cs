namespace ElizaEngine.Postgres;

/// <summary>One call over all of its attempts: what has gone wrong so far, and what follows from it.</summary>
/// <remarks>
/// An attempt of which nothing was done is made again whatever the call; one whose outcome is unknown only when doing it twice
/// leaves the same rows and the same answer is true. From then on only a success is an answer: whatever else the later attempts
/// say, the first one may have been done.
/// </remarks>
internal sealed class CallRun(CallKind kind)
{
    /// <summary>How the last failed attempt failed; null: none has.</summary>
    public Failure? Failure { get; private set; }

    /// <summary>How far it had come.</summary>
    public Stage Stage { get; private set; }

    /// <summary>Whether its session was still there.</summary>
    public bool IsConnected { get; private set; }

    /// <summary>Whether an attempt may have been done that nobody heard of.</summary>
    public bool IsOutcomeUnknown => Lost is not null;

    /// <summary>The session of that attempt, the last one if there were several.</summary>
    public LostSession? Lost { get; private set; }

    /// <summary>Whether the next attempt is worth a moment's wait.</summary>
    public bool HasLostRace => Failure == Postgres.Failure.LostRace;

    /// <summary>Whether there may be another attempt after a pause.</summary>
    public bool HasMetOutage => Failure switch
    {
        Postgres.Failure.NotDone => true,
        Postgres.Failure.Unknown => kind == CallKind.Repeatable,
        _ => false,
    };

    public void Failed(Failure failure, Stage stage, bool isConnected, LostSession session)
    {
        Failure = failure;
        Stage = stage;
        IsConnected = isConnected;
        if (failure == Postgres.Failure.Unknown) Lost = session;
    }
}
