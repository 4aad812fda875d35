using Npgsql;

namespace ElizaEngine.Postgres;

/// <summary>
/// A connection string, read and completed: what Npgsql is to be told, and how it may be shown. Its text form is the one that
/// may be shown.
/// </summary>
internal sealed class PostgresAddress
{
    private PostgresAddress(NpgsqlConnectionStringBuilder builder, bool isPooled, string redacted)
    {
        Builder = builder;
        IsPooled = isPooled;
        Redacted = redacted;
    }

    /// <summary>Npgsql's keywords, with <see cref="ConnectionDefaults"/> for what the string left open. Holds the password.</summary>
    public NpgsqlConnectionStringBuilder Builder { get; }

    /// <summary>
    /// Whether a pooler in transaction mode is in the way: two statements outside a transaction may then meet two servers'
    /// sessions, so nothing may be kept in a session (prepared statements, SET, advisory locks of the session, LISTEN).
    /// </summary>
    public bool IsPooled { get; }

    /// <summary>For logs and messages: a URL of user, hosts and database, with <c>***</c> for the password.</summary>
    public string Redacted { get; }

    /// <summary>Reads a URL or Npgsql's own keywords; which of them it is, the beginning says.</summary>
    /// <exception cref="InvalidConnectionStringException">The string cannot be understood.</exception>
    public static PostgresAddress Read(string connectionString) => Read(connectionString, Surroundings.OfProcess);

    /// <inheritdoc cref="Read(string)"/>
    public static PostgresAddress Read(string connectionString, Surroundings surroundings)
    {
        ArgumentNullException.ThrowIfNull(connectionString);
        var text = connectionString.Trim();
        var draft = PostgresUrl.IsUrl(text) ? PostgresUrl.Parse(text, surroundings) : NpgsqlKeywords.Parse(text, surroundings);
        var isPooled = draft.SaysPooled ?? draft.Hosts.Any(host => host.IsKnownPooler);
        ConnectionDefaults.Complete(draft, isPooled, surroundings);
        var builder = draft.Builder;
        return new PostgresAddress(builder, isPooled, ConnectionDisplay.Of(builder.Username, builder.Password is { Length: > 0 }, draft.Hosts, builder.Database));
    }

    /// <summary>The <see cref="Redacted"/> form of any string, also one that cannot be understood; null for null.</summary>
    public static string? Redact(string? connectionString)
    {
        if (connectionString is null) return null;
        try
        {
            return Read(connectionString).Redacted;
        }
        catch (InvalidConnectionStringException error)
        {
            return (string?)error.Value;
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Redacted;
}

/// <summary>What a connection string said, before defaults.</summary>
/// <param name="Builder">What it said, as Npgsql's keywords: only those that it gave.</param>
/// <param name="Hosts">Its hosts, one or more, in order.</param>
/// <param name="SaysPooled">Whether it says that there is a pooler; null when it says nothing.</param>
/// <param name="Shown">How it may be shown in an error.</param>
internal sealed record ConnectionDraft(NpgsqlConnectionStringBuilder Builder, IReadOnlyList<PostgresHost> Hosts, bool? SaysPooled, string Shown)
{
    /// <inheritdoc/>
    public override string ToString() => Shown;
}
