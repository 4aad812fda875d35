// The rows of the data set, put into a database that elizaOS has made.

import { ROOMS } from './data.mjs';

const ROWS_A_STATEMENT = 250;

// The agent, its world, its rooms and entities.
export async function fill(adapter, data) {
  await adapter.createAgent({ id: data.agent, name: 'Tester', bio: ['An agent of the comparison.'] });
  await adapter.createWorld({ id: data.agent, name: 'World', agentId: data.agent, messageServerId: data.agent });
  const rooms = data.rooms.map((id, row) => ({
    id, name: `room ${row} of ${ROOMS}`, source: 'comparison', type: 'GROUP', channelId: id, messageServerId: data.agent, worldId: data.agent,
  }));
  await adapter.createRooms(rooms);
  const entities = data.entities.map((id, row) => ({ id, names: [`entity ${row}`], metadata: {}, agentId: data.agent }));
  if (!(await adapter.createEntities(entities))) throw new Error('createEntities answered false');
}

// What createMemory would have stored, vectors rounded to six decimals included, by statements of many rows.
export async function loadInBulk(connection, data, from, count) {
  for (let start = from; start < from + count; start += ROWS_A_STATEMENT) {
    const rows = [];
    for (let row = start; row < Math.min(start + ROWS_A_STATEMENT, from + count); row++) rows.push(data.memory(row));
    await connection.query(
      `WITH given AS (
         SELECT * FROM jsonb_to_recordset($1::jsonb) AS given(
           "id" uuid, "entityId" uuid, "agentId" uuid, "roomId" uuid, "worldId" uuid, "createdAt" bigint, "content" jsonb, "metadata" jsonb, "vector" text)),
       stored AS (
         INSERT INTO memories (id, type, created_at, content, entity_id, agent_id, room_id, world_id, "unique", metadata)
         SELECT "id", 'messages', to_timestamp("createdAt" / 1000.0) AT TIME ZONE 'utc', "content", "entityId", "agentId", "roomId", "worldId", true, "metadata"
         FROM given)
       INSERT INTO embeddings (id, memory_id, created_at, dim_${data.dimension}) SELECT gen_random_uuid(), "id", now(), "vector"::vector FROM given`,
      [JSON.stringify(rows.map(({ embedding, ...row }) => ({ ...row, vector: `[${embedding.map((x) => Number(x.toFixed(6)))}]` })))],
    );
  }
  await connection.query('ANALYZE');
}
