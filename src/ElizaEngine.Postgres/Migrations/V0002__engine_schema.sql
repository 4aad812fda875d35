-- What ElizaEngine adds to elizaOS' schema: a schema of its own, and indexes that elizaOS' tables lack.
-- elizaOS' migrator compares its code with what it remembers, not with the database: what stands here is invisible to it.

CREATE SCHEMA IF NOT EXISTS eliza_engine;

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
-- sessions look after the dimension themselves.
CREATE FUNCTION eliza_engine.note_dimension() RETURNS trigger
    LANGUAGE plpgsql AS
$function$
BEGIN
    INSERT INTO eliza_engine.agent_dimensions AS active (agent_id, dimension, is_chosen)
    SELECT m.agent_id, used.dimension, false
    FROM public.memories m, (VALUES (384, NEW.dim_384), (512, NEW.dim_512), (768, NEW.dim_768), (1024, NEW.dim_1024), (1536, NEW.dim_1536), (3072, NEW.dim_3072))
        AS used (dimension, embedding)
    WHERE m.id = NEW.memory_id AND used.embedding IS NOT NULL AND vector_norm(used.embedding) > 0
    ORDER BY used.dimension LIMIT 1
    ON CONFLICT (agent_id) DO UPDATE SET dimension = excluded.dimension
    WHERE NOT active.is_chosen AND active.dimension <> excluded.dimension;
    RETURN NULL;
END
$function$;

CREATE TRIGGER eliza_note_dimension AFTER INSERT ON public.embeddings
    FOR EACH ROW WHEN (NEW.id IS DISTINCT FROM NEW.memory_id) EXECUTE FUNCTION eliza_engine.note_dimension();

-- What the agents of an elizaOS database use already: the column of their newest vector.
INSERT INTO eliza_engine.agent_dimensions (agent_id, dimension, is_chosen)
SELECT DISTINCT ON (m.agent_id) m.agent_id, used.dimension, false
FROM public.embeddings e JOIN public.memories m ON m.id = e.memory_id,
    LATERAL (VALUES (384, e.dim_384), (512, e.dim_512), (768, e.dim_768), (1024, e.dim_1024), (1536, e.dim_1536), (3072, e.dim_3072))
        AS used (dimension, embedding)
WHERE used.embedding IS NOT NULL AND vector_norm(used.embedding) > 0
ORDER BY m.agent_id, e.created_at DESC, e.id DESC, used.dimension
ON CONFLICT (agent_id) DO NOTHING;

-- elizaOS' logs have no key. Entries that share an id (a restore done twice) get new ones; nothing names an entry by its id.
UPDATE public.logs SET id = gen_random_uuid()
WHERE ctid IN (SELECT ctid FROM (SELECT ctid, row_number() OVER (PARTITION BY id ORDER BY ctid) AS place FROM public.logs) AS entry WHERE place > 1);

CREATE UNIQUE INDEX eliza_logs_id ON public.logs (id);

-- The reads of a turn, and what the foreign keys look for when a row goes.
CREATE INDEX eliza_memories_room ON public.memories (room_id, type, created_at DESC, id DESC);
CREATE INDEX eliza_memories_agent ON public.memories (agent_id, type, created_at DESC, id DESC);
CREATE INDEX eliza_memories_type ON public.memories (type, created_at DESC, id DESC);
CREATE INDEX eliza_memories_entity ON public.memories (entity_id);
CREATE INDEX eliza_memories_document ON public.memories (lower(metadata ->> 'documentId')) WHERE metadata ->> 'documentId' IS NOT NULL;
CREATE INDEX eliza_logs_room ON public.logs (room_id, created_at DESC, id DESC);
CREATE INDEX eliza_logs_entity ON public.logs (entity_id);
CREATE INDEX eliza_logs_time ON public.logs (created_at DESC, id DESC);
CREATE INDEX eliza_components_entity ON public.components (entity_id, created_at, id);
CREATE INDEX eliza_components_room ON public.components (room_id);
CREATE INDEX eliza_components_source ON public.components (source_entity_id) WHERE source_entity_id IS NOT NULL;
CREATE INDEX eliza_components_world ON public.components (world_id) WHERE world_id IS NOT NULL;
CREATE INDEX eliza_entities_agent ON public.entities (agent_id, id);
CREATE INDEX eliza_rooms_world ON public.rooms (world_id);
CREATE INDEX eliza_rooms_agent ON public.rooms (agent_id);
CREATE INDEX eliza_worlds_agent ON public.worlds (agent_id);
CREATE INDEX eliza_relationships_target ON public.relationships (target_entity_id);
CREATE INDEX eliza_tasks_agent ON public.tasks (agent_id);
