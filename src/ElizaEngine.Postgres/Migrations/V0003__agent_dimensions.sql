-- What the agents of an elizaOS database use already: the column of their newest vector, zeros not counted. The trigger of the
-- version before notes the vectors that come from now on, and what it noted stays.
--
-- Nobody waits for this. It sorts ids, and as a rule looks into one vector of each agent, however many there are.

DO $migration$
DECLARE
    place record;
    done uuid;
    used integer;
BEGIN
    FOR place IN
        SELECT m.agent_id, e.id
        FROM public.embeddings e JOIN public.memories m ON m.id = e.memory_id
        WHERE num_nonnulls(e.dim_384, e.dim_512, e.dim_768, e.dim_1024, e.dim_1536, e.dim_3072) > 0
        ORDER BY m.agent_id, e.created_at DESC, e.id DESC
    LOOP
        CONTINUE WHEN place.agent_id = done;
        SELECT one.dimension INTO used
        FROM public.embeddings e,
            LATERAL (VALUES (384, e.dim_384), (512, e.dim_512), (768, e.dim_768), (1024, e.dim_1024), (1536, e.dim_1536), (3072, e.dim_3072))
                AS one (dimension, embedding)
        WHERE e.id = place.id AND 0::real <> ANY (one.embedding::real[])
        ORDER BY one.dimension LIMIT 1;
        CONTINUE WHEN used IS NULL;
        INSERT INTO eliza_engine.agent_dimensions (agent_id, dimension, is_chosen) VALUES (place.agent_id, used, false)
        ON CONFLICT (agent_id) DO NOTHING;
        done := place.agent_id;
    END LOOP;
END
$migration$;
