import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { v4 as newId } from 'uuid';
import { detachStream } from '../../src/commands/detach.js';
import { forkStream } from '../../src/commands/fork.js';
import { commandHandler } from '../../src/commands/handle.js';
import { isRejection, type Rejection } from '../../src/domain/decider.js';
import { session } from '../../src/domain/session.js';
import {
  type EventStore,
  type StoredEvent,
  StreamTombstoned,
} from '../../src/eventstore/event-store.js';
import { fold } from '../../src/eventstore/fold.js';
import { type Streams, withLineage } from '../../src/eventstore/lineage.js';
import { noSnapshots } from '../../src/eventstore/snapshots.js';
import { counting } from '../support/counting-store.js';
import { openEmbeddedStore, type TestStore } from '../support/event-stores.js';
import { faulty } from '../support/faulty-store.js';
import { all } from '../support/new-events.js';
import { admin, bob, request } from '../support/requests.js';
import { create, post, question } from '../support/session-facts.js';
import { untilAnswered } from '../support/until.js';

const runs = Number(process.env.FORKLINE_DETACH_RUNS ?? 8);
const patience = 30_000 + 4_000 * runs;

let opened: TestStore;
let store: EventStore;
beforeAll(async () => {
  opened = await openEmbeddedStore();
  store = opened.store;
});
afterAll(() => opened.stop());

const accepted = async <Accepted extends object>(
  answer: Promise<Accepted | Rejection<unknown>>,
): Promise<Accepted> => {
  const outcome = await answer;
  if (isRejection(outcome)) throw new Error(`turned down: ${outcome.rejected}`);
  return outcome;
};

const streamOf = (id: string): string => `session-${id}`;

/** A session with so many messages. */
const begin = async (streams: Streams, messages: number, id = newId()): Promise<string> => {
  const posts = Array.from({ length: messages }, (_, n) =>
    post({ ...question, messageId: `m-${n}` }),
  );
  await accepted(commandHandler(streams, session)(id, [create, ...posts], request()));
  return id;
};

const fork = async (streams: Streams, of: string, at: number, id = newId()): Promise<string> => {
  await accepted(forkStream(streams, session, { of, at, id }, request()));
  return id;
};

const detaching = (streams: Streams, in_: EventStore, id: string, asked = request()) =>
  detachStream(
    { streams, snapshots: noSnapshots, store: in_, copied: async () => {} },
    session,
    id,
    asked,
  );

const eventsOf = (streams: Streams, id: string): Promise<readonly StoredEvent[]> =>
  all(streams.read(streamOf(id)));

type Step =
  | { do: 'post'; to: number }
  | { do: 'fork'; of: number; at: number; by: number }
  | { do: 'detach'; which: number; by: number };

const pick = fc.nat(1_000);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: fc.record({ do: fc.constant('post'), to: pick }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('fork'), of: pick, at: pick, by: pick }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('detach'), which: pick, by: pick }) },
  ) as fc.Arbitrary<Step>,
  { minLength: 8, maxLength: 24, size: 'max' },
);

/** A stream in a world where forking copies everything. */
type Copied = { id: string; events: StoredEvent[]; parent?: string };

const nth = <Item>(items: readonly Item[], n: number): Item => items[n % items.length]!;

it(
  'leaves every fork as if its past had been copied when it was made, whatever is deleted',
  () =>
    fc.assert(
      fc.asyncProperty(steps, async (done) => {
        // Nodes that hear nothing of each other: what one detaches, the other has to find out.
        const nodes = [withLineage(store), withLineage(store), withLineage(store, 1)];
        const root = await begin(nodes[0]!, 3);
        const model: Copied[] = [{ id: root, events: [...(await eventsOf(nodes[0]!, root))] }];
        for (const step of done) {
          if (step.do === 'post') {
            const of = nth(model, step.to);
            const message = post({ ...question, messageId: newId() });
            await accepted(commandHandler(nodes[0]!, session)(of.id, [message], request()));
            of.events.push(
              ...(await all(nodes[0]!.read(streamOf(of.id), { from: of.events.length }))),
            );
          } else if (step.do === 'fork') {
            const of = nth(model, step.of);
            const at = step.at % of.events.length;
            const id = await fork(nth(nodes, step.by), of.id, at);
            const [forked] = await all(store.read(streamOf(id)));
            model.push({
              id,
              events: [...of.events.slice(0, at + 1), forked!],
              parent: parentIn(forked!),
            });
          } else {
            const of = nth(model, step.which);
            const outcome = await detaching(nth(nodes, step.by), store, of.id);
            if (isRejection(outcome)) {
              expect(of.parent).toBeUndefined();
              continue;
            }
            delete of.parent;
            of.events.push(
              ...(await all(nodes[0]!.read(streamOf(of.id), { from: of.events.length }))),
            );
          }
        }
        // Everything goes that nobody descends from any more, the oldest first.
        const left = [...model];
        for (const each of model) {
          if (left.some(({ parent }) => parent === streamOf(each.id))) continue;
          if (left.length === 1) break;
          await store.tombstone(streamOf(each.id));
          left.splice(left.indexOf(each), 1);
        }
        for (const node of [...nodes, withLineage(store), withLineage(store, 1)])
          for (const { id, events } of left) {
            const stream = streamOf(id);
            expect(await all(node.read(stream))).toEqual(events);
            const back = await all(
              node.read(stream, { direction: 'backwards', limit: 5, through: 4 }),
            );
            expect(back).toEqual(events.slice(0, 5).reverse());
            const some = await all(node.read(stream, { from: 2, limit: 3 }));
            expect(some).toEqual(events.slice(2, 5));
          }
      }),
      { numRuns: runs, endOnFailure: true },
    ),
  patience,
);

/** The stream that a fork hangs off, by what its first event says: of an archive, the fork it belongs to. */
const parentIn = ({ data }: StoredEvent): string => {
  const { ancestry } = data as { ancestry: readonly { stream: string }[] };
  return ancestry.at(-1)!.stream.replace(/^archive-/, '');
};

describe('detaching a fork', () => {
  it('adds one event, which the state tells of', async () => {
    const streams = withLineage(store);
    const id = await fork(streams, await begin(streams, 5), 3);
    const before = await eventsOf(streams, id);
    const outcome = await accepted(detaching(streams, store, id));
    expect(outcome).toMatchObject({ id, stream: streamOf(id), revision: 5, added: 1 });
    const after = await eventsOf(streams, id);
    expect(after.slice(0, 5)).toEqual(before);
    expect(after.slice(5)).toMatchObject([{ type: 'StreamDetached', data: {}, revision: 5 }]);
    const { state } = await fold(streams, session, streamOf(id));
    expect(state).toMatchObject({ forkedFrom: { revision: 3, detached: true } });
  });

  it('is turned down for what is no fork, and for what was detached', async () => {
    const streams = withLineage(store);
    const root = await begin(streams, 2);
    expect(await detaching(streams, store, root)).toEqual({ rejected: 'stream-not-forked' });
    const id = await fork(streams, root, 1);
    await accepted(detaching(streams, store, id));
    const before = await eventsOf(streams, id);
    expect(await detaching(streams, store, id)).toEqual({ rejected: 'stream-already-detached' });
    expect(await eventsOf(streams, id)).toEqual(before);
  });

  it('is for its owner and administrators', async () => {
    const streams = withLineage(store);
    const id = await fork(streams, await begin(streams, 2), 1);
    const asBob = detaching(streams, store, id, request({ caller: bob }));
    expect(await asBob).toEqual({ rejected: 'session-not-found' });
    expect(await all(store.read(`archive-${streamOf(id)}`))).toEqual([]);
    await accepted(detaching(streams, store, id, request({ caller: admin })));
  });

  it('does nothing more when the same command comes again', async () => {
    const streams = withLineage(store);
    const id = await fork(streams, await begin(streams, 2), 1);
    const asked = request({ ifRevision: 2 });
    const first = await accepted(detaching(streams, store, id, asked));
    const again = await accepted(detaching(withLineage(store), store, id, asked));
    expect(again).toEqual({ ...first, added: 0 });
  });

  it('applies to the fork alone: a fork of it is attached until it is detached itself', async () => {
    const streams = withLineage(store);
    const id = await fork(streams, await begin(streams, 4), 2);
    await accepted(detaching(streams, store, id));
    const child = await fork(streams, id, 4);
    const early = await fork(streams, id, 1);
    for (const each of [child, early]) {
      const { state } = await fold(streams, session, streamOf(each));
      expect(state).toMatchObject({ forkedFrom: { stream: streamOf(id) } });
      expect(state).not.toHaveProperty('forkedFrom.detached');
      await accepted(detaching(streams, store, each));
    }
  });

  it('copies each event once, however often it was cut off, and by however many nodes', async () => {
    const streams = withLineage(store);
    const root = await begin(streams, 620);
    const id = await fork(streams, root, 610);
    const before = await eventsOf(streams, id);
    const failing = faulty(store, 7, 0.3);
    await Promise.all(
      [1, 2, 3].map(() => untilAnswered(() => detaching(withLineage(failing), failing, id))),
    );
    const copies = await all(store.read(`archive-${streamOf(id)}`));
    expect(copies).toHaveLength(611);
    expect(new Set(copies.map((copy) => copy.id)).size).toBe(611);
    await store.tombstone(streamOf(root));
    const after = await eventsOf(withLineage(store), id);
    expect(after.slice(0, 612)).toEqual(before);
    expect(after.filter(({ type }) => type === 'StreamDetached')).toHaveLength(1);
  });

  it('leaves nothing behind of a fork that is deleted for good meanwhile', async () => {
    const streams = withLineage(store);
    const id = await fork(streams, await begin(streams, 3), 2);
    const deleted = detachStream(
      {
        ...{ streams, snapshots: noSnapshots, store },
        copied: async () => void (await store.tombstone(streamOf(id))),
      },
      session,
      id,
      request(),
    );
    await expect(deleted).rejects.toThrow(StreamTombstoned);
    await expect(all(store.read(`archive-${streamOf(id)}`))).rejects.toThrow(StreamTombstoned);
  });
});

describe('reading a detached fork', () => {
  it('asks no more of the store than before, and no more for its forks', async () => {
    const streams = withLineage(store);
    const root = await begin(streams, 10);
    const child = await fork(streams, root, 8);
    const grandchild = await fork(streams, child, 9);
    const last = await fork(streams, grandchild, 10);
    const costs = async () => {
      const read = [];
      for (const id of [grandchild, last]) {
        const counted = counting(store);
        const node = withLineage(counted);
        node.noteDetached([streamOf(grandchild)]);
        await eventsOf(node, id);
        const cold = counted.counts();
        counted.reset();
        await eventsOf(node, id);
        read.push({ cold: cold.reads, warm: counted.counts().reads });
      }
      return read;
    };
    const node = counting(store);
    await eventsOf(withLineage(node), grandchild);
    expect(node.counts().reads).toBe(1 + 3);
    await accepted(detaching(streams, store, grandchild));
    await store.tombstone(streamOf(root));
    expect(await costs()).toEqual([
      { cold: 1 + 2, warm: 2 },
      { cold: 1 + 3, warm: 3 },
    ]);
  });

  it('asks once for what became of its past on a node that has not heard of it', async () => {
    const streams = withLineage(store);
    const root = await begin(streams, 10);
    const id = await fork(streams, root, 8);
    await accepted(detaching(streams, store, id));
    await store.tombstone(streamOf(root));
    const counted = counting(store);
    const node = withLineage(counted);
    await eventsOf(node, id);
    // Where it comes from, the ancestor that is gone, the archive's last event, the archive, its own.
    expect(counted.counts().reads).toBe(5);
    counted.reset();
    await eventsOf(node, id);
    expect(counted.counts().reads).toBe(2);
  });
});
