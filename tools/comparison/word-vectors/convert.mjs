// Writes rows.f32 and queries.f32: float32, little-endian, 100 to a vector, of unit length. 100,000 rows and 1,000 queries of the
// 341,479 words, frequent and rare ones, drawn with a fixed seed.
//
// usage: node convert.mjs SOURCE.json FOLDER

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROWS = 100_000;
const QUERIES = 1_000;
const SEED = 42;

const [source, folder] = process.argv.slice(2);
const { words, vectors, dimensions } = JSON.parse(readFileSync(source, "utf8"));

const drawn = sample(words.length, ROWS + QUERIES, mulberry32(SEED)).map((i) => words[i]);
write("rows.f32", drawn.slice(0, ROWS));
write("queries.f32", drawn.slice(ROWS));

function write(name, list) {
  const bytes = new DataView(new ArrayBuffer(list.length * dimensions * 4));
  list.forEach((word, row) => {
    const vector = vectors[word].slice(0, dimensions);
    const norm = Math.hypot(...vector);
    if (!(norm > 0)) throw new Error(`the vector of ${word} has no direction`);
    vector.forEach((value, i) => bytes.setFloat32((row * dimensions + i) * 4, value / norm, true));
  });
  writeFileSync(join(folder, name), bytes);
}

function sample(count, wanted, random) {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = 0; i < wanted; i++) {
    const other = i + Math.floor(random() * (count - i));
    [order[i], order[other]] = [order[other], order[i]];
  }
  return order.slice(0, wanted);
}

function mulberry32(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
