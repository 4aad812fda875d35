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
    plugin CONSTANT text := '@elizaos/plugin-sql';
    now_ms CONSTANT bigint := extract(epoch FROM clock_timestamp()) * 1000;
BEGIN
    IF to_regclass('public.agents') IS NOT NULL AND to_regclass('public.memories') IS NOT NULL THEN
        RETURN;
    END IF;

    -- The lock that elizaOS' migrator takes, so that only one of us makes the tables. Not taken above: elizaOS may fail to give
    -- it back before it ends.
    PERFORM pg_advisory_xact_lock(3107075068959399104);

    SELECT array_agg(name ORDER BY name) INTO found
    FROM unnest(wanted) AS name
    WHERE to_regclass(format('public.%I', name)) IS NOT NULL;

    IF 'agents' = ANY (found) AND 'memories' = ANY (found) THEN
        RETURN;
    END IF;

    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'The schema public has tables named like elizaOS'' own, but is no elizaOS database: %.', array_to_string(found, ', ')
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

    -- What elizaOS' migrator remembers. Without it, it would take these tables for strangers and stop at the first index that is
    -- already there. With it 1.7.2 sees its own hash and does nothing, and another version compares itself with the snapshot, so
    -- it never sees, and never drops, what ElizaEngine adds. The names of the tables and all they hold are elizaOS'.

    CREATE SCHEMA IF NOT EXISTS migrations;
    CREATE TABLE IF NOT EXISTS migrations._migrations (
        id serial PRIMARY KEY,
        plugin_name text NOT NULL,
        hash text NOT NULL,
        created_at bigint NOT NULL
    );
    CREATE TABLE IF NOT EXISTS migrations._journal (
        plugin_name text PRIMARY KEY,
        version text NOT NULL,
        dialect text NOT NULL DEFAULT 'postgresql',
        entries jsonb NOT NULL DEFAULT '[]'
    );
    CREATE TABLE IF NOT EXISTS migrations._snapshots (
        id serial PRIMARY KEY,
        plugin_name text NOT NULL,
        idx integer NOT NULL,
        snapshot jsonb NOT NULL,
        created_at timestamp without time zone DEFAULT now(),
        UNIQUE (plugin_name, idx)
    );

    -- Rows of tables that are gone say nothing about these.
    DELETE FROM migrations._migrations WHERE plugin_name = plugin;
    DELETE FROM migrations._journal WHERE plugin_name = plugin;
    DELETE FROM migrations._snapshots WHERE plugin_name = plugin;

    INSERT INTO migrations._migrations (plugin_name, hash, created_at)
    VALUES (plugin, '0837c648ac972285253e7d5d2812a7a987cfb92abef8f365d07cb610985c7299', now_ms);
    INSERT INTO migrations._journal (plugin_name, version, dialect, entries)
    VALUES (plugin, '7', 'postgresql', jsonb_build_array(jsonb_build_object(
        'idx', 0, 'version', '7', 'when', now_ms, 'tag', '0000_' || plugin || '_eliza_engine', 'breakpoints', true)));

    -- "nulls": "last" and the references of memories and logs that no table has are as elizaOS records them.
    INSERT INTO migrations._snapshots (plugin_name, idx, snapshot)
    VALUES (plugin, 0, $snapshot$
{"version":"7","dialect":"postgresql","schemas":{},"enums":{},"_meta":{"schemas":{},"tables":{},"columns":{}},"tables":{
"public.agents":{"name":"agents","schema":"public","columns":{
 "id":{"name":"id","type":"uuid","primaryKey":true,"notNull":true,"default":"gen_random_uuid()"},
 "enabled":{"name":"enabled","type":"boolean","primaryKey":false,"notNull":true,"default":true},
 "server_id":{"name":"server_id","type":"uuid","primaryKey":false,"notNull":false},
 "created_at":{"name":"created_at","type":"timestamp with time zone","primaryKey":false,"notNull":true,"default":"now()"},
 "updated_at":{"name":"updated_at","type":"timestamp with time zone","primaryKey":false,"notNull":true,"default":"now()"},
 "name":{"name":"name","type":"text","primaryKey":false,"notNull":true},
 "username":{"name":"username","type":"text","primaryKey":false,"notNull":false},
 "system":{"name":"system","type":"text","primaryKey":false,"notNull":false,"default":"''"},
 "bio":{"name":"bio","type":"jsonb","primaryKey":false,"notNull":false,"default":"'[]'::jsonb"},
 "message_examples":{"name":"message_examples","type":"jsonb","primaryKey":false,"notNull":true,"default":"'[]'::jsonb"},
 "post_examples":{"name":"post_examples","type":"jsonb","primaryKey":false,"notNull":true,"default":"'[]'::jsonb"},
 "topics":{"name":"topics","type":"jsonb","primaryKey":false,"notNull":true,"default":"'[]'::jsonb"},
 "adjectives":{"name":"adjectives","type":"jsonb","primaryKey":false,"notNull":true,"default":"'[]'::jsonb"},
 "knowledge":{"name":"knowledge","type":"jsonb","primaryKey":false,"notNull":true,"default":"'[]'::jsonb"},
 "plugins":{"name":"plugins","type":"jsonb","primaryKey":false,"notNull":true,"default":"'[]'::jsonb"},
 "settings":{"name":"settings","type":"jsonb","primaryKey":false,"notNull":true,"default":"'{}'::jsonb"},
 "style":{"name":"style","type":"jsonb","primaryKey":false,"notNull":true,"default":"'{}'::jsonb"}
 },"indexes":{},"foreignKeys":{},"compositePrimaryKeys":{},"uniqueConstraints":{},"checkConstraints":{}},
"public.entities":{"name":"entities","schema":"public","columns":{
 "id":{"name":"id","type":"uuid","primaryKey":true,"notNull":true},
 "agent_id":{"name":"agent_id","type":"uuid","primaryKey":false,"notNull":true},
 "created_at":{"name":"created_at","type":"timestamp","primaryKey":false,"notNull":true,"default":"now()"},
 "names":{"name":"names","type":"text[]","primaryKey":false,"notNull":true,"default":"'{}'::text[]"},
 "metadata":{"name":"metadata","type":"jsonb","primaryKey":false,"notNull":true,"default":"'{}'::jsonb"}
 },"indexes":{},"foreignKeys":{
 "entities_agent_id_agents_id_fk":{"name":"entities_agent_id_agents_id_fk","tableTo":"agents","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"entities","columnsFrom":["agent_id"]}
 },"compositePrimaryKeys":{},"uniqueConstraints":{
 "id_agent_id_unique":{"name":"id_agent_id_unique","columns":["id","agent_id"],"nullsNotDistinct":false}
 },"checkConstraints":{}},
"public.worlds":{"name":"worlds","schema":"public","columns":{
 "id":{"name":"id","type":"uuid","primaryKey":true,"notNull":true,"default":"gen_random_uuid()"},
 "agent_id":{"name":"agent_id","type":"uuid","primaryKey":false,"notNull":true},
 "name":{"name":"name","type":"text","primaryKey":false,"notNull":true},
 "metadata":{"name":"metadata","type":"jsonb","primaryKey":false,"notNull":false},
 "message_server_id":{"name":"message_server_id","type":"uuid","primaryKey":false,"notNull":false},
 "created_at":{"name":"created_at","type":"timestamp","primaryKey":false,"notNull":true,"default":"now()"}
 },"indexes":{},"foreignKeys":{
 "worlds_agent_id_agents_id_fk":{"name":"worlds_agent_id_agents_id_fk","tableTo":"agents","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"worlds","columnsFrom":["agent_id"]}
 },"compositePrimaryKeys":{},"uniqueConstraints":{},"checkConstraints":{}},
"public.rooms":{"name":"rooms","schema":"public","columns":{
 "id":{"name":"id","type":"uuid","primaryKey":true,"notNull":true,"default":"gen_random_uuid()"},
 "agent_id":{"name":"agent_id","type":"uuid","primaryKey":false,"notNull":false},
 "source":{"name":"source","type":"text","primaryKey":false,"notNull":true},
 "type":{"name":"type","type":"text","primaryKey":false,"notNull":true},
 "message_server_id":{"name":"message_server_id","type":"uuid","primaryKey":false,"notNull":false},
 "world_id":{"name":"world_id","type":"uuid","primaryKey":false,"notNull":false},
 "name":{"name":"name","type":"text","primaryKey":false,"notNull":false},
 "metadata":{"name":"metadata","type":"jsonb","primaryKey":false,"notNull":false},
 "channel_id":{"name":"channel_id","type":"text","primaryKey":false,"notNull":false},
 "created_at":{"name":"created_at","type":"timestamp","primaryKey":false,"notNull":true,"default":"now()"}
 },"indexes":{},"foreignKeys":{
 "rooms_agent_id_agents_id_fk":{"name":"rooms_agent_id_agents_id_fk","tableTo":"agents","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"rooms","columnsFrom":["agent_id"]}
 },"compositePrimaryKeys":{},"uniqueConstraints":{},"checkConstraints":{}},
"public.participants":{"name":"participants","schema":"public","columns":{
 "id":{"name":"id","type":"uuid","primaryKey":true,"notNull":true,"default":"gen_random_uuid()"},
 "created_at":{"name":"created_at","type":"timestamp with time zone","primaryKey":false,"notNull":true,"default":"now()"},
 "entity_id":{"name":"entity_id","type":"uuid","primaryKey":false,"notNull":false},
 "room_id":{"name":"room_id","type":"uuid","primaryKey":false,"notNull":false},
 "agent_id":{"name":"agent_id","type":"uuid","primaryKey":false,"notNull":false},
 "room_state":{"name":"room_state","type":"text","primaryKey":false,"notNull":false}
 },"indexes":{
 "idx_participants_room":{"name":"idx_participants_room","method":"btree","columns":[{"asc":true,"nulls":"last","expression":"room_id","isExpression":false}],"isUnique":false},
 "idx_participants_user":{"name":"idx_participants_user","method":"btree","columns":[{"asc":true,"nulls":"last","expression":"entity_id","isExpression":false}],"isUnique":false}
 },"foreignKeys":{
 "fk_room":{"name":"fk_room","tableTo":"rooms","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"participants","columnsFrom":["room_id"]},
 "fk_user":{"name":"fk_user","tableTo":"entities","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"participants","columnsFrom":["entity_id"]},
 "participants_room_id_rooms_id_fk":{"name":"participants_room_id_rooms_id_fk","tableTo":"rooms","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"participants","columnsFrom":["room_id"]},
 "participants_agent_id_agents_id_fk":{"name":"participants_agent_id_agents_id_fk","tableTo":"agents","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"participants","columnsFrom":["agent_id"]},
 "participants_entity_id_entities_id_fk":{"name":"participants_entity_id_entities_id_fk","tableTo":"entities","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"participants","columnsFrom":["entity_id"]}
 },"compositePrimaryKeys":{},"uniqueConstraints":{},"checkConstraints":{}},
"public.components":{"name":"components","schema":"public","columns":{
 "id":{"name":"id","type":"uuid","primaryKey":true,"notNull":true,"default":"gen_random_uuid()"},
 "entity_id":{"name":"entity_id","type":"uuid","primaryKey":false,"notNull":true},
 "agent_id":{"name":"agent_id","type":"uuid","primaryKey":false,"notNull":true},
 "room_id":{"name":"room_id","type":"uuid","primaryKey":false,"notNull":true},
 "world_id":{"name":"world_id","type":"uuid","primaryKey":false,"notNull":false},
 "source_entity_id":{"name":"source_entity_id","type":"uuid","primaryKey":false,"notNull":false},
 "type":{"name":"type","type":"text","primaryKey":false,"notNull":true},
 "data":{"name":"data","type":"jsonb","primaryKey":false,"notNull":false,"default":"'{}'::jsonb"},
 "created_at":{"name":"created_at","type":"timestamp","primaryKey":false,"notNull":true,"default":"now()"}
 },"indexes":{},"foreignKeys":{
 "components_room_id_rooms_id_fk":{"name":"components_room_id_rooms_id_fk","tableTo":"rooms","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"components","columnsFrom":["room_id"]},
 "components_agent_id_agents_id_fk":{"name":"components_agent_id_agents_id_fk","tableTo":"agents","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"components","columnsFrom":["agent_id"]},
 "components_world_id_worlds_id_fk":{"name":"components_world_id_worlds_id_fk","tableTo":"worlds","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"components","columnsFrom":["world_id"]},
 "components_entity_id_entities_id_fk":{"name":"components_entity_id_entities_id_fk","tableTo":"entities","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"components","columnsFrom":["entity_id"]},
 "components_source_entity_id_entities_id_fk":{"name":"components_source_entity_id_entities_id_fk","tableTo":"entities","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"components","columnsFrom":["source_entity_id"]}
 },"compositePrimaryKeys":{},"uniqueConstraints":{},"checkConstraints":{}},
"public.relationships":{"name":"relationships","schema":"public","columns":{
 "id":{"name":"id","type":"uuid","primaryKey":true,"notNull":true,"default":"gen_random_uuid()"},
 "created_at":{"name":"created_at","type":"timestamp with time zone","primaryKey":false,"notNull":true,"default":"now()"},
 "source_entity_id":{"name":"source_entity_id","type":"uuid","primaryKey":false,"notNull":true},
 "target_entity_id":{"name":"target_entity_id","type":"uuid","primaryKey":false,"notNull":true},
 "agent_id":{"name":"agent_id","type":"uuid","primaryKey":false,"notNull":true},
 "tags":{"name":"tags","type":"text[]","primaryKey":false,"notNull":false},
 "metadata":{"name":"metadata","type":"jsonb","primaryKey":false,"notNull":false}
 },"indexes":{
 "idx_relationships_users":{"name":"idx_relationships_users","method":"btree","columns":[{"asc":true,"nulls":"last","expression":"source_entity_id","isExpression":false},{"asc":true,"nulls":"last","expression":"target_entity_id","isExpression":false}],"isUnique":false}
 },"foreignKeys":{
 "fk_user_a":{"name":"fk_user_a","tableTo":"entities","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"relationships","columnsFrom":["source_entity_id"]},
 "fk_user_b":{"name":"fk_user_b","tableTo":"entities","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"relationships","columnsFrom":["target_entity_id"]},
 "relationships_agent_id_agents_id_fk":{"name":"relationships_agent_id_agents_id_fk","tableTo":"agents","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"relationships","columnsFrom":["agent_id"]},
 "relationships_source_entity_id_entities_id_fk":{"name":"relationships_source_entity_id_entities_id_fk","tableTo":"entities","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"relationships","columnsFrom":["source_entity_id"]},
 "relationships_target_entity_id_entities_id_fk":{"name":"relationships_target_entity_id_entities_id_fk","tableTo":"entities","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"relationships","columnsFrom":["target_entity_id"]}
 },"compositePrimaryKeys":{},"uniqueConstraints":{
 "unique_relationship":{"name":"unique_relationship","columns":["source_entity_id","target_entity_id","agent_id"],"nullsNotDistinct":false}
 },"checkConstraints":{}},
"public.memories":{"name":"memories","schema":"public","columns":{
 "id":{"name":"id","type":"uuid","primaryKey":true,"notNull":true},
 "type":{"name":"type","type":"text","primaryKey":false,"notNull":true},
 "created_at":{"name":"created_at","type":"timestamp","primaryKey":false,"notNull":true,"default":"now()"},
 "content":{"name":"content","type":"jsonb","primaryKey":false,"notNull":true},
 "entity_id":{"name":"entity_id","type":"uuid","primaryKey":false,"notNull":false},
 "agent_id":{"name":"agent_id","type":"uuid","primaryKey":false,"notNull":true},
 "room_id":{"name":"room_id","type":"uuid","primaryKey":false,"notNull":false},
 "world_id":{"name":"world_id","type":"uuid","primaryKey":false,"notNull":false},
 "unique":{"name":"unique","type":"boolean","primaryKey":false,"notNull":true,"default":true},
 "metadata":{"name":"metadata","type":"jsonb","primaryKey":false,"notNull":true,"default":"'{}'::jsonb"}
 },"indexes":{
 "idx_fragments_order":{"name":"idx_fragments_order","method":"btree","columns":[{"expression":"((metadata->>'documentId'))","isExpression":true},{"expression":"((metadata->>'position'))","isExpression":true}],"isUnique":false},
 "idx_memories_world_id":{"name":"idx_memories_world_id","method":"btree","columns":[{"asc":true,"nulls":"last","expression":"world_id","isExpression":false}],"isUnique":false},
 "idx_memories_type_room":{"name":"idx_memories_type_room","method":"btree","columns":[{"asc":true,"nulls":"last","expression":"type","isExpression":false},{"asc":true,"nulls":"last","expression":"room_id","isExpression":false}],"isUnique":false},
 "idx_memories_document_id":{"name":"idx_memories_document_id","method":"btree","columns":[{"expression":"((metadata->>'documentId'))","isExpression":true}],"isUnique":false},
 "idx_memories_metadata_type":{"name":"idx_memories_metadata_type","method":"btree","columns":[{"expression":"((metadata->>'type'))","isExpression":true}],"isUnique":false}
 },"foreignKeys":{
 "fk_room":{"name":"fk_room","tableTo":"rooms","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"memories","columnsFrom":["room_id"]},
 "fk_user":{"name":"fk_user","tableTo":"entities","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"memories","columnsFrom":["entity_id"]},
 "fk_agent":{"name":"fk_agent","tableTo":"agents","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"memories","columnsFrom":["agent_id"]},
 "memories_room_id_rooms_id_fk":{"name":"memories_room_id_rooms_id_fk","tableTo":"rooms","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"memories","columnsFrom":["room_id"]},
 "memories_agent_id_agents_id_fk":{"name":"memories_agent_id_agents_id_fk","tableTo":"agents","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"memories","columnsFrom":["agent_id"]},
 "memories_entity_id_entities_id_fk":{"name":"memories_entity_id_entities_id_fk","tableTo":"entities","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"memories","columnsFrom":["entity_id"]}
 },"compositePrimaryKeys":{},"uniqueConstraints":{},"checkConstraints":{
 "document_metadata_check":{"name":"document_metadata_check","value":"\n            CASE \n                WHEN metadata->>'type' = 'document' THEN\n                    metadata ? 'timestamp'\n                ELSE true\n            END\n        "},
 "fragment_metadata_check":{"name":"fragment_metadata_check","value":"\n            CASE \n                WHEN metadata->>'type' = 'fragment' THEN\n                    metadata ? 'documentId' AND \n                    metadata ? 'position'\n                ELSE true\n            END\n        "}
 }},
"public.embeddings":{"name":"embeddings","schema":"public","columns":{
 "id":{"name":"id","type":"uuid","primaryKey":true,"notNull":true,"default":"gen_random_uuid()"},
 "memory_id":{"name":"memory_id","type":"uuid","primaryKey":false,"notNull":false},
 "created_at":{"name":"created_at","type":"timestamp","primaryKey":false,"notNull":true,"default":"now()"},
 "dim_384":{"name":"dim_384","type":"vector(384)","primaryKey":false,"notNull":false},
 "dim_512":{"name":"dim_512","type":"vector(512)","primaryKey":false,"notNull":false},
 "dim_768":{"name":"dim_768","type":"vector(768)","primaryKey":false,"notNull":false},
 "dim_1024":{"name":"dim_1024","type":"vector(1024)","primaryKey":false,"notNull":false},
 "dim_1536":{"name":"dim_1536","type":"vector(1536)","primaryKey":false,"notNull":false},
 "dim_3072":{"name":"dim_3072","type":"vector(3072)","primaryKey":false,"notNull":false}
 },"indexes":{
 "idx_embedding_memory":{"name":"idx_embedding_memory","method":"btree","columns":[{"asc":true,"nulls":"last","expression":"memory_id","isExpression":false}],"isUnique":false}
 },"foreignKeys":{
 "fk_embedding_memory":{"name":"fk_embedding_memory","tableTo":"memories","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"embeddings","columnsFrom":["memory_id"]},
 "embeddings_memory_id_memories_id_fk":{"name":"embeddings_memory_id_memories_id_fk","tableTo":"memories","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"embeddings","columnsFrom":["memory_id"]}
 },"compositePrimaryKeys":{},"uniqueConstraints":{},"checkConstraints":{
 "embedding_source_check":{"name":"embedding_source_check","value":"\"memory_id\" IS NOT NULL"}
 }},
"public.cache":{"name":"cache","schema":"public","columns":{
 "key":{"name":"key","type":"text","primaryKey":false,"notNull":true},
 "agent_id":{"name":"agent_id","type":"uuid","primaryKey":false,"notNull":true},
 "value":{"name":"value","type":"jsonb","primaryKey":false,"notNull":true},
 "created_at":{"name":"created_at","type":"timestamp with time zone","primaryKey":false,"notNull":true,"default":"now()"},
 "expires_at":{"name":"expires_at","type":"timestamp with time zone","primaryKey":false,"notNull":false}
 },"indexes":{},"foreignKeys":{
 "cache_agent_id_agents_id_fk":{"name":"cache_agent_id_agents_id_fk","tableTo":"agents","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"cache","columnsFrom":["agent_id"]}
 },"compositePrimaryKeys":{
 "cache_key_agent_id_pk":{"name":"cache_key_agent_id_pk","columns":["key","agent_id"]}
 },"uniqueConstraints":{},"checkConstraints":{}},
"public.tasks":{"name":"tasks","schema":"public","columns":{
 "id":{"name":"id","type":"uuid","primaryKey":true,"notNull":true,"default":"gen_random_uuid()"},
 "name":{"name":"name","type":"text","primaryKey":false,"notNull":true},
 "description":{"name":"description","type":"text","primaryKey":false,"notNull":false},
 "room_id":{"name":"room_id","type":"uuid","primaryKey":false,"notNull":false},
 "world_id":{"name":"world_id","type":"uuid","primaryKey":false,"notNull":false},
 "entity_id":{"name":"entity_id","type":"uuid","primaryKey":false,"notNull":false},
 "agent_id":{"name":"agent_id","type":"uuid","primaryKey":false,"notNull":true},
 "tags":{"name":"tags","type":"text[]","primaryKey":false,"notNull":false,"default":"'{}'::text[]"},
 "metadata":{"name":"metadata","type":"jsonb","primaryKey":false,"notNull":false,"default":"'{}'::jsonb"},
 "created_at":{"name":"created_at","type":"timestamp with time zone","primaryKey":false,"notNull":false,"default":"now()"},
 "updated_at":{"name":"updated_at","type":"timestamp with time zone","primaryKey":false,"notNull":false,"default":"now()"}
 },"indexes":{},"foreignKeys":{
 "tasks_agent_id_agents_id_fk":{"name":"tasks_agent_id_agents_id_fk","tableTo":"agents","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"tasks","columnsFrom":["agent_id"]}
 },"compositePrimaryKeys":{},"uniqueConstraints":{},"checkConstraints":{}},
"public.logs":{"name":"logs","schema":"public","columns":{
 "id":{"name":"id","type":"uuid","primaryKey":false,"notNull":true,"default":"gen_random_uuid()"},
 "created_at":{"name":"created_at","type":"timestamp with time zone","primaryKey":false,"notNull":true,"default":"now()"},
 "entity_id":{"name":"entity_id","type":"uuid","primaryKey":false,"notNull":true},
 "body":{"name":"body","type":"jsonb","primaryKey":false,"notNull":true},
 "type":{"name":"type","type":"text","primaryKey":false,"notNull":true},
 "room_id":{"name":"room_id","type":"uuid","primaryKey":false,"notNull":true}
 },"indexes":{},"foreignKeys":{
 "fk_room":{"name":"fk_room","tableTo":"rooms","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"logs","columnsFrom":["room_id"]},
 "fk_user":{"name":"fk_user","tableTo":"entities","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"logs","columnsFrom":["entity_id"]},
 "logs_room_id_rooms_id_fk":{"name":"logs_room_id_rooms_id_fk","tableTo":"rooms","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"logs","columnsFrom":["room_id"]},
 "logs_entity_id_entities_id_fk":{"name":"logs_entity_id_entities_id_fk","tableTo":"entities","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"logs","columnsFrom":["entity_id"]}
 },"compositePrimaryKeys":{},"uniqueConstraints":{},"checkConstraints":{}},
"public.servers":{"name":"servers","schema":"public","columns":{
 "id":{"name":"id","type":"uuid","primaryKey":true,"notNull":true},
 "created_at":{"name":"created_at","type":"timestamp with time zone","primaryKey":false,"notNull":true,"default":"now()"},
 "updated_at":{"name":"updated_at","type":"timestamp with time zone","primaryKey":false,"notNull":true,"default":"now()"}
 },"indexes":{},"foreignKeys":{},"compositePrimaryKeys":{},"uniqueConstraints":{},"checkConstraints":{}},
"public.message_servers":{"name":"message_servers","schema":"public","columns":{
 "id":{"name":"id","type":"uuid","primaryKey":true,"notNull":true},
 "name":{"name":"name","type":"text","primaryKey":false,"notNull":true},
 "source_type":{"name":"source_type","type":"text","primaryKey":false,"notNull":true},
 "source_id":{"name":"source_id","type":"text","primaryKey":false,"notNull":false},
 "metadata":{"name":"metadata","type":"jsonb","primaryKey":false,"notNull":false},
 "created_at":{"name":"created_at","type":"timestamp","primaryKey":false,"notNull":true,"default":"CURRENT_TIMESTAMP"},
 "updated_at":{"name":"updated_at","type":"timestamp","primaryKey":false,"notNull":true,"default":"CURRENT_TIMESTAMP"}
 },"indexes":{},"foreignKeys":{},"compositePrimaryKeys":{},"uniqueConstraints":{},"checkConstraints":{}},
"public.channels":{"name":"channels","schema":"public","columns":{
 "id":{"name":"id","type":"text","primaryKey":true,"notNull":true},
 "message_server_id":{"name":"message_server_id","type":"uuid","primaryKey":false,"notNull":true},
 "name":{"name":"name","type":"text","primaryKey":false,"notNull":true},
 "type":{"name":"type","type":"text","primaryKey":false,"notNull":true},
 "source_type":{"name":"source_type","type":"text","primaryKey":false,"notNull":false},
 "source_id":{"name":"source_id","type":"text","primaryKey":false,"notNull":false},
 "topic":{"name":"topic","type":"text","primaryKey":false,"notNull":false},
 "metadata":{"name":"metadata","type":"jsonb","primaryKey":false,"notNull":false},
 "created_at":{"name":"created_at","type":"timestamp","primaryKey":false,"notNull":true,"default":"CURRENT_TIMESTAMP"},
 "updated_at":{"name":"updated_at","type":"timestamp","primaryKey":false,"notNull":true,"default":"CURRENT_TIMESTAMP"}
 },"indexes":{},"foreignKeys":{
 "channels_message_server_id_message_servers_id_fk":{"name":"channels_message_server_id_message_servers_id_fk","tableTo":"message_servers","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"channels","columnsFrom":["message_server_id"]}
 },"compositePrimaryKeys":{},"uniqueConstraints":{},"checkConstraints":{}},
"public.channel_participants":{"name":"channel_participants","schema":"public","columns":{
 "channel_id":{"name":"channel_id","type":"text","primaryKey":false,"notNull":true},
 "entity_id":{"name":"entity_id","type":"text","primaryKey":false,"notNull":true}
 },"indexes":{},"foreignKeys":{
 "channel_participants_channel_id_channels_id_fk":{"name":"channel_participants_channel_id_channels_id_fk","tableTo":"channels","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"channel_participants","columnsFrom":["channel_id"]}
 },"compositePrimaryKeys":{
 "channel_participants_channel_id_entity_id_pk":{"name":"channel_participants_channel_id_entity_id_pk","columns":["channel_id","entity_id"]}
 },"uniqueConstraints":{},"checkConstraints":{}},
"public.central_messages":{"name":"central_messages","schema":"public","columns":{
 "id":{"name":"id","type":"text","primaryKey":true,"notNull":true},
 "channel_id":{"name":"channel_id","type":"text","primaryKey":false,"notNull":true},
 "author_id":{"name":"author_id","type":"text","primaryKey":false,"notNull":true},
 "content":{"name":"content","type":"text","primaryKey":false,"notNull":true},
 "raw_message":{"name":"raw_message","type":"jsonb","primaryKey":false,"notNull":false},
 "in_reply_to_root_message_id":{"name":"in_reply_to_root_message_id","type":"text","primaryKey":false,"notNull":false},
 "source_type":{"name":"source_type","type":"text","primaryKey":false,"notNull":false},
 "source_id":{"name":"source_id","type":"text","primaryKey":false,"notNull":false},
 "metadata":{"name":"metadata","type":"jsonb","primaryKey":false,"notNull":false},
 "created_at":{"name":"created_at","type":"timestamp","primaryKey":false,"notNull":true,"default":"CURRENT_TIMESTAMP"},
 "updated_at":{"name":"updated_at","type":"timestamp","primaryKey":false,"notNull":true,"default":"CURRENT_TIMESTAMP"}
 },"indexes":{},"foreignKeys":{
 "central_messages_channel_id_channels_id_fk":{"name":"central_messages_channel_id_channels_id_fk","tableTo":"channels","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"central_messages","columnsFrom":["channel_id"]},
 "central_messages_in_reply_to_root_message_id_central_messages_id_fk":{"name":"central_messages_in_reply_to_root_message_id_central_messages_id_fk","tableTo":"central_messages","onDelete":"set null","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"central_messages","columnsFrom":["in_reply_to_root_message_id"]}
 },"compositePrimaryKeys":{},"uniqueConstraints":{},"checkConstraints":{}},
"public.message_server_agents":{"name":"message_server_agents","schema":"public","columns":{
 "message_server_id":{"name":"message_server_id","type":"uuid","primaryKey":false,"notNull":true},
 "agent_id":{"name":"agent_id","type":"uuid","primaryKey":false,"notNull":true}
 },"indexes":{},"foreignKeys":{
 "message_server_agents_agent_id_agents_id_fk":{"name":"message_server_agents_agent_id_agents_id_fk","tableTo":"agents","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"message_server_agents","columnsFrom":["agent_id"]},
 "message_server_agents_message_server_id_message_servers_id_fk":{"name":"message_server_agents_message_server_id_message_servers_id_fk","tableTo":"message_servers","onDelete":"cascade","onUpdate":"no action","schemaTo":"public","columnsTo":["id"],"tableFrom":"message_server_agents","columnsFrom":["message_server_id"]}
 },"compositePrimaryKeys":{
 "message_server_agents_message_server_id_agent_id_pk":{"name":"message_server_agents_message_server_id_agent_id_pk","columns":["message_server_id","agent_id"]}
 },"uniqueConstraints":{},"checkConstraints":{}}
}}
$snapshot$);
END
$migration$;
