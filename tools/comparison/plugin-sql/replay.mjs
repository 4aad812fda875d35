// Replays recorded turns. The arguments come ready from the harness, which filled the stand-ins and gave the rows their ids, and are
// parsed before the clock starts. Inside of it is what elizaOS' runtime would wait for: the adapter's calls, from objects to objects.

// Each turn is a list of ["call", id, method, arguments] and ["done", id], in the order of the recording. What had ended before a call
// began was over when it began: so, in this order, a call is made and an end is waited for, and what was made at once stays at once.
// oneByOne: each call waits for the one before, to see what each of them takes alone.
//
// Returns the microseconds of each turn; of each call, if one by one; and of each call how many rows its list had, -1 if it was none.
export async function replay(adapter, turns, oneByOne) {
  const microseconds = [];
  const calls = [];
  const rows = [];
  for (const events of turns) {
    const made = events.map(([kind, id, method, args]) => {
      if (kind === 'done') return { id };
      if (typeof adapter[method] !== 'function') throw new Error(`elizaOS' adapter has no method ${method}`);
      return { id, method, args: args.map((argument) => argument ?? undefined) };
    });
    const results = new Map();
    const began = performance.now();
    for (const { id, method, args } of made) {
      if (method === undefined) {
        if (!oneByOne) results.set(id, await results.get(id));
      } else if (oneByOne) {
        const sent = performance.now();
        results.set(id, await adapter[method](...args));
        calls.push(Math.round((performance.now() - sent) * 1000));
      } else {
        results.set(id, adapter[method](...args));
      }
    }
    microseconds.push(Math.round((performance.now() - began) * 1000));
    for (const { id, method } of made) {
      if (method === undefined) continue;
      const result = results.get(id);
      rows.push(Array.isArray(result) ? result.length : -1);
    }
  }
  return { microseconds, calls, rows };
}
