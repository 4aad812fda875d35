using ElizaEngine.Postgres;
using Npgsql;

namespace ElizaEngine;

/// <summary>
/// How much a PostgreSQL database holds, at one point in time. Counts are rows of all agents; sizes are bytes. Of the embeddings elizaOS' zero
/// vectors, and second ones of a memory, are counted too.
/// </summary>
public sealed record PostgresStatistics : DatabaseStatistics
{
    private static readonly Statement Query = Statement.Of($"""
        SELECT (SELECT count(*) FROM public.agents), (SELECT count(*) FROM public.entities), (SELECT count(*) FROM public.components),
            (SELECT count(*) FROM public.memories),
            (SELECT count(dim_384) + count(dim_512) + count(dim_768) + count(dim_1024) + count(dim_1536) + count(dim_3072) FROM public.embeddings)
                + (SELECT count(*) FROM eliza_engine.embeddings),
            (SELECT count(*) FROM public.rooms), (SELECT count(*) FROM public.worlds), (SELECT count(*) FROM public.participants),
            (SELECT count(*) FROM public.relationships), (SELECT count(*) FROM public.tasks), (SELECT count(*) FROM public.logs),
            (SELECT count(*) FROM public.cache),
            (SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE c.relkind = 'r' AND (n.nspname = 'eliza_engine' OR n.nspname = 'public' AND c.relname IN ('agents', 'entities', 'components',
                    'memories', 'embeddings', 'rooms', 'worlds', 'participants', 'relationships', 'tasks', 'logs', 'cache')))
        """);

    /// <summary>Bytes of these tables on the server's disk, with their indexes, and the room in them that is free to use again.</summary>
    public long Bytes { get; init; }

    /// <summary>Counts: reads every table once.</summary>
    internal static Call<PostgresStatistics> Read { get; } =
        new(CallKind.Read, [Query], static async answer => (await answer.RowsAsync(Of).ConfigureAwait(false))[0]);

    private static PostgresStatistics Of(NpgsqlDataReader row) => new()
    {
        Agents = row.GetInt64(0),
        Entities = row.GetInt64(1),
        Components = row.GetInt64(2),
        Memories = row.GetInt64(3),
        Embeddings = row.GetInt64(4),
        Rooms = row.GetInt64(5),
        Worlds = row.GetInt64(6),
        Participants = row.GetInt64(7),
        Relationships = row.GetInt64(8),
        Tasks = row.GetInt64(9),
        Logs = row.GetInt64(10),
        CacheEntries = row.GetInt64(11),
        Bytes = row.GetInt64(12),
    };
}
