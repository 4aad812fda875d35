// elizaOS' database adapter behind a pipe, so that a test in another language can call it.
//
//   POSTGRES_URL=... node driver.mjs FOLDER
//
// FOLDER is where `npm ci` put the packages of package.json. Every line on the standard input is a request, and gets one line
// on the standard output, in order:
//
//   {"agent": "<uuid>", "method": "createMemory", "args": [{...}, "messages"]}
//   {"result": ...}  or  {"error": {"message": "...", "code": "23505"}}
//
// The method is any of the adapter of that agent. `runMigrations` runs elizaOS' migrator with the schema of its own plugin, and
// `close` ends its connections and, after the answer, this program.
// Dates become ISO texts and undefined becomes null, as JSON has it. Whatever else elizaOS says goes to the standard error.

import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const answer = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);

const require = createRequire(join(resolve(process.argv[2]), 'package.json'));
const { createDatabaseAdapter, plugin } = await import(pathToFileURL(require.resolve('@elizaos/plugin-sql')).href);

const adapters = new Map();

function adapterOf(agent) {
  if (!adapters.has(agent)) {
    adapters.set(agent, createDatabaseAdapter({ postgresUrl: process.env.POSTGRES_URL }, agent));
  }
  return adapters.get(agent);
}

async function call({ agent, method, args = [] }) {
  const adapter = adapterOf(agent);
  if (method === 'runMigrations') {
    return adapter.runPluginMigrations([{ name: plugin.name, schema: plugin.schema }], { verbose: false });
  }
  if (typeof adapter[method] !== 'function') {
    throw new Error(`elizaOS' adapter has no method ${method}`);
  }
  return adapter[method](...args);
}

// What the driver of PostgreSQL said is the innermost cause.
function described(error) {
  let inner = error;
  while (inner?.cause) inner = inner.cause;
  const message = inner === error ? String(error?.message ?? error) : `${error.message}: ${inner.message ?? inner}`;
  return { message, code: inner?.code ?? null };
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const request = JSON.parse(line);
  let response;
  try {
    response = { result: (await call(request)) ?? null };
  } catch (error) {
    response = { error: described(error) };
  }
  await new Promise((written) => answer(JSON.stringify(response) + '\n', written));
  if (request.method === 'close') break;
}

// Its idle connections would keep the program.
process.exit(0);
