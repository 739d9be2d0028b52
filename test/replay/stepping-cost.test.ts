import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v4 as newId } from 'uuid';
import { forkStream } from '../../src/commands/fork.js';
import { isRejection } from '../../src/domain/decider.js';
import { session } from '../../src/domain/session.js';
import { withLineage } from '../../src/eventstore/lineage.js';
import type { Sources } from '../../src/eventstore/load.js';
import { compareStreams, type StreamComparison } from '../../src/replay/compare-streams.js';
import { stepsOf } from '../../src/replay/steps.js';
import { startTestStores, type TestStores } from '../projecting/support/stores.js';
import { counting } from '../support/counting-store.js';
import { newEvent } from '../support/new-events.js';
import { request } from '../support/requests.js';
import { created, edit, edited, posted, question, removed } from '../support/session-facts.js';
import { streamOf } from './support/long-streams.js';
import { keptThrough, openSnapshots, type TestSnapshots } from './support/snapshots.js';

/** As far from the newest snapshot, each of them. */
const lengths = [1_000, 8_040] as const;

let stores: TestStores;
let snapshots: TestSnapshots;
let long: readonly Readonly<{ id: string; stream: string; length: number }>[];

beforeAll(async () => {
  stores = await startTestStores();
  snapshots = await openSnapshots(stores.db, stores.streams);
  long = await Promise.all(
    lengths.map(async (length) => {
      const made = await streamOf(stores.store, 'session', length);
      await keptThrough(snapshots, made.stream, length - 1);
      return { ...made, length };
    }),
  );
}, 120_000);
afterAll(async () => {
  await snapshots.keeper.stop();
  await stores.close();
});

/** What something asks of the store, on a node that has never seen the stream. */
const costOf = async (work: (sources: Sources) => Promise<void>) => {
  const counted = counting(stores.store);
  await work({ streams: withLineage(counted), snapshots });
  return counted.counts();
};

const forkOf = async (of: string, at: number, ...contents: readonly string[]): Promise<string> => {
  const id = newId();
  const amendments = contents.map((content, n) => edit(`m-${n + 1}`, content));
  const outcome = await forkStream(
    ...([stores.streams, session, { of, at, id, amendments }, request(), snapshots] as const),
  );
  if (isRejection(outcome)) throw new Error(outcome.rejected);
  return `session-${id}`;
};

describe('on streams of 1,000 and of 8,040 events alike', () => {
  it('a page of steps reads its own events, and those since the snapshot before it', async () => {
    const [short, longer] = await Promise.all(
      long.map(({ stream, length }) =>
        costOf(async (sources) => {
          const place = { from: length - 50, to: length - 11, limit: 20 };
          const { steps, next } = await stepsOf(sources, 'session', stream, place);
          expect(steps.map(({ revision }) => revision - length)).toEqual(
            Array.from({ length: 20 }, (_, n) => n - 50),
          );
          expect(next).toBe(length - 30);
        }),
      ),
    );
    expect(longer).toEqual(short);
    expect(short?.eventsRead).toBeLessThanOrEqual(21 + 63 + 2);
  });

  it('two forks are compared without reading what they share', async () => {
    const costs = [];
    for (const { id, length } of long) {
      const at = length - 5;
      const a = { stream: await forkOf(id, at, 'this', 'both'), revision: at + 3 };
      const b = { stream: await forkOf(id, at, 'that', 'both'), revision: at + 3 };
      costs.push(
        await costOf(async (sources) => {
          const found = await compareStreams(sources, 'session', a, b, 50);
          expect(found.common?.revision).toBe(at);
          expect(found.truncated).toBe(false);
          // Of all the messages it names the one that differs.
          expect(found.changes).toEqual([
            { op: 'replace', path: '/messages/m-1/content', value: 'that' },
          ]);
        }),
      );
    }
    expect(costs[1]).toEqual(costs[0]);
    // Each state is loaded from the snapshot 35 events before, and each tail read once.
    expect(costs[0]?.eventsRead).toBeLessThanOrEqual(2 * (63 + 3 + 3 + 2));
  });
});

describe('what is not all shown', () => {
  const onto = async (stream: string, revision: number, ofThem: number) => {
    const facts = Array.from({ length: ofThem }, (_, n) => ({
      ...newEvent(n),
      ...edited('m-1', `${n}`),
      metadata: { ...newEvent(n).metadata, base: revision },
    }));
    await stores.store.append(stream, facts, 0);
  };

  it('is said of a comparison of long tails, of which it looks at the first 1,000 events', async () => {
    const [{ id, stream, length }] = long as [(typeof long)[0]];
    const at = length - 5;
    const fork = await forkOf(id, at);
    await onto(fork, at + 1, 1_200);
    const ends = [
      [1_000, false],
      [1_001, true],
      [1_201, true],
    ] as const;
    for (const [ownEvents, truncated] of ends) {
      const place = { stream: fork, revision: at + ownEvents };
      let found: StreamComparison | undefined;
      const { eventsRead } = await costOf(async (sources) => {
        const a = { stream, revision: length - 1 };
        found = await compareStreams(sources, 'session', a, place, 10);
      });
      expect(found).toMatchObject({ truncated, b: { ownEvents, next: at + 11 } });
      expect(found?.b.events).toHaveLength(10);
      // Without snapshots of the fork all its events are folded, besides.
      expect(eventsRead).toBeLessThanOrEqual(1_000 + ownEvents + 200);
    }
  });

  it('is said of a comparison of strangers, of which it compares the heads', async () => {
    const [a, b] = long.map(({ stream, length }) => ({ stream, revision: length - 1 }));
    const found = await compareStreams(
      { streams: stores.streams, snapshots },
      'session',
      a!,
      b!,
      10,
    );
    expect(found).toMatchObject({ common: null, changes: [], truncated: true });
    expect(found.a).toMatchObject({ ownEvents: 1_000, next: 10 });
  });

  it('is the rest of a page of steps whose changes are large, or what they change', async () => {
    const content = 'x'.repeat(900_000);
    const id = newId();
    const stream = `session-${id}`;
    await stores.store.append(stream, [{ ...newEvent(0), ...created }], 'none');
    for (let n = 0; n < 12; n += 1) {
      const fact = posted({ ...question, messageId: `m-${n}`, content });
      await stores.store.append(stream, [{ ...newEvent(n + 1), ...fact }], n);
    }
    const deleted = Array.from({ length: 12 }, (_, n) => ({
      ...newEvent(n + 13),
      ...removed(`m-${n}`),
    }));
    await stores.store.append(stream, deleted, 12);
    const pages: number[] = [];
    for (let next: number | undefined = 0; next !== undefined; ) {
      const place = { from: next, to: 24, limit: 500 };
      const page = await stepsOf({ streams: stores.streams, snapshots }, 'session', stream, place);
      pages.push(page.steps.length);
      next = page.next;
    }
    // Of 4 MiB each, and the first has the creation as well.
    expect(pages).toEqual([6, 5, 5, 5, 4]);
  });
});
