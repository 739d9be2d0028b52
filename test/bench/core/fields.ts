import { withFields } from '../../../src/fields.js';

// What it takes to copy an object with fields added, in nanoseconds: by a spread, by withFields, and where
// every field is written out, in turns.
// node dist/test/bench/core/fields.js [turns]

type Copy = (base: Readonly<Record<string, unknown>>, text: string, count: number) => object;

const ways: Readonly<Record<string, Copy>> = {
  spread: (base, text, count) => ({ ...base, stream: text, seq: count, userId: text, at: text }),
  withFields: (base, text, count) =>
    withFields(base, { stream: text, seq: count, userId: text, at: text }),
  'written out': (base, text, count) => ({
    messageId: base.messageId,
    role: base.role,
    content: base.content,
    metadata: base.metadata,
    stream: text,
    seq: count,
    userId: text,
    at: text,
  }),
};

const turns = Number(process.argv[2] ?? 5);
const bases = Array.from({ length: 1_000 }, (_, n) =>
  JSON.parse(`{"messageId":"m-${n}","role":"user","content":"hello","metadata":{}}`),
);
const copiesATurn = 300_000;
let kept: object = {};

const time = (copy: Copy): number => {
  const begun = performance.now();
  for (let n = 0; n < copiesATurn; n++) kept = copy(bases[n % bases.length], 's', n);
  return ((performance.now() - begun) * 1e6) / copiesATurn;
};

const times = new Map<string, number[]>(Object.keys(ways).map((name) => [name, []]));
for (let turn = 0; turn <= turns; turn++)
  for (const [name, copy] of Object.entries(ways)) {
    const took = time(copy);
    // The first turn is to warm up.
    if (turn > 0) times.get(name)?.push(took);
  }
console.log(`Node ${process.version}, the last copy has ${Object.keys(kept).length} fields`);
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
const least = median(times.get('written out') ?? []);
console.table(
  [...times].map(([way, values]) => ({
    way,
    ns: Math.round(median(values)),
    'beside written out': Number((median(values) / least).toFixed(1)),
  })),
);
