// What a database of calls holds beside its memories, the same as Calls/CallData.cs of the harness has it, so that reads answer with as
// many rows whoever is asked; what is left for writes; and how what a run wrote is taken away again.

export const TAGS = 50;
export const KEYS = 100;

const TASKS = 1000;
const PARTICIPANT_STEP = 4;
const FRIENDS = 5;

// No run has it.
const FILL_NUMBER = 1_000_000;

export const keyOf = (number) => `key ${number}`;

export function taskOf(world, tag, roomId) {
  return { id: world.random.nextGuid(), name: 'a task', description: 'to be done', roomId, worldId: world.world, tags: ['queue', `t${tag}`], metadata: {} };
}

// The i-th of those who could be added to a room.
export function freeParticipant({ entities, rooms }, i) {
  const room = i % rooms.length;
  const other = Math.floor(i / rooms.length);
  const step = Math.floor(other / (PARTICIPANT_STEP - 1));
  const place = other % (PARTICIPANT_STEP - 1);
  return [entities[step * PARTICIPANT_STEP + (((room % PARTICIPANT_STEP) + 1 + place) % PARTICIPANT_STEP)], rooms[room]];
}

// The i-th of the pairs without a relationship.
export function freeRelationship({ entities }, i) {
  const source = i % entities.length;
  return [entities[source], entities[(source + FRIENDS + 1 + Math.floor(i / entities.length)) % entities.length]];
}

// Tasks and relationships by statements of many rows, as createTask and createRelationship would have stored them.
export async function fillCalls(adapter, world) {
  const connection = await adapter.getConnection();
  const mine = world.sibling(FILL_NUMBER);
  const { agent, entities, rooms } = world;
  const tasks = Array.from({ length: TASKS }, (_, i) => taskOf(mine, i % TAGS, rooms[mine.random.nextBelow(rooms.length)]));
  await connection.query(
    `INSERT INTO tasks (id, name, description, room_id, world_id, agent_id, tags, metadata)
     SELECT "id", "name", "description", "roomId", "worldId", $2::uuid, ARRAY(SELECT jsonb_array_elements_text("tags")), '{}'::jsonb
     FROM jsonb_to_recordset($1::jsonb) AS given("id" uuid, "name" text, "description" text, "roomId" uuid, "worldId" uuid, "tags" jsonb)`,
    [JSON.stringify(tasks), agent],
  );
  const friends = entities.flatMap((source, i) => Array.from({ length: FRIENDS }, (_, step) => ({ source, target: entities[(i + step + 1) % entities.length] })));
  await connection.query(
    `INSERT INTO relationships (source_entity_id, target_entity_id, agent_id, tags, metadata)
     SELECT "source", "target", $2::uuid, ARRAY['friend'], '{}'::jsonb FROM jsonb_to_recordset($1::jsonb) AS given("source" uuid, "target" uuid)`,
    [JSON.stringify(friends), agent],
  );
  for (const [number, room] of rooms.entries()) {
    const there = entities.filter((_, i) => i % PARTICIPANT_STEP === number % PARTICIPANT_STEP);
    if (!(await adapter.addParticipantsRoom(there, room))) throw new Error('addParticipantsRoom answered false');
  }
  for (let i = 0; i < KEYS; i++) {
    if (!(await adapter.setCache(keyOf(i), { text: 'a value of the cache' }))) throw new Error('setCache answered false');
  }
  const base = {};
  for (const kind of ['tasks', 'participants', 'relationships', 'logs']) {
    base[kind] = (await connection.query(`SELECT id FROM ${kind}`)).rows.map((row) => row.id);
  }
  await connection.query('ANALYZE');
  return base;
}

export async function countRows(connection, kind) {
  return (await connection.query(`SELECT count(*)::int AS count FROM ${kind}`)).rows[0].count;
}

// base: ids of what was there at first, by kind; of memories those that were written are known instead.
export async function restoreRows(connection, kind, base, written) {
  if (kind !== 'memories') {
    await connection.query(`DELETE FROM ${kind} WHERE id <> ALL ($1::uuid[])`, [base[kind]]);
    return;
  }
  await connection.query('DELETE FROM embeddings WHERE memory_id = ANY ($1::uuid[])', [written]);
  await connection.query('DELETE FROM memories WHERE id = ANY ($1::uuid[])', [written]);
  written.length = 0;
}
