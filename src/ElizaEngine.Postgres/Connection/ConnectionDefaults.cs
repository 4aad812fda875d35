namespace ElizaEngine.Postgres;

/// <summary>
/// What this backend wants of a connection unless the caller says otherwise. The caller's word is the connection string, and
/// for three keywords libpq's variable of the environment, which Npgsql reads itself.
/// </summary>
internal static class ConnectionDefaults
{
    private const int MaxPoolSize = 20;
    private const int IdleLifetimeSeconds = 60;

    /// <summary>The keywords that have a default of ours here, whatever the connection.</summary>
    public static IReadOnlyList<(string Keyword, object Value, string? Variable)> Always { get; } =
    [
        ("Minimum Pool Size", 0, null), // An idle agent holds no connection: there may be many of them.
        ("Connection Lifetime", 1800, null), // Seconds. After a failover or a change of a name everybody moves within half an hour.
        ("Timeout", 5, null), // Seconds to connect, or to wait for a connection of the pool.
        ("Cancellation Timeout", 2000, null), // Milliseconds that a cancelled statement is waited for.
        // No call leaves anything in its session. A reset costs more than a small read (62 us against 25 for SELECT 1 in one process,
        // on one machine), and goes ahead of the next call, which cannot be cancelled at a server that hangs until that is answered.
        ("No Reset On Close", true, null),
        ("Keepalive", 30, null), // Seconds. Firewalls and load balancers drop what is silent.
        ("GSS Encryption Mode", "Disable", "PGGSSENCMODE"), // Asking for it costs a round trip, and loads a library that few have.
        ("Include Error Detail", false, null), // It puts values of rows into messages of errors.
        ("Enlist", false, null), // An ambient transaction is none of ours.
        ("Application Name", "ElizaEngine", "PGAPPNAME"),
        ("Host Recheck Seconds", 0, null), // A host whose session was killed is not offline; with 10 s every retry finds "no suitable host".
        ("Read Buffer Size", 32768, null), // Bytes. A row with 3072 components and its text fits; larger rows allocate each time.
        ("Write Buffer Size", 65536, null), // Bytes. A log of 220 KB goes in four pieces instead of twenty-seven, each of which wakes the server.
    ];

    /// <summary>Those for a server itself: a statement is prepared when it comes the second time.</summary>
    public static IReadOnlyList<(string Keyword, object Value)> WhenDirect { get; } = [("Max Auto Prepare", 100), ("Auto Prepare Min Usages", 2)];

    /// <summary>Those for a pooler in transaction mode: it keeps no session, so there is nothing to prepare in.</summary>
    public static IReadOnlyList<(string Keyword, object Value)> WhenPooled { get; } = [("Max Auto Prepare", 0)];

    /// <summary>Writes the defaults into what the string did not say.</summary>
    /// <exception cref="InvalidConnectionStringException">What it said does not go together.</exception>
    public static void Complete(ConnectionDraft draft, bool isPooled, Surroundings surroundings)
    {
        var builder = draft.Builder;
        var said = builder.Keys!.ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var (keyword, value, variable) in Always) Default(keyword, value, variable);
        foreach (var (keyword, value) in isPooled ? WhenPooled : WhenDirect) Default(keyword, value);

        Default("Maximum Pool Size", Math.Max(MaxPoolSize, builder.MinPoolSize));
        if (builder.MinPoolSize > builder.MaxPoolSize) throw new InvalidConnectionStringException("Minimum Pool Size", "at most Maximum Pool Size", draft.Shown);

        // The pool looks for idle connections every pruning interval, so one cannot be idle for less.
        Default("Connection Idle Lifetime", Math.Max(IdleLifetimeSeconds, said.Contains("Connection Pruning Interval") ? builder.ConnectionPruningInterval : 0));
        Default("Connection Pruning Interval", Math.Min(10, builder.ConnectionIdleLifetime));
        if (builder.ConnectionPruningInterval < 1 || builder.ConnectionIdleLifetime < builder.ConnectionPruningInterval)
            throw new InvalidConnectionStringException("Connection Idle Lifetime", "1 or more, and at least Connection Pruning Interval", draft.Shown);

        // We write. With a choice of servers that means the one that takes writes; Npgsql accepts the word only with a choice.
        if (draft.Hosts.Count > 1) Default("Target Session Attributes", "primary", "PGTARGETSESSIONATTRS");
        else if (builder.TargetSessionAttributes is { } target && !target.Equals("any", StringComparison.OrdinalIgnoreCase))
            throw new InvalidConnectionStringException("the keyword Target Session Attributes", "left out, or Any, when there is only one host", draft.Shown);

        void Default(string keyword, object value, string? variable = null)
        {
            if (said.Contains(keyword) || (variable is not null && surroundings.Variable(variable) is { Length: > 0 })) return;
            builder[keyword] = value;
        }
    }
}
