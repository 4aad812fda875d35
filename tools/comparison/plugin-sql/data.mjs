// The data set of the comparison: one agent in one world of its own, 10 rooms, 200 entities, and memories with clustered vectors.
// Data/BaselineData.cs of the harness makes the same one, bit for bit; so nothing here may use a function whose last bit is the
// platform's own business, as the logarithm and the cosine are. Additions, multiplications, divisions and square roots are exact alike.
//
// Every row has a stream of random numbers of its own, so rows can be made in any order.

export const ROOMS = 10;
export const ENTITIES = 200;
const CENTRES = 64;
const NOISE = 0.6;
const TEXT_LENGTH = 250;
const FIRST_TIME = 1_700_000_000_000;

// What a stream is for. Streams of one purpose differ by the row.
const ROOM = 0x726f6f6d;
const ENTITY = 0x656e7469;
const MEMORY = 0x6d656d6f;
const TEXT = 0x74657874;
const VECTOR = 0x76656374;
const CENTRE = 0x63656e74;
const QUERY = 0x71756572;

const WORDS = (
  'agent answer asks before blue bring case city clear close cold come database deep door early engine every evening find first ' +
  'follow garden give good green hand hear house idea keep kind know large later letter light little long look made many memory ' +
  'message morning move name never night number often open order paper people place plain question quiet quick read right room ' +
  'search short'
).split(' ');

// mulberry32: each call gives 32 bits.
export function stream(purpose, row) {
  let state = (Math.imul(row + 1, 0x9e3779b1) ^ purpose) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

// A UUID in the form of a random one.
export function uuid(purpose, row) {
  const next = stream(purpose, row);
  const words = [next(), next(), next(), next()];
  words[1] = ((words[1] & 0xffff0fff) | 0x4000) >>> 0;
  words[2] = ((words[2] & 0x3fffffff) | 0x80000000) >>> 0;
  const hex = words.map((word) => word.toString(16).padStart(8, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

// Nearly Gaussian, with variance 1: the sum of four uniform numbers.
function gauss(next) {
  return ((next() + next() + next() + next()) / 4294967296 - 2) * 1.7320508075688772;
}

// In place; components in double precision.
function normalize(vector) {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += vector[i] * vector[i];
  const length = Math.sqrt(sum);
  for (let i = 0; i < vector.length; i++) vector[i] /= length;
  return vector;
}

export class Data {
  constructor(agent, dimension) {
    this.agent = agent;
    this.dimension = dimension;
    this.rooms = Array.from({ length: ROOMS }, (_, row) => uuid(ROOM, row));
    this.entities = Array.from({ length: ENTITIES }, (_, row) => uuid(ENTITY, row));
    this.centres = Array.from({ length: CENTRES }, (_, row) => {
      const next = stream(CENTRE, row);
      return normalize(Float64Array.from({ length: dimension }, () => gauss(next)));
    });
  }

  memoryId(row) {
    return uuid(MEMORY, row);
  }

  text(row) {
    const next = stream(TEXT, row);
    let text = WORDS[next() >>> 26];
    while (text.length < TEXT_LENGTH) text += ' ' + WORDS[next() >>> 26];
    return text;
  }

  // As float32 has them, in the numbers that elizaOS takes.
  vector(row) {
    return this.near(stream(VECTOR, row));
  }

  query(row) {
    return this.near(stream(QUERY, row));
  }

  near(next) {
    const centre = this.centres[next() >>> 26];
    const scale = NOISE / Math.sqrt(this.dimension);
    const vector = new Float64Array(this.dimension);
    for (let i = 0; i < vector.length; i++) vector[i] = centre[i] + scale * gauss(next);
    return Array.from(normalize(vector), Math.fround);
  }

  // Row `row` as createMemory takes it.
  memory(row, embedding = true) {
    return {
      id: this.memoryId(row),
      entityId: this.entities[row % ENTITIES],
      agentId: this.agent,
      roomId: this.rooms[row % ROOMS],
      worldId: this.agent,
      createdAt: FIRST_TIME + row * 1000,
      content: { text: this.text(row), source: 'comparison' },
      metadata: { type: 'message', source: 'comparison', scope: 'room', timestamp: FIRST_TIME + row * 1000 },
      unique: true,
      ...(embedding ? { embedding: this.vector(row) } : {}),
    };
  }
}
