using Npgsql;

namespace ElizaEngine.Postgres;

/// <summary>What a search tells about itself, beside its rows.</summary>
/// <param name="IndexIsValid">Whether there is an index to walk; false: an unfinished one; null: none, or it was not asked.</param>
/// <param name="ScopeRows">Rows that match the filter, counted up to one more than <see cref="IndexWalk.ScanRows"/>; null: not counted.</param>
/// <param name="Hits">Matching rows that the walk met; null: no walk was asked for.</param>
/// <param name="IsWalked">Whether the answer is that of the walk; else every row that matches was compared.</param>
/// <param name="Compared">Rows that were compared when it is not.</param>
internal readonly record struct SearchFacts(bool? IndexIsValid, long? ScopeRows, long? Hits, bool IsWalked, long Compared)
{
    /// <summary>From five columns of a row.</summary>
    public static SearchFacts Read(NpgsqlDataReader row, int first) => new(
        row.IsDBNull(first) ? null : row.GetBoolean(first),
        row.IsDBNull(first + 1) ? null : row.GetInt64(first + 1),
        row.IsDBNull(first + 2) ? null : row.GetInt64(first + 2),
        row.GetBoolean(first + 3),
        row.GetInt64(first + 4));
}
