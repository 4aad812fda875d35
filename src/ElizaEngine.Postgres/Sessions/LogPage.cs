using Npgsql;

namespace ElizaEngine.Postgres;

/// <summary>
/// Where an entry stands in the log, which is in order of time, then of id. Exact to the server's microsecond.
/// </summary>
internal sealed record LogPlace(DateTimeOffset CreatedAt, Guid Id)
{
    /// <summary>To be compared with <c>(created_at, id)</c>.</summary>
    public Sql Value => Sql.Of($"({DbValue.Instant(CreatedAt)}, {DbValue.Uuid(Id)})");

    /// <summary>From the first two columns of a row.</summary>
    public static LogPlace Read(NpgsqlDataReader row) => new(row.GetFieldValue<DateTimeOffset>(0), row.GetGuid(1));
}

/// <summary>
/// Log entries of rooms of one agent, newest first, in pages: as many as one statement can deal with in a moment, however large
/// bodies are and however many entries there are. Conditions are on an entry <c>l</c>.
/// </summary>
internal readonly record struct LogPage(Guid AgentId)
{
    private const int MaxRows = 1000;

    // As bodies are stored, which is known without fetching them; a body that is larger is a page by itself.
    private const int MaxStoredBytes = 1 << 20;

    // Without the blanks that the server's own spelling puts between the parts.
    private static Sql JsonBytes => Sql.Raw("""octet_length(regexp_replace(body::text, '("(?:[^"\\]|\\.)*")|\s', '\1', 'g'))""");

    /// <summary>The place of the newest entry but for so many, of those that pass a condition: a row or none.</summary>
    public Sql Newest(Sql condition, int skipped) => Sql.Of($"""
        SELECT l.created_at, l.id {Entries(condition)} ORDER BY l.created_at DESC, l.id DESC OFFSET {DbValue.Int(skipped)} LIMIT 1
        """);

    /// <summary>
    /// The newest entries that pass a condition, each a row of its place and the bytes of its body's JSON; no row: there are no more.
    /// </summary>
    public Statement Measure(Sql condition) => Statement.Of($"""
        SELECT created_at, id, {JsonBytes} FROM ({Rows(condition)}) AS page ORDER BY created_at DESC, id DESC
        """);

    /// <summary>
    /// Removes the newest entries that pass a condition. Returns the place of the oldest of them and how many went; no row: there
    /// are no more.
    /// </summary>
    public Statement Delete(Sql condition) => Statement.Of($"""
        WITH page AS MATERIALIZED (SELECT id, created_at FROM ({Rows(condition)}) AS page),
        gone AS (DELETE FROM public.logs WHERE id IN (SELECT id FROM page) RETURNING 1)
        SELECT created_at, id, (SELECT count(*) FROM gone) FROM page ORDER BY created_at, id LIMIT 1
        """);

    private Sql Rows(Sql condition) => Sql.Of($"""
        SELECT id, created_at, body FROM (
            SELECT id, created_at, body,
                sum(bytes) OVER (ORDER BY created_at DESC, id DESC ROWS UNBOUNDED PRECEDING) - bytes AS bytes_before
            FROM (
                SELECT l.id, l.created_at, l.body, pg_column_size(l.body) AS bytes {Entries(condition)}
                ORDER BY l.created_at DESC, l.id DESC LIMIT {DbValue.Int(MaxRows)}) AS newest) AS entry
        WHERE bytes_before < {DbValue.Long(MaxStoredBytes)}
        """);

    private Sql Entries(Sql condition) =>
        Sql.Of($"FROM public.logs l JOIN public.rooms r ON r.id = l.room_id WHERE r.agent_id = {DbValue.Uuid(AgentId)} AND {condition}");
}
