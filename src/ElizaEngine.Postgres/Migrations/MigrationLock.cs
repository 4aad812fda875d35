using System.Globalization;

namespace ElizaEngine.Postgres;

/// <summary>How long a migration waits for others.</summary>
/// <param name="Turn">For another migration to end one of its steps, which may be the build of an index.</param>
/// <param name="Table">For a lock on a table. Short: behind a lock that waits, all writers of the table wait too.</param>
internal sealed record MigrationPatience(TimeSpan Turn, TimeSpan Table)
{
    public static MigrationPatience Default { get; } = new(TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(10));
}

/// <summary>
/// One migration at a time: the migrating transaction itself holds an advisory lock, taken before anything else, and the server
/// gives it back when the transaction ends, however it ends. Nothing is left on a connection, so a pooler may stand between.
/// </summary>
internal static class MigrationLock
{
    // SHA-256 of "eliza_engine schema", its first eight bytes, halved.
    private const long Key = 5972234528428168980;

    /// <summary>The statements that a migrating transaction begins with. A role's own limit of time is not meant for the build of an index.</summary>
    public static string Take(MigrationPatience patience) => string.Create(CultureInfo.InvariantCulture, $"""
        SET LOCAL statement_timeout = 0;
        SET LOCAL lock_timeout = {(long)patience.Turn.TotalMilliseconds};
        SELECT pg_advisory_xact_lock({Key});
        SET LOCAL lock_timeout = {(long)patience.Table.TotalMilliseconds};

        """);
}
