-- What ElizaEngine keeps beside elizaOS' tables, in the schema eliza_engine, which is there already: the runner's own table is in it.
-- elizaOS' migrator compares its code with what it remembers, not with the database: what stands here is invisible to it.
-- Writers of public.memories, public.embeddings and public.agents wait until this has committed; nothing here takes long.

-- The active dimension of an agent. is_chosen: set by a call of ours; else it follows the column that elizaOS uses.
-- No foreign key: a dimension may be set before its agent exists.
CREATE TABLE eliza_engine.agent_dimensions (
    agent_id uuid PRIMARY KEY,
    dimension integer NOT NULL CHECK (dimension BETWEEN 1 AND 4000),
    is_chosen boolean NOT NULL
);

-- Vectors of dimensions that elizaOS has no column for.
CREATE TABLE eliza_engine.embeddings (
    memory_id uuid NOT NULL REFERENCES public.memories (id) ON DELETE CASCADE,
    dimension integer NOT NULL,
    embedding vector NOT NULL CHECK (vector_dims(embedding) = dimension),
    PRIMARY KEY (memory_id, dimension)
);

-- Rows to lock for keys that elizaOS' tables do not keep unique.
CREATE TABLE eliza_engine.guards (
    bucket integer PRIMARY KEY,
    passes bigint NOT NULL
) WITH (fillfactor = 50);

-- A vector that elizaOS stores tells which dimension its agent uses. Rows of ours carry their memory's id as their own; our
-- sessions look after the dimension themselves. It asks before it writes: when nothing changes, nobody waits for the agent's row.
--
-- elizaOS may connect as another role, which has no rights in this schema: the functions work with those of their owner, and name
-- everything in full. A comparison with an array needs no function of pgvector, which may lie in any schema.
CREATE FUNCTION eliza_engine.note_dimension() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    INSERT INTO eliza_engine.agent_dimensions AS active (agent_id, dimension, is_chosen)
    SELECT noted.agent_id, noted.dimension, false
    FROM (
        SELECT m.agent_id, used.dimension
        FROM public.memories m,
            (VALUES (384, NEW.dim_384), (512, NEW.dim_512), (768, NEW.dim_768), (1024, NEW.dim_1024), (1536, NEW.dim_1536), (3072, NEW.dim_3072))
                AS used (dimension, embedding)
        WHERE m.id = NEW.memory_id AND 0::real <> ANY (used.embedding::real[])
        ORDER BY used.dimension LIMIT 1) AS noted
    WHERE NOT EXISTS (
        SELECT FROM eliza_engine.agent_dimensions known
        WHERE known.agent_id = noted.agent_id AND (known.is_chosen OR known.dimension = noted.dimension))
    ON CONFLICT (agent_id) DO UPDATE SET dimension = excluded.dimension
    WHERE NOT active.is_chosen AND active.dimension <> excluded.dimension;
    RETURN NULL;
END
$function$;

CREATE TRIGGER eliza_note_dimension AFTER INSERT ON public.embeddings
    FOR EACH ROW WHEN (NEW.id IS DISTINCT FROM NEW.memory_id) EXECUTE FUNCTION eliza_engine.note_dimension();

-- An agent that goes, whoever removes it, leaves no dimension behind.
CREATE FUNCTION eliza_engine.forget_dimension() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$function$
BEGIN
    DELETE FROM eliza_engine.agent_dimensions WHERE agent_id = OLD.id;
    RETURN NULL;
END
$function$;

CREATE TRIGGER eliza_forget_dimension AFTER DELETE ON public.agents
    FOR EACH ROW EXECUTE FUNCTION eliza_engine.forget_dimension();

-- Else anybody could have them called by a table of his own.
REVOKE ALL ON FUNCTION eliza_engine.note_dimension(), eliza_engine.forget_dimension() FROM PUBLIC;
