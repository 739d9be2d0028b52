import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v4 as newId } from 'uuid';
import { forkStream } from '../../src/commands/fork.js';
import { commandHandler } from '../../src/commands/handle.js';
import { isRejection } from '../../src/domain/decider.js';
import { execution } from '../../src/domain/execution.js';
import { session } from '../../src/domain/session.js';
import { withLineage } from '../../src/eventstore/lineage.js';
import type { Sources } from '../../src/eventstore/load.js';
import { headAt } from '../../src/replay/state-at.js';
import { startTestStores, type TestStores } from '../projecting/support/stores.js';
import { counting } from '../support/counting-store.js';
import { checkpoint, save } from '../support/execution-facts.js';
import { all } from '../support/new-events.js';
import { request } from '../support/requests.js';
import { edit, post, question } from '../support/session-facts.js';
import { streamOf } from './support/long-streams.js';
import { keptThrough, openSnapshots, type TestSnapshots } from './support/snapshots.js';

/**
 * Each has its newest snapshot as far from its end: 40 events, of the 64 at most that may lie between. Longer with
 * FORKLINE_LONG_STREAM=20008, or any other number that leaves 40 when divided by 64.
 */
const lengths = [1_000, Number(process.env.FORKLINE_LONG_STREAM ?? 5_032)] as const;
const newestAway = 40;

type Long = Readonly<{ id: string; stream: string; length: number }>;
let stores: TestStores;
let snapshots: TestSnapshots;
let sessions: readonly Long[];
let executions: readonly Long[];

beforeAll(async () => {
  stores = await startTestStores();
  snapshots = await openSnapshots(stores.db, stores.streams);
  const long = async (category: 'session' | 'execution', length: number): Promise<Long> => {
    const made = await streamOf(stores.store, category, length);
    await keptThrough(snapshots, made.stream, length - 1);
    return { ...made, length };
  };
  sessions = await Promise.all(lengths.map((length) => long('session', length)));
  executions = await Promise.all(lengths.map((length) => long('execution', length)));
}, 120_000);
afterAll(async () => {
  await snapshots.keeper.stop();
  await stores.close();
});

/** What something asks of the store, on a node that has never seen the stream. */
const costOf = async (work: (sources: Sources) => Promise<object>) => {
  const counted = counting(stores.store);
  const outcome = await work({ streams: withLineage(counted), snapshots });
  if (isRejection(outcome)) throw new Error(JSON.stringify(outcome));
  return counted.counts();
};

/** Expects the same cost for a short stream and a long one, and gives it. */
const sameCost = async (
  streams: readonly Long[],
  work: (sources: Sources, stream: Long) => Promise<object>,
) => {
  const [short, long] = streams;
  const cost = await costOf((sources) => work(sources, short!));
  expect(await costOf((sources) => work(sources, long!))).toStrictEqual(cost);
  return cost;
};

describe('on streams of a thousand events and of thousands alike', () => {
  it('a command on a stream not in memory reads the events since the snapshot', async () => {
    const cost = await sameCost(sessions, ({ streams, ...sources }, { id }) =>
      commandHandler(streams, session, sources)(id, [edit('m-1', 'Why?')], request()),
    );
    // One more says what the stream descends from, and one confirms the snapshot.
    expect(cost).toStrictEqual({ reads: 2, eventsRead: newestAway + 2, appends: 1 });
    const save1 = save(checkpoint('c-new', { step: 1 }));
    await sameCost(executions, ({ streams, ...sources }, { id }) =>
      commandHandler(streams, execution, sources)(id, [save1], request()),
    );
  });

  it('the commands after it read nothing', async () => {
    for (const { id } of sessions) {
      const counted = counting(stores.store);
      const handler = commandHandler(withLineage(counted), session, { snapshots });
      await handler(id, [post({ ...question, messageId: newId() })], request());
      counted.reset();
      const outcome = await handler(id, [edit('m-2', `At ${newId()}`)], request());
      expect(outcome).toMatchObject({ added: 1 });
      expect(counted.counts()).toStrictEqual({ reads: 0, eventsRead: 0, appends: 1 });
    }
  });

  it('a message is known again, wherever in the stream it was posted', async () => {
    for (const { id, length } of sessions)
      for (const n of [1, 63, 64, Math.floor(length / 2), length - 1]) {
        const handler = commandHandler(stores.streams, session, { snapshots });
        await handler(id, [edit('m-3', newId())], request());
        // By a state that came from a snapshot and has moved on since.
        const again = post({ ...question, messageId: `m-${n}` });
        expect(await handler(id, [again], request())).toMatchObject({ added: 0 });
        const other = post({ ...question, content: 'else', messageId: `m-${n}` });
        expect(await handler(id, [other], request())).toEqual({
          rejected: 'message-already-exists',
        });
      }
  });

  it('the state at a revision reads the events since the snapshot before it', async () => {
    for (const streams of [sessions, executions])
      for (const back of [0, 1, 39, 40, 41, 500]) {
        const category = streams === sessions ? 'session' : 'execution';
        const cost = await sameCost(streams, async (sources, { stream, length }) => {
          const at = length - 1 - back;
          const head = await headAt(sources, category, stream, at);
          expect(head).toMatchObject({ revision: at, entries: { count: at } });
          return head;
        });
        expect(cost.eventsRead).toBeLessThanOrEqual(63 + 2);
      }
  });

  it('a fork with amendments reads the events since the snapshot before its beginning', async () => {
    for (const back of [0, 300]) {
      const cost = await sameCost(sessions, ({ streams }, { id: of, length }) => {
        const fork = {
          ...{ of, at: length - 1 - back, id: newId() },
          amendments: [edit('m-1', 'Who?'), edit(`m-${length - 400}`, 'Where?')],
        };
        return forkStream(streams, session, fork, request(), snapshots);
      });
      expect(cost).toMatchObject({ appends: 1 });
      expect(cost.eventsRead).toBeLessThanOrEqual(63 + 4);
    }
  });

  it('a fork is read from the snapshots of its ancestor', async () => {
    const cost = await sameCost(sessions, async (sources, { id: of, length }) => {
      const id = newId();
      await forkStream(stores.streams, session, { of, at: length - 300, id }, request());
      const handler = commandHandler(sources.streams, session, sources);
      return handler(id, [edit('m-1', 'How?')], request());
    });
    expect(cost.eventsRead).toBeLessThanOrEqual(63 + 3);
  });
});

it('the state as of a time reads one event more for each doubling of the length', async () => {
  for (const { stream, length } of sessions) {
    const [middle] = await all(stores.streams.read(stream, { from: length / 2, limit: 1 }));
    const cost = await costOf(async (sources) => {
      const head = await headAt(sources, 'session', stream, middle!.created);
      expect(head.revision).toBeGreaterThanOrEqual(length / 2);
      return head;
    });
    expect(cost.eventsRead).toBeLessThanOrEqual(63 + 4 + Math.ceil(Math.log2(length + 100)));
  }
});
