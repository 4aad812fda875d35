// elizaOS' database adapter behind a pipe, so that the comparison can measure it from another language.
//
//   node driver.mjs FOLDER
//
// FOLDER is where install.sh put the packages. Every line on the standard input is a request, and gets one line on the standard
// output, in order: {"result": ...} or {"error": "..."}. Times are taken in here, so neither the pipe nor JSON is in them.
//
//   {"do": "open", "agent": "<uuid>", "pglite": "<directory>"}    or "postgres": "<url>"      -> milliseconds
//   {"do": "migrate"}                        elizaOS does it at each start                    -> milliseconds
//   {"do": "call", "method": "getAgent", "args": [...]}                                       -> what the method returns
//   {"do": "load", "from": 0, "count": 1000, "dimension": 384, "bulk": true}                  -> milliseconds
//   {"do": "run", "operation": "getMemoryById", "times": 100, "inFlight": 1, ...}             -> {"microseconds": [...], ...}
//   {"do": "replay", "turns": [[["call", 10, "getEntitiesByIds", [...]], ["done", 10], ...]]} -> {"microseconds": [...], ...}
//   {"do": "write", "acknowledged": 200, ...}     goes on writing after the answer            -> true
//   {"do": "memory"}                                                                          -> {"anonymousBytes": ...}
//   {"do": "close"}                               and, after the answer, the program          -> milliseconds
//
// Whatever elizaOS says goes to the standard error.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { Data } from './data.mjs';
import { fill, loadInBulk } from './load.mjs';
import { operation } from './operations.mjs';
import { replay } from './replay.mjs';

const answer = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);

const require = createRequire(join(resolve(process.argv[2]), 'package.json'));
const { createDatabaseAdapter, plugin } = await import(pathToFileURL(require.resolve('@elizaos/plugin-sql')).href);

let adapter;
let agent;
let data;

function dataOf(dimension) {
  if (data?.dimension !== dimension) data = new Data(agent, dimension);
  return data;
}

async function timed(body) {
  const began = performance.now();
  await body();
  return performance.now() - began;
}

const requests = {
  open: (request) =>
    timed(async () => {
      agent = request.agent;
      adapter = createDatabaseAdapter({ dataDir: request.pglite, postgresUrl: request.postgres }, agent);
      await adapter.initialize();
      // PGlite opens when it is first asked.
      if (!(await adapter.isReady())) throw new Error('the database is not ready');
      await adapter.getConnection().then((connection) => connection.query('SELECT 1'));
    }),

  migrate: () => timed(() => adapter.runPluginMigrations([{ name: plugin.name, schema: plugin.schema }], { verbose: false })),

  call: async ({ method, args }) => {
    if (typeof adapter[method] !== 'function') throw new Error(`elizaOS' adapter has no method ${method}`);
    return adapter[method](...args.map((argument) => argument ?? undefined));
  },

  load: ({ from = 0, count, dimension, bulk }) => {
    const rows = dataOf(dimension);
    return timed(async () => {
      await adapter.ensureEmbeddingDimension(dimension);
      if (from === 0) await fill(adapter, rows);
      if (bulk) return loadInBulk(await adapter.getConnection(), rows, from, count);
      for (let row = from; row < from + count; row++) await adapter.createMemory(rows.memory(row), 'messages');
    });
  },

  run: (request) => run(request),

  replay: ({ turns, oneByOne }) => replay(adapter, turns, oneByOne),

  write: ({ acknowledged, ...rest }) => new Promise((done, failed) => {
    const next = operation(rest.operation, adapter, dataOf(rest.dimension), rest);
    (async () => {
      for (let written = 0; ; written++) {
        await next(written)();
        if (written + 1 === acknowledged) done(true);
      }
    })().catch(failed);
  }),

  memory: () => ({ anonymousBytes: 1024 * Number(/^RssAnon:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1'))[1]) }),

  close: () => timed(() => adapter.close()),
};

// Runs one operation `times` times, or until `seconds` have passed, with `inFlight` callers that each wait for their answer. The
// arguments of a call are made before its clock starts. `start` is the number of the first call, so that two runs write other rows.
async function run(request) {
  const { times = Infinity, seconds = Infinity, inFlight = 1, start = 0 } = request;
  const next = operation(request.operation, adapter, dataOf(request.dimension), request);
  const microseconds = [];
  const began = performance.now();
  const end = began + seconds * 1000;
  let number = 0;
  async function caller() {
    while (number < times && performance.now() < end) {
      const call = next(start + number++);
      const sent = performance.now();
      await call();
      microseconds.push(Math.round((performance.now() - sent) * 1000));
    }
  }
  await Promise.all(Array.from({ length: inFlight }, caller));
  return { microseconds, milliseconds: performance.now() - began };
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
