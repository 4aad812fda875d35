// elizaOS' database adapter behind a pipe, so that the comparison can measure it from another language.
//
//   node driver.mjs FOLDER
//
// FOLDER is where install.sh put the packages. Every line on the standard input is a request, and gets one line on the standard
// output, in order: {"result": ...} or {"error": "..."}. Times are taken in here, so neither the pipe nor JSON is in them.
//
//   {"do": "open", "seed": 1, "dimension": 384, "pglite": "<directory>"}   or "postgres": "<url>"  -> milliseconds
//   {"do": "migrate"}                      elizaOS does it at each start                           -> milliseconds
//   {"do": "call", "method": "getAgent", "args": [...]}                                            -> what the method returns
//   {"do": "read", "method": "getMemories", "args": [...]}                                         -> nothing
//   {"do": "sample"}                       something of the world, to compare with what others make -> rows
//   {"do": "openAndAsk", ..., "room": "<uuid>", "vector": [...], "count": 10}      opens, migrates, and asks twice -> times
//                                        without a room: one search in all memories
//   {"do": "fill"}                         agent, rooms and entities of that world                 -> milliseconds
//   {"do": "load", "count": 1000, "bulk": true}            the world's next memories               -> milliseconds
//   {"do": "fillCalls"}                    tasks, participants, relationships and cached values    -> milliseconds
//   {"do": "store", "number": 7, "count": 1000}            memories that a run deletes             -> milliseconds
//   {"do": "run", "operation": "getMemoryById", "times": 100, "inFlight": 1, ...}                  -> {"microseconds": [...], ...}
//   {"do": "count", "kind": "memories"}                                                            -> rows
//   {"do": "restore", "kind": "memories"}                  takes away what runs wrote              -> milliseconds
//   {"do": "replay", "turns": [[["call", 10, "getEntitiesByIds", [...]], ["done", 10], ...]]}      -> {"microseconds": [...], ...}
//   {"do": "write", "acknowledged": 200, "operation": "createMemory"}      goes on after the answer -> true
//   {"do": "memory"}                                                                               -> bytes
//   {"do": "close"}                        and, after the answer, the program                      -> milliseconds
//
// Whatever elizaOS says goes to the standard error.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { countRows, fillCalls, restoreRows } from './calls.mjs';
import { SampleWorld } from './data.mjs';
import { fill, loadInBulk } from './load.mjs';
import { operation, rowsOf } from './operations.mjs';
import { replay } from './replay.mjs';

const ROWS_AT_ONCE = 1000;

const answer = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);

const require = createRequire(join(resolve(process.argv[2]), 'package.json'));
const { createDatabaseAdapter, plugin } = await import(pathToFileURL(require.resolve('@elizaos/plugin-sql')).href);

let adapter;
let world;
let base;
const ids = [];
const written = [];

async function timed(body) {
  const began = performance.now();
  await body();
  return performance.now() - began;
}

const requests = {
  open: ({ seed, dimension, pglite, postgres }) => {
    world = new SampleWorld(seed, dimension);
    return timed(async () => {
      adapter = createDatabaseAdapter({ dataDir: pglite, postgresUrl: postgres }, world.agent);
      await adapter.initialize();
      // PGlite opens when it is first asked.
      const connection = await adapter.getConnection();
      await connection.query('SELECT 1');
    });
  },

  migrate: () => timed(() => adapter.runPluginMigrations([{ name: plugin.name, schema: plugin.schema }], { verbose: false })),

  call: async ({ method, args }) => {
    if (typeof adapter[method] !== 'function') throw new Error(`elizaOS' adapter has no method ${method}`);
    return adapter[method](...args.map((argument) => argument ?? undefined));
  },

  openAndAsk: async (request) => {
    const { room, vector, count } = request;
    const openMs = await requests.open(request);
    const migrateMs = await requests.migrate();
    let latest, found;
    const latestMs = room ? await timed(async () => (latest = await adapter.getMemories({ tableName: 'messages', roomId: room, count }))) : null;
    const searchMs = await timed(async () => (found = await adapter.searchMemories({ tableName: 'messages', roomId: room ?? undefined, embedding: vector, count })));
    return { openMs, migrateMs, latestMs, latest: latest?.length, searchMs, found: found.length };
  },

  sample: () => {
    const sibling = world.sibling(1);
    sibling.next();
    return { agent: world.agent, room: world.rooms.at(-1), entity: world.entities.at(-1), memory: sibling.next(), query: sibling.nextVector() };
  },

  fill: () => timed(() => fill(adapter, world)),

  // As call, when nobody wants to see the answer.
  read: async (request) => void (await requests.call(request)),

  load: async ({ count, bulk }) => {
    await adapter.ensureEmbeddingDimension(world.dimension);
    const connection = await adapter.getConnection();
    const milliseconds = await timed(async () => {
      for (let left = count; left > 0; left -= ROWS_AT_ONCE) {
        const memories = Array.from({ length: Math.min(left, ROWS_AT_ONCE) }, () => world.next());
        for (const { id } of memories) ids.push(id);
        if (bulk) await loadInBulk(connection, memories, world.dimension);
        else for (const memory of memories) await adapter.createMemory(memory, 'messages');
      }
    });
    await connection.query('ANALYZE');
    return milliseconds;
  },

  fillCalls: () => timed(async () => void (base = await fillCalls(adapter, world))),

  store: async ({ number, count }) => {
    const sibling = world.sibling(number);
    const connection = await adapter.getConnection();
    return timed(async () => {
      for (let left = count; left > 0; left -= ROWS_AT_ONCE) {
        const memories = Array.from({ length: Math.min(left, ROWS_AT_ONCE) }, () => sibling.next());
        for (const { id } of memories) written.push(id);
        await loadInBulk(connection, memories, world.dimension);
      }
    });
  },

  run: (request) => run(request),

  count: async ({ kind }) => countRows(await adapter.getConnection(), kind),

  restore: async ({ kind }) => {
    const connection = await adapter.getConnection();
    return timed(() => restoreRows(connection, kind, base, written));
  },

  replay: ({ turns, oneByOne }) => replay(adapter, turns, oneByOne),

  write: (request) =>
    new Promise((done, failed) => {
      const next = operation(adapter, world, ids, request);
      (async () => {
        for (let written = 1; ; written++) {
          await next()();
          if (written === request.acknowledged) done(true);
        }
      })().catch(failed);
    }),

  memory: () => {
    const status = readFileSync('/proc/self/status', 'latin1');
    const bytes = (key) => 1024 * Number(new RegExp(`^${key}:\\s*(\\d+) kB$`, 'm').exec(status)[1]);
    return { anonymousBytes: bytes('RssAnon'), mappedBytes: bytes('RssFile') };
  },

  close: () => timed(() => adapter.close()),
};

// Runs one operation `times` times, or until `seconds` have passed, with `inFlight` callers that each wait for their answer. The
// arguments of a call are made before its clock starts. What was done within the seconds is counted as Measuring/Callers.cs counts it: a
// call that ends later by the share of its own time that lies before. Says how many rows the answers have: the fewest, the most, all together.
async function run(request) {
  const { times = Infinity, seconds = Infinity, inFlight = 1 } = request;
  const next = operation(adapter, world, ids, request, written);
  const microseconds = [];
  const began = performance.now();
  const end = began + seconds * 1000;
  let [sent, inTime] = [0, 0];
  let [fewest, most, rows] = [Number.MAX_SAFE_INTEGER, 0, 0];
  async function caller() {
    while (sent < times && performance.now() < end) {
      sent++;
      const call = next();
      const before = performance.now();
      const answer = await call();
      const after = performance.now();
      microseconds.push(Math.round((after - before) * 1000));
      inTime += after <= end ? 1 : Math.max((end - before) / (after - before), 0);
      const found = rowsOf(request.operation, answer);
      [fewest, most] = [Math.min(fewest, found), Math.max(most, found)];
      rows += found;
    }
  }
  await Promise.all(Array.from({ length: inFlight }, caller));
  return { microseconds, milliseconds: Math.min(performance.now() - began, seconds * 1000), inTime, fewest, most, rows };
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const request = JSON.parse(line);
  let response;
  try {
    if (!Object.hasOwn(requests, request.do)) throw new Error(`there is no request "${request.do}"`);
    response = { result: (await requests[request.do](request)) ?? null };
  } catch (error) {
    let inner = error;
    while (inner?.cause) inner = inner.cause;
    response = { error: inner === error ? String(error?.message ?? error) : `${error.message}: ${inner.message ?? inner}` };
  }
  await new Promise((written) => answer(JSON.stringify(response) + '\n', written));
  if (request.do === 'close') break;
}

// Its idle connections would keep the program.
process.exit(0);
