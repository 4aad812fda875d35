-- The schema of elizaOS 1.7.2, as its own migrator makes it on PostgreSQL: every table, column, default, key, check and index
-- under the name that elizaOS knows, so that it opens this database as one of its own.
--
-- All or nothing. In a database that already has elizaOS' tables nothing is created: what an older elizaOS lacks, only its own
-- migrator may add, for it adds constraints and indexes without asking whether they are there.
--
-- Wants the extension vector, which the runner creates. elizaOS creates fuzzystrmatch and pgcrypto for itself when it opens.
-- The names of types are not qualified: vector may live in any schema of the search path.

DO $migration$
DECLARE
    wanted CONSTANT text[] := ARRAY[
        'agents', 'cache', 'components', 'embeddings', 'entities', 'logs', 'memories', 'participants', 'relationships', 'rooms',
        'tasks', 'worlds', 'servers', 'message_servers', 'channels', 'channel_participants', 'central_messages',
        'message_server_agents'];
    found text[];
BEGIN
    SELECT array_agg(name ORDER BY name) INTO found
    FROM unnest(wanted) AS name
    WHERE to_regclass(format('public.%I', name)) IS NOT NULL;

    IF 'agents' = ANY (found) AND 'memories' = ANY (found) THEN
        RETURN;
    END IF;

    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'The schema public has tables that are named like elizaOS'' but is no elizaOS database: %', array_to_string(found, ', ')
            USING ERRCODE = 'duplicate_table', HINT = 'Give ElizaEngine a database of its own.';
    END IF;

    -- Agents, and whom and where they meet.

    CREATE TABLE public.agents (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        enabled boolean NOT NULL DEFAULT true,
        server_id uuid,
        created_at timestamp with time zone NOT NULL DEFAULT now(),
        updated_at timestamp with time zone NOT NULL DEFAULT now(),
        name text NOT NULL,
        username text,
        system text DEFAULT '',
        bio jsonb DEFAULT '[]',
        message_examples jsonb NOT NULL DEFAULT '[]',
        post_examples jsonb NOT NULL DEFAULT '[]',
        topics jsonb NOT NULL DEFAULT '[]',
        adjectives jsonb NOT NULL DEFAULT '[]',
        knowledge jsonb NOT NULL DEFAULT '[]',
        plugins jsonb NOT NULL DEFAULT '[]',
        settings jsonb NOT NULL DEFAULT '{}',
        style jsonb NOT NULL DEFAULT '{}'
    );

    CREATE TABLE public.entities (
        id uuid PRIMARY KEY,
        agent_id uuid NOT NULL
            CONSTRAINT entities_agent_id_agents_id_fk REFERENCES public.agents ON DELETE CASCADE,
        created_at timestamp without time zone NOT NULL DEFAULT now(),
        names text[] NOT NULL DEFAULT '{}',
        metadata jsonb NOT NULL DEFAULT '{}',
        CONSTRAINT id_agent_id_unique UNIQUE (id, agent_id)
    );

    CREATE TABLE public.worlds (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        agent_id uuid NOT NULL
            CONSTRAINT worlds_agent_id_agents_id_fk REFERENCES public.agents ON DELETE CASCADE,
        name text NOT NULL,
        metadata jsonb,
        message_server_id uuid,
        created_at timestamp without time zone NOT NULL DEFAULT now()
    );

    -- world_id references nothing: elizaOS removes a world and keeps its rooms.
    CREATE TABLE public.rooms (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        agent_id uuid
            CONSTRAINT rooms_agent_id_agents_id_fk REFERENCES public.agents ON DELETE CASCADE,
        source text NOT NULL,
        type text NOT NULL,
        message_server_id uuid,
        world_id uuid,
        name text,
        metadata jsonb,
        channel_id text,
        created_at timestamp without time zone NOT NULL DEFAULT now()
    );

    -- Here and below a column may have two constraints that say the same: elizaOS declares some references twice.
    CREATE TABLE public.participants (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        created_at timestamp with time zone NOT NULL DEFAULT now(),
        entity_id uuid
            CONSTRAINT participants_entity_id_entities_id_fk REFERENCES public.entities ON DELETE CASCADE
            CONSTRAINT fk_user REFERENCES public.entities ON DELETE CASCADE,
        room_id uuid
            CONSTRAINT participants_room_id_rooms_id_fk REFERENCES public.rooms ON DELETE CASCADE
            CONSTRAINT fk_room REFERENCES public.rooms ON DELETE CASCADE,
        agent_id uuid
            CONSTRAINT participants_agent_id_agents_id_fk REFERENCES public.agents ON DELETE CASCADE,
        room_state text
    );
    CREATE INDEX idx_participants_user ON public.participants (entity_id);
    CREATE INDEX idx_participants_room ON public.participants (room_id);

    CREATE TABLE public.components (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        entity_id uuid NOT NULL
            CONSTRAINT components_entity_id_entities_id_fk REFERENCES public.entities ON DELETE CASCADE,
        agent_id uuid NOT NULL
            CONSTRAINT components_agent_id_agents_id_fk REFERENCES public.agents ON DELETE CASCADE,
        room_id uuid NOT NULL
            CONSTRAINT components_room_id_rooms_id_fk REFERENCES public.rooms ON DELETE CASCADE,
        world_id uuid
            CONSTRAINT components_world_id_worlds_id_fk REFERENCES public.worlds ON DELETE CASCADE,
        source_entity_id uuid
            CONSTRAINT components_source_entity_id_entities_id_fk REFERENCES public.entities ON DELETE CASCADE,
        type text NOT NULL,
        data jsonb DEFAULT '{}',
        created_at timestamp without time zone NOT NULL DEFAULT now()
    );

    CREATE TABLE public.relationships (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        created_at timestamp with time zone NOT NULL DEFAULT now(),
        source_entity_id uuid NOT NULL
            CONSTRAINT relationships_source_entity_id_entities_id_fk REFERENCES public.entities ON DELETE CASCADE
            CONSTRAINT fk_user_a REFERENCES public.entities ON DELETE CASCADE,
        target_entity_id uuid NOT NULL
            CONSTRAINT relationships_target_entity_id_entities_id_fk REFERENCES public.entities ON DELETE CASCADE
            CONSTRAINT fk_user_b REFERENCES public.entities ON DELETE CASCADE,
        agent_id uuid NOT NULL
            CONSTRAINT relationships_agent_id_agents_id_fk REFERENCES public.agents ON DELETE CASCADE,
        tags text[],
        metadata jsonb,
        CONSTRAINT unique_relationship UNIQUE (source_entity_id, target_entity_id, agent_id)
    );
    CREATE INDEX idx_relationships_users ON public.relationships (source_entity_id, target_entity_id);

    -- Memories. created_at is UTC without saying so.

    CREATE TABLE public.memories (
        id uuid PRIMARY KEY,
        type text NOT NULL,
        created_at timestamp without time zone NOT NULL DEFAULT now(),
        content jsonb NOT NULL,
        entity_id uuid
            CONSTRAINT memories_entity_id_entities_id_fk REFERENCES public.entities ON DELETE CASCADE,
        agent_id uuid NOT NULL
            CONSTRAINT memories_agent_id_agents_id_fk REFERENCES public.agents ON DELETE CASCADE
            CONSTRAINT fk_agent REFERENCES public.agents ON DELETE CASCADE,
        room_id uuid
            CONSTRAINT memories_room_id_rooms_id_fk REFERENCES public.rooms ON DELETE CASCADE,
        world_id uuid,
        "unique" boolean NOT NULL DEFAULT true,
        metadata jsonb NOT NULL DEFAULT '{}',
        CONSTRAINT fragment_metadata_check CHECK (
            CASE WHEN metadata ->> 'type' = 'fragment' THEN metadata ? 'documentId' AND metadata ? 'position' ELSE true END),
        CONSTRAINT document_metadata_check CHECK (
            CASE WHEN metadata ->> 'type' = 'document' THEN metadata ? 'timestamp' ELSE true END)
    );
    CREATE INDEX idx_memories_type_room ON public.memories (type, room_id);
    CREATE INDEX idx_memories_world_id ON public.memories (world_id);
    CREATE INDEX idx_memories_metadata_type ON public.memories ((metadata ->> 'type'));
    CREATE INDEX idx_memories_document_id ON public.memories ((metadata ->> 'documentId'));
    CREATE INDEX idx_fragments_order ON public.memories ((metadata ->> 'documentId'), (metadata ->> 'position'));

    CREATE TABLE public.embeddings (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        memory_id uuid
            CONSTRAINT embeddings_memory_id_memories_id_fk REFERENCES public.memories ON DELETE CASCADE
            CONSTRAINT fk_embedding_memory REFERENCES public.memories ON DELETE CASCADE,
        created_at timestamp without time zone NOT NULL DEFAULT now(),
        dim_384 vector(384),
        dim_512 vector(512),
        dim_768 vector(768),
        dim_1024 vector(1024),
        dim_1536 vector(1536),
        dim_3072 vector(3072),
        CONSTRAINT embedding_source_check CHECK (memory_id IS NOT NULL)
    );
    CREATE INDEX idx_embedding_memory ON public.embeddings (memory_id);

    -- What agents keep for themselves.

    CREATE TABLE public.cache (
        key text NOT NULL,
        agent_id uuid NOT NULL
            CONSTRAINT cache_agent_id_agents_id_fk REFERENCES public.agents ON DELETE CASCADE,
        value jsonb NOT NULL,
        created_at timestamp with time zone NOT NULL DEFAULT now(),
        expires_at timestamp with time zone,
        CONSTRAINT cache_key_agent_id_pk PRIMARY KEY (key, agent_id)
    );

    CREATE TABLE public.tasks (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        name text NOT NULL,
        description text,
        room_id uuid,
        world_id uuid,
        entity_id uuid,
        agent_id uuid NOT NULL
            CONSTRAINT tasks_agent_id_agents_id_fk REFERENCES public.agents ON DELETE CASCADE,
        tags text[] DEFAULT '{}',
        metadata jsonb DEFAULT '{}',
        created_at timestamp with time zone DEFAULT now(),
        updated_at timestamp with time zone DEFAULT now()
    );

    -- No primary key: so elizaOS has it.
    CREATE TABLE public.logs (
        id uuid NOT NULL DEFAULT gen_random_uuid(),
        created_at timestamp with time zone NOT NULL DEFAULT now(),
        entity_id uuid NOT NULL
            CONSTRAINT logs_entity_id_entities_id_fk REFERENCES public.entities ON DELETE CASCADE,
        body jsonb NOT NULL,
        type text NOT NULL,
        room_id uuid NOT NULL
            CONSTRAINT logs_room_id_rooms_id_fk REFERENCES public.rooms ON DELETE CASCADE
    );

    -- elizaOS' central message server. ElizaEngine neither reads nor writes these.

    CREATE TABLE public.servers (
        id uuid PRIMARY KEY,
        created_at timestamp with time zone NOT NULL DEFAULT now(),
        updated_at timestamp with time zone NOT NULL DEFAULT now()
    );

    CREATE TABLE public.message_servers (
        id uuid PRIMARY KEY,
        name text NOT NULL,
        source_type text NOT NULL,
        source_id text,
        metadata jsonb,
        created_at timestamp without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
        updated_at timestamp without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP
    );

    CREATE TABLE public.channels (
        id text PRIMARY KEY,
        message_server_id uuid NOT NULL
            CONSTRAINT channels_message_server_id_message_servers_id_fk REFERENCES public.message_servers ON DELETE CASCADE,
        name text NOT NULL,
        type text NOT NULL,
        source_type text,
        source_id text,
        topic text,
        metadata jsonb,
        created_at timestamp without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
        updated_at timestamp without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP
    );

    CREATE TABLE public.channel_participants (
        channel_id text NOT NULL
            CONSTRAINT channel_participants_channel_id_channels_id_fk REFERENCES public.channels ON DELETE CASCADE,
        entity_id text NOT NULL,
        CONSTRAINT channel_participants_channel_id_entity_id_pk PRIMARY KEY (channel_id, entity_id)
    );

    -- The reference to itself is named as PostgreSQL cuts elizaOS' name, at 63 bytes.
    CREATE TABLE public.central_messages (
        id text PRIMARY KEY,
        channel_id text NOT NULL
            CONSTRAINT central_messages_channel_id_channels_id_fk REFERENCES public.channels ON DELETE CASCADE,
        author_id text NOT NULL,
        content text NOT NULL,
        raw_message jsonb,
        in_reply_to_root_message_id text
            CONSTRAINT central_messages_in_reply_to_root_message_id_central_messages_i
                REFERENCES public.central_messages ON DELETE SET NULL,
        source_type text,
        source_id text,
        metadata jsonb,
        created_at timestamp without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
        updated_at timestamp without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP
    );

    CREATE TABLE public.message_server_agents (
        message_server_id uuid NOT NULL
            CONSTRAINT message_server_agents_message_server_id_message_servers_id_fk REFERENCES public.message_servers ON DELETE CASCADE,
        agent_id uuid NOT NULL
            CONSTRAINT message_server_agents_agent_id_agents_id_fk REFERENCES public.agents ON DELETE CASCADE,
        CONSTRAINT message_server_agents_message_server_id_agent_id_pk PRIMARY KEY (message_server_id, agent_id)
    );
END
$migration$;
