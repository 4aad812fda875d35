// A world's memories, put into a database that knows its agent, rooms and entities.

const ROWS_A_STATEMENT = 250;

// The agent, its world, its rooms and entities.
export async function fill(adapter, world) {
  await adapter.createAgent({ id: world.agent, name: 'Ada' });
  await adapter.createWorld({ id: world.world, name: 'world', agentId: world.agent });
  await adapter.createRooms(world.rooms.map((id) => ({ id, worldId: world.world, source: 'bench', type: 'GROUP' })));
  const entities = world.entities.map((id) => ({ id, names: ['Bob'], metadata: {}, agentId: world.agent }));
  if (!(await adapter.createEntities(entities))) throw new Error('createEntities answered false');
}

// What createMemory would have stored, vectors rounded to six decimals included, by statements of many rows.
export async function loadInBulk(connection, memories, dimension) {
  for (let start = 0; start < memories.length; start += ROWS_A_STATEMENT) {
    const rows = memories.slice(start, start + ROWS_A_STATEMENT);
    await connection.query(
      `WITH given AS (
         SELECT * FROM jsonb_to_recordset($1::jsonb) AS given(
           "id" uuid, "entityId" uuid, "agentId" uuid, "roomId" uuid, "createdAt" bigint, "content" jsonb, "metadata" jsonb, "vector" text)),
       stored AS (
         INSERT INTO memories (id, type, created_at, content, entity_id, agent_id, room_id, "unique", metadata)
         SELECT "id", 'messages', to_timestamp("createdAt" / 1000.0) AT TIME ZONE 'utc', "content", "entityId", "agentId", "roomId", true, "metadata"
         FROM given)
       INSERT INTO embeddings (id, memory_id, created_at, dim_${dimension}) SELECT gen_random_uuid(), "id", now(), "vector"::vector FROM given`,
      [JSON.stringify(rows.map(({ embedding, ...row }) => ({ ...row, vector: `[${embedding.map((x) => Number(x.toFixed(6)))}]` })))],
    );
  }
}
