// The world of the comparison, the same as Data/SampleWorld.cs of the harness makes it, bit for bit: one agent, ten rooms, two hundred
// entities, and as many memories as one likes. So nothing in here may use a function whose last bit is the platform's own business, as
// a logarithm's and a cosine's are; additions, multiplications, divisions and square roots are the same everywhere.

const ROOMS = 10;
const ENTITIES = 200;
const CENTRES = 64;
const SPREAD = 0.6;
const FIRST_MS = 1_700_000_000_000;
const WORDS =
  'the agent said that it would rather look for a quiet room with a view of the harbour and talk about what was decided ' +
  'last week because nobody had written it down and two of us remember it differently so that in the end we agreed to ask again ';

// As Mulberry32.cs.
export class Mulberry32 {
  constructor(seed) {
    this.state = seed >>> 0;
  }

  nextBits() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  }

  nextDouble() {
    return this.nextBits() / 4294967296;
  }

  nextBelow(count) {
    return Math.floor(this.nextDouble() * count);
  }

  nextGaussian() {
    let sum = 0;
    for (let i = 0; i < 12; i++) sum += this.nextDouble();
    return sum - 6;
  }

  nextGuid() {
    const words = [this.nextBits(), this.nextBits(), this.nextBits(), this.nextBits()];
    words[1] = ((words[1] & 0xffff0fff) | 0x4000) >>> 0;
    words[2] = ((words[2] & 0x3fffffff) | 0x80000000) >>> 0;
    const hex = words.map((word) => word.toString(16).padStart(8, '0')).join('');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }
}

export class SampleWorld {
  constructor(seed, dimension) {
    this.random = new Mulberry32(seed);
    this.seed = seed;
    this.dimension = dimension;
    this.made = 0;
    const ids = (count) => Array.from({ length: count }, () => this.random.nextGuid());
    [this.agent, this.world] = ids(2);
    this.rooms = ids(ROOMS);
    this.entities = ids(ENTITIES);
    const centres = dimension === 0 ? 0 : CENTRES;
    this.centres = Array.from({ length: centres }, () => normalized(Float64Array.from({ length: dimension }, () => this.random.nextGaussian())));
  }

  // The same agent, rooms, entities and centres, with other memories.
  sibling(number) {
    const sibling = Object.create(SampleWorld.prototype);
    Object.assign(sibling, this, { random: new Mulberry32(this.seed + Math.imul(number, 0x9e3779b9)), made: 0 });
    return sibling;
  }

  // The next memory, as createMemory takes it.
  next(embedding = true) {
    const i = this.made++;
    const id = this.random.nextGuid();
    const start = this.random.nextBelow(WORDS.length);
    const createdAt = FIRST_MS + i * 1000;
    const vector = this.dimension === 0 ? undefined : this.nextVector();
    return {
      id,
      entityId: this.entities[i % ENTITIES],
      agentId: this.agent,
      roomId: this.rooms[i % ROOMS],
      createdAt,
      content: { text: WORDS.slice(start) + WORDS.slice(0, start) + String(i).padStart(10, '0'), source: 'direct' },
      metadata: { type: 'message', source: 'direct', scope: 'room', timestamp: createdAt },
      unique: true,
      ...(embedding && vector ? { embedding: vector } : {}),
    };
  }

  nextVector() {
    const centre = this.centres[this.random.nextBelow(CENTRES)];
    const spread = SPREAD / Math.sqrt(this.dimension);
    return Array.from(normalized(centre.map((x) => x + spread * this.random.nextGaussian())), Math.fround);
  }
}

function normalized(vector) {
  let sum = 0;
  for (const x of vector) sum += x * x;
  const length = Math.sqrt(sum);
  return vector.map((x) => x / length);
}
