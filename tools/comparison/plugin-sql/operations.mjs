// The operations that can be measured. Each is made once for a run, and gives for the number of a call a function that makes it; so
// the arguments, a new memory's vector for one, are made before the clock of the call starts.

import { uuid } from './data.mjs';

// Rows that a run writes, beyond those of the data set.
const NEW_ROWS = 1_000_000;

const body = 'x'.repeat(30_000);

const operations = {
  getMemoryById: ({ adapter, data, rows }) => (n) => {
    const id = data.memoryId(scattered(n, rows));
    return () => adapter.getMemoryById(id);
  },
  getMemories: ({ adapter, data, count }) => (n) => {
    const query = { tableName: 'messages', roomId: room(data, n), count };
    return () => adapter.getMemories(query);
  },
  countMemories: ({ adapter, data }) => (n) => {
    const id = room(data, n);
    return () => adapter.countMemories(id, true, 'messages');
  },
  searchMemories: ({ adapter, data, count, threshold, inRoom }) => (n) => {
    const search = { tableName: 'messages', embedding: data.query(n), roomId: inRoom ? room(data, n) : undefined, match_threshold: threshold, count };
    return () => adapter.searchMemories(search);
  },
  createMemory: ({ adapter, data, embedding = true, decideUnique }) => (n) => {
    const memory = data.memory(NEW_ROWS + n, embedding);
    if (decideUnique) delete memory.unique;
    return () => adapter.createMemory(memory, 'messages');
  },
  updateMemory: ({ adapter, data, rows, embedding }) => (n) => {
    const update = { id: data.memoryId(scattered(n, rows)), content: { text: data.text(NEW_ROWS + n), source: 'comparison' } };
    if (embedding) update.embedding = data.vector(NEW_ROWS + n);
    return () => adapter.updateMemory(update);
  },
  // Deletes what createMemory wrote under the same numbers.
  deleteMemory: ({ adapter, data }) => (n) => {
    const id = data.memoryId(NEW_ROWS + n);
    return () => adapter.deleteMemory(id);
  },
  getEntitiesByIds: ({ adapter, data }) => (n) => {
    const ids = [data.entities[n % data.entities.length]];
    return () => adapter.getEntitiesByIds(ids);
  },
  getRoomsByIds: ({ adapter, data }) => (n) => {
    const ids = [room(data, n)];
    return () => adapter.getRoomsByIds(ids);
  },
  setCache: ({ adapter }) => (n) => () => adapter.setCache(`key ${n % 100}`, { n, text: 'a value of the cache' }),
  getCache: ({ adapter }) => (n) => () => adapter.getCache(`key ${n % 100}`),
  log: ({ adapter, data }) => (n) => {
    const entry = { entityId: data.entities[n % data.entities.length], roomId: room(data, n), type: 'useModel:TEXT_LARGE', body: { runId: uuid(0, n), prompt: body } };
    return () => adapter.log(entry);
  },
};

function room(data, n) {
  return data.rooms[n % data.rooms.length];
}

// Rows in an order without order: a stride that shares no factor with a round number of rows.
function scattered(n, rows) {
  return (n * 7919) % rows;
}

export function operation(name, adapter, data, settings) {
  if (!Object.hasOwn(operations, name)) throw new Error(`there is no operation "${name}"`);
  return operations[name]({ ...settings, adapter, data });
}
