// The operations that can be measured. Each is made once for a run, and gives for the next call a function that makes it; so the
// arguments, a new memory's vector for one, are made before the clock of the call starts.
//
// world: the world whose memories the database holds; ids: theirs; mine: a world with the same rooms and other memories, of this run;
// written: ids of memories that the run creates are added to it.

import { KEYS, TAGS, freeParticipant, freeRelationship, keyOf, taskOf } from './calls.mjs';

const body = 'x'.repeat(30_000);

const operations = {
  getMemoryById: ({ adapter, ids, mine }) => () => {
    const id = ids[mine.random.nextBelow(ids.length)];
    return () => adapter.getMemoryById(id);
  },
  getMemories: ({ adapter, mine, count }) => () => {
    const query = { tableName: 'messages', roomId: room(mine), count };
    return () => adapter.getMemories(query);
  },
  countMemories: ({ adapter, mine }) => () => {
    const id = room(mine);
    return () => adapter.countMemories(id, true, 'messages');
  },
  searchMemories: ({ adapter, mine, count, threshold, inRoom }) => () => {
    const search = { tableName: 'messages', embedding: mine.nextVector(), roomId: inRoom ? room(mine) : undefined, match_threshold: threshold, count };
    return () => adapter.searchMemories(search);
  },
  createMemory: ({ adapter, mine, written, embedding = true, decideUnique }) => () => {
    const memory = mine.next(embedding);
    written.push(memory.id);
    if (decideUnique) delete memory.unique;
    return () => adapter.createMemory(memory, 'messages');
  },
  updateMemory: ({ adapter, ids, mine, embedding }) => () => {
    const { content, embedding: vector } = mine.next();
    const update = { id: ids[mine.random.nextBelow(ids.length)], content, ...(embedding ? { embedding: vector } : {}) };
    return () => adapter.updateMemory(update);
  },
  // Deletes what was stored with the same number.
  deleteMemory: ({ adapter, mine }) => () => {
    const { id } = mine.next();
    return () => adapter.deleteMemory(id);
  },
  getEntitiesByIds: ({ adapter, mine }) => () => {
    const ids = [entity(mine)];
    return () => adapter.getEntitiesByIds(ids);
  },
  getRoomsByIds: ({ adapter, mine }) => () => {
    const ids = [room(mine)];
    return () => adapter.getRoomsByIds(ids);
  },
  setCache: ({ adapter, mine }) => () => {
    const key = keyOf(mine.random.nextBelow(KEYS));
    return () => adapter.setCache(key, { text: 'a value of the cache' });
  },
  getCache: ({ adapter, mine }) => () => {
    const key = keyOf(mine.random.nextBelow(KEYS));
    return () => adapter.getCache(key);
  },
  createTask: ({ adapter, mine }) => () => {
    const task = taskOf(mine, mine.random.nextBelow(TAGS), room(mine));
    return () => adapter.createTask(task);
  },
  getTasks: ({ adapter, mine }) => () => {
    const query = { tags: ['queue', `t${mine.random.nextBelow(TAGS)}`] };
    return () => adapter.getTasks(query);
  },
  addParticipant: ({ adapter, mine }) => {
    let made = 0;
    return () => {
      const [who, where] = freeParticipant(mine, made++);
      return () => adapter.addParticipant(who, where);
    };
  },
  getParticipantsForRoom: ({ adapter, mine }) => () => {
    const id = room(mine);
    return () => adapter.getParticipantsForRoom(id);
  },
  createRelationship: ({ adapter, mine }) => {
    let made = 0;
    return () => {
      const [sourceEntityId, targetEntityId] = freeRelationship(mine, made++);
      const relationship = { id: mine.random.nextGuid(), sourceEntityId, targetEntityId, tags: ['friend'] };
      return () => adapter.createRelationship(relationship);
    };
  },
  getRelationships: ({ adapter, mine }) => () => {
    const query = { entityId: entity(mine) };
    return () => adapter.getRelationships(query);
  },
  log: ({ adapter, mine }) => () => {
    const entry = { entityId: entity(mine), roomId: room(mine), type: 'useModel:TEXT_LARGE', body: { runId: mine.random.nextGuid(), prompt: body } };
    return () => adapter.log(entry);
  },
};

function room(world) {
  return world.rooms[world.random.nextBelow(world.rooms.length)];
}

function entity(world) {
  return world.entities[world.random.nextBelow(world.entities.length)];
}

// settings.number: which sibling of the world the run writes and asks about; two runs with one number do the same.
export function operation(adapter, world, ids, settings, written = []) {
  if (!Object.hasOwn(operations, settings.operation)) throw new Error(`there is no operation "${settings.operation}"`);
  return operations[settings.operation]({ ...settings, adapter, world, ids, written, mine: world.sibling(settings.number ?? 0) });
}

// Of these elizaOS says nothing when they are done.
const SILENT = new Set(['deleteMemory', 'log']);

// How many rows an answer has; of a write, whether it says that it was done.
export function rowsOf(name, answer) {
  if (SILENT.has(name)) return 1;
  if (Array.isArray(answer)) return answer.length;
  if (typeof answer === 'number') return answer;
  return answer ? 1 : 0;
}
