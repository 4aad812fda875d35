using System.Globalization;
using ElizaEngine.Postgres;
using Npgsql;

namespace ElizaEngine;

/// <summary>How a PostgreSQL database is opened.</summary>
public sealed record PostgresDatabaseOptions
{
    /// <summary>
    /// Where the database is: a URL (<c>postgres://</c> or <c>postgresql://</c>) or Npgsql's own keywords. Required, unless
    /// <see cref="DataSource"/> is given. What it does not say, this backend decides (see the README).
    /// <para>
    /// A URL may have several hosts with ports, and parameters under libpq's names: those about TLS, <c>options</c>,
    /// <c>application_name</c>, <c>connect_timeout</c>, <c>target_session_attrs</c>, <c>load_balance_hosts</c> and others. Prisma's
    /// <c>pgbouncer=true</c> says that a pooler in transaction mode is in the way, <c>connection_limit</c> or <c>pool_max</c> how
    /// many connections to keep. An unknown parameter is an <see cref="InvalidConnectionStringException"/>.
    /// </para>
    /// </summary>
    public string? ConnectionString { get; init; }

    /// <summary>
    /// A data source of the caller's own, used as it is and never disposed; null: one is made of <see cref="ConnectionString"/>, which must
    /// be null otherwise.
    /// </summary>
    public NpgsqlDataSource? DataSource { get; init; }

    /// <summary>
    /// Where migrations and index builds go when <see cref="ConnectionString"/> leads to a pooler in transaction mode: a way to the
    /// server itself, in either form. Null: the same; then no index is built behind a pooler, nor on a <see cref="DataSource"/> that has
    /// one connection only.
    /// </summary>
    public string? DirectConnectionString { get; init; }

    /// <summary>
    /// Whether opening brings the schema up to date. False: a schema that is behind is refused with <see cref="SchemaException"/>, and
    /// nothing is changed. Default: true.
    /// </summary>
    public bool Migrate { get; init; } = true;

    /// <summary>
    /// A search that had to compare so many rows, or took too long to compare as many, lets an index of the vectors of its dimension be
    /// built, in the background, on a connection beside those of the pool and without keeping anybody from writing; from then on searches
    /// use it where it pays, and every vector written costs more. Behind a pooler in transaction mode none is built without a
    /// <see cref="DirectConnectionString"/>. 1 or more; null: an index is only built by
    /// <see cref="PostgresDatabase.BuildVectorIndexAsync"/>. Default: 10,000.
    /// </summary>
    public int? VectorIndexRows { get; init; } = 10_000;

    /// <summary>How often, and how patiently, a call is tried again.</summary>
    public PostgresRetryOptions Retry { get; init; } = new();

    /// <summary>
    /// How long one statement may take; must be positive. A <c>Command Timeout</c> among the keywords of <see cref="ConnectionString"/> wins,
    /// one of a <see cref="DataSource"/> does not. Default: 30 s.
    /// </summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Bytes of values that the rows of one statement have at most; a row alone may have more.</summary>
    internal int StatementBytes { get; init; } = 64 << 20;

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>As records print themselves, but without passwords.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{nameof(PostgresDatabaseOptions)} {{ {nameof(ConnectionString)} = {PostgresAddress.Redact(ConnectionString)}, "
        + $"{nameof(DataSource)} = {(DataSource is null ? "" : "given")}, "
        + $"{nameof(DirectConnectionString)} = {PostgresAddress.Redact(DirectConnectionString)}, "
        + $"{nameof(Migrate)} = {Migrate}, {nameof(VectorIndexRows)} = {VectorIndexRows}, {nameof(Retry)} = {Retry}, "
        + $"{nameof(CommandTimeout)} = {CommandTimeout}, {nameof(TimeProvider)} = {TimeProvider} }}");
}

/// <summary>
/// elizaOS' retry settings. The wait before attempt k + 1 is BaseDelay * 2^(k-1), at most <see cref="MaxDelay"/>, and up to
/// <see cref="Jitter"/> more.
/// <para>
/// They are for outages, and only what can succeed the second time is tried again: a call of which nothing was done, and a write
/// whose outcome nobody heard, if doing it twice leaves the same rows and its answer stays true. Any other write of unknown outcome
/// is a <see cref="CommitOutcomeUnknownException"/>. A plain call that loses a race to another transaction is no outage: it is made
/// again within milliseconds, whatever these settings say, but after 50 lost races or more it is a
/// <see cref="TransactionConflictException"/>, and nothing was stored.
/// </para>
/// </summary>
public sealed record PostgresRetryOptions
{
    /// <summary>Attempts in all, the first included; 1 or more. Default: 3.</summary>
    public int Attempts { get; init; } = 3;

    /// <summary>The wait before the second attempt; zero or more. Default: 1 s.</summary>
    public TimeSpan BaseDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait, jitter not counted; zero or more. Default: 10 s.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>What chance adds to a wait at most; zero or more. Default: 1 s.</summary>
    public TimeSpan Jitter { get; init; } = TimeSpan.FromSeconds(1);
}
