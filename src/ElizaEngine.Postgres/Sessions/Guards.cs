namespace ElizaEngine.Postgres;

/// <summary>
/// Keys that elizaOS' schema does not keep unique (a membership, a component of one kind) are guarded by a row of our own: who
/// stores one takes the row first. Plain writers wait for each other on it; of two transactions the second gets a serialization
/// failure, as it would from a unique index. Keys share 2^20 rows by their hash, so that the table stays small.
/// </summary>
internal static class Guards
{
    private const int Mask = (1 << 20) - 1;

    /// <summary>Takes the rows of keys, until the end of the transaction, in an order that cannot deadlock.</summary>
    public static Statement Take(string[] keys, Sql? onlyIf = null) => Statement.Of($"""
        INSERT INTO eliza_engine.guards AS held (bucket, passes)
        SELECT DISTINCT (hashtextextended(item.key, 0) & {Sql.Number(Mask)})::integer, 1
        FROM unnest({DbValue.Texts(keys)}) WITH ORDINALITY AS item(key, place) WHERE {onlyIf ?? Sql.Raw("true")} ORDER BY 1
        ON CONFLICT (bucket) DO UPDATE SET passes = held.passes + 1
        """);
}
