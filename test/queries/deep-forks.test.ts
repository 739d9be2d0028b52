import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Document, MongoClient } from 'mongodb';
import { projections } from '../../projections/index.js';
import { fullStateEvery } from '../../src/domain/stored-state.js';
import { type EmbeddedMongo, startMongo } from '../../src/embedded/mongo/start.js';
import type { Streams } from '../../src/eventstore/lineage.js';
import { readModel } from '../../src/projecting/read-model.js';
import { listCheckpoints } from '../../src/queries/checkpoints.js';
import { type Collections, collectionsOf } from '../../src/queries/collections.js';
import { type ComparedStage, compareExecutions } from '../../src/queries/compare.js';
import { type Cut, cutKeeping, prunedThrough } from '../../src/queries/prunes.js';
import { stretchesOf } from '../../src/queries/segments.js';
import { removeFolder, temporaryFolder } from '../support/program.js';
import { admin } from '../support/requests.js';

// More with FORKLINE_DEEP_FORKS_RUNS=200; a failure prints the seed and the smallest case.
const runsWanted = Number(process.env.FORKLINE_DEEP_FORKS_RUNS ?? 3);

let folder: string;
let mongo: EmbeddedMongo;
let client: MongoClient;
let collections: Collections;
let queries = 0;

beforeAll(async () => {
  folder = await temporaryFolder();
  mongo = await startMongo({ dataDir: folder });
  client = await MongoClient.connect(mongo.url, { monitorCommands: true });
  const db = client.db('forkline');
  // Making indexes reads no stream.
  for (const projection of projections) await readModel(db, projection, {} as Streams).prepare();
  collections = collectionsOf(db);
  client.on('commandStarted', ({ commandName }) => {
    if (['find', 'aggregate', 'count', 'distinct'].includes(commandName)) queries += 1;
  });
});
afterAll(async () => {
  await client.close();
  await mongo.stop();
  await removeFolder(folder);
});

/** What an event on a line is: a checkpoint of a stage; a prune of so many of the oldest left; or neither. */
type Step = Readonly<{ stage?: number; isFull?: boolean; prunes?: number }>;
type Saved = Readonly<{ stageOrder: number; seq: number }>;
/** What is true at the end of a line. */
type Line = Readonly<{ events: number; saved: readonly Saved[]; pruned: number; deltas: number }>;
type Rows = Readonly<{ checkpoints_v2: object[]; prunes_v2: object[] }>;

const nothing: Line = { events: 0, saved: [], pruned: -1, deltas: 0 };
const leftOf = ({ saved, pruned }: Pick<Line, 'saved' | 'pruned'>): readonly Saved[] =>
  saved.filter(({ seq }) => seq > pruned);

/** Goes on along a line, with the rows that its events leave in the read models. */
const along = (
  line: Line,
  steps: readonly Step[],
  holderOf: (seq: number) => string,
  rows: Rows,
): Line => {
  const saved = [...line.saved];
  let { events: seq, pruned, deltas } = line;
  for (const { stage, isFull, prunes = 0 } of steps) {
    const stream = holderOf(seq);
    const place = { stream, from: seq, to: null, position: seq };
    if (stage !== undefined) {
      const isWhole = isFull || saved.length === 0 || deltas === fullStateEvery - 1;
      deltas = isWhole ? 0 : deltas + 1;
      const key = `${stream}/${seq}`;
      const stateDelta = [{ op: 'replace', path: '/at', value: key }];
      rows.checkpoints_v2.push({
        ...{ _id: `${key}@${seq}`, key, checkpointId: key, seq, userId: 'ann', agent: 'a' },
        ...{ stage: 's', stageOrder: stage, createdAt: '2026-01-01T00:00:00.000Z' },
        ...{ ...place, ...(isWhole ? { state: { at: key } } : { stateDelta }) },
      });
      saved.push({ stageOrder: stage, seq });
    }
    const left = leftOf({ saved, pruned });
    const last = left[Math.min(prunes, left.length) - 1];
    if (last) {
      pruned = last.seq;
      rows.prunes_v2.push({ _id: `${stream}@${seq}`, key: stream, through: pruned, ...place });
    }
    seq += 1;
  }
  return { events: seq, saved, pruned, deltas };
};

let runs = 0;

/** Two executions that share the first events of their lines; every two events a fork is taken. */
const twoDeepForks = async (shared: readonly Step[], a: readonly Step[], b: readonly Step[]) => {
  runs += 1;
  const name = (side: string, seq: number) => `execution-${runs}${side}${Math.floor(seq / 2)}`;
  const rows: Rows = { checkpoints_v2: [], prunes_v2: [] };
  const trunk = along(nothing, shared, (seq) => name('a', seq), rows);
  const side = async (own: readonly Step[], holder: string) => {
    const holderOf = (seq: number) => name(seq < shared.length ? 'a' : holder, seq);
    const line = along(trunk, own, holderOf, rows);
    const streams = [...new Set(Array.from({ length: line.events }, (_, seq) => holderOf(seq)))];
    const segments = streams.map((stream, n) => ({ stream, through: 2 * n + 1 }));
    const ancestry = segments.slice(0, -1);
    const stream = streams.at(-1) ?? '';
    const id = stream.slice('execution-'.length);
    const forks = streams.map((_id, n) => ({ _id, stream: _id, ancestry: segments.slice(0, n) }));
    // What the two share has been there since the first.
    await insert('streams_v1', holder === 'a' ? forks : forks.slice(shared.length / 2));
    await insert('executions_v3', [
      { ...{ _id: stream, stream, id, userId: 'ann' }, status: 'running', revision: line.events },
    ]);
    return { stream, id, line, stretches: stretchesOf(stream, ancestry) };
  };
  const sides = { a: await side(a, 'a'), b: await side(b, 'b'), trunk };
  for (const [collection, documents] of Object.entries(rows)) await insert(collection, documents);
  return sides;
};

const insert = async (collection: string, documents: readonly object[]): Promise<void> => {
  if (documents.length > 0)
    await client
      .db('forkline')
      .collection(collection)
      .insertMany(documents as Document[]);
};

/** What pruning takes, told from the line itself. */
const cutOf = (line: Line, keepLast: number): Cut | undefined => {
  const left = leftOf(line);
  const [last, kept, first] = [left.at(-keepLast - 1), left.at(-keepLast), left[0]];
  if (!last || !kept || !first) return undefined;
  return {
    ...{ first: first.seq, through: last.seq, kept: kept.seq },
    count: left.filter(({ seq }) => seq <= last.seq).length,
    total: line.saved.filter(({ seq }) => seq <= last.seq).length,
  };
};

const inStages = (saved: readonly Saved[]): readonly number[] =>
  saved
    .toSorted((one, other) => one.stageOrder - other.stageOrder || one.seq - other.seq)
    .map(({ seq }) => seq);

const pagesOf = async (ids: { a: string; b: string }, limit: number): Promise<ComparedStage[]> => {
  const items: ComparedStage[] = [];
  let cursor: string | null | undefined;
  do {
    const page = await compareExecutions(collections, admin, ids, {
      limit,
      ...(cursor && { cursor }),
    });
    items.push(...(page?.items ?? []));
    cursor = page?.next;
  } while (cursor);
  return items;
};

const save = (stage: number): Step => ({ stage });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ stage: fc.nat(4), isFull: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ prunes: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 3, arbitrary: fc.constant({}) },
);
// An even number of events, so that a fork is taken where the two part.
const steps = (most: number) =>
  fc
    .array(step, { minLength: 2, maxLength: most, size: 'max' })
    .map((all) => all.slice(0, all.length - (all.length % 2)));

it('shows, prunes and compares forks of forks as their lines say', async () => {
  const holds = fc.asyncProperty(
    steps(220),
    steps(40),
    steps(120),
    fc.integer({ min: 1, max: 5 }),
    fc.integer({ min: 5, max: 40 }),
    async (shared, ownA, ownB, keepLast, limit) => {
      const { a, b, trunk } = await twoDeepForks(shared, ownA, ownB);
      for (const { stream, stretches, line } of [a, b]) {
        expect(await prunedThrough(collections, stretches)).toBe(line.pruned);
        expect(await cutKeeping(collections, stream, keepLast)).toEqual(cutOf(line, keepLast));
        const { items } = await listCheckpoints(collections, stream, { limit: 1_000 });
        expect(items.map(({ revision }) => revision)).toEqual(leftOf(line).map(({ seq }) => seq));
      }
      const items = await pagesOf({ a: a.id, b: b.id }, limit);
      const ownOf = (side: 'a' | 'b') =>
        items.flatMap(({ [side]: one }) =>
          one && one.revision >= trunk.events ? one.revision : [],
        );
      const expected = ({ line }: typeof a) =>
        inStages(leftOf(line).filter(({ seq }) => seq >= trunk.events));
      expect([ownOf('a'), ownOf('b')]).toEqual([expected(a), expected(b)]);
      // One side alone goes on from the newest checkpoint that both still have.
      const pruned = Math.max(a.line.pruned, b.line.pruned);
      const newest = trunk.saved.findLast(({ seq }) => seq > pruned)?.seq;
      for (const { a: one, b: other, state } of items) {
        const [from, to] = [one?.revision, other?.revision];
        for (const revision of [from, to])
          expect(revision === undefined || revision >= trunk.events || revision === newest).toBe(
            true,
          );
        if (from === undefined || to === undefined) continue;
        expect(state).toEqual([{ op: 'replace', path: '/at', value: other?.id }]);
      }
    },
  );
  await fc.assert(holds, { numRuns: runsWanted });
}, 120_000);

it('asks a few queries of a fork that is a hundred deep', async () => {
  const line = Array.from({ length: 100 }, (_, n) => (n % 4 === 0 ? save(n) : {}));
  const { a, b } = await twoDeepForks([...line, ...line], line, line);
  const asked = async (ask: () => Promise<unknown>): Promise<number> => {
    queries = 0;
    await ask();
    return queries;
  };
  expect(a.stretches).toHaveLength(150);
  // One query for every fifty stretches.
  expect(await asked(() => prunedThrough(collections, a.stretches))).toBe(3);
  expect(await asked(() => cutKeeping(collections, a.stream, 2))).toBeLessThan(20);
  expect(
    await asked(() => compareExecutions(collections, admin, { a: a.id, b: b.id }, { limit: 1 })),
  ).toBeLessThan(40);
});
