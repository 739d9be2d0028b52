import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { v4 as newId } from 'uuid';
import { forkStream } from '../../src/commands/fork.js';
import { session } from '../../src/domain/session.js';
import type { NewEvent } from '../../src/eventstore/event-store.js';
import { withLineage } from '../../src/eventstore/lineage.js';
import { counting } from '../support/counting-store.js';
import { openStore, type TestStore } from '../support/event-stores.js';
import { all, newEvent } from '../support/new-events.js';
import { request } from '../support/requests.js';
import { created, posted, question } from '../support/session-facts.js';

let opened: TestStore;
beforeAll(async () => {
  opened = await openStore();
});
afterAll(() => opened.stop());

/** A session of `length` events, put there directly. */
const sessionOf = async (length: number): Promise<string> => {
  const id = newId();
  const events = Array.from({ length }, (_, n): NewEvent => {
    const fact = n === 0 ? created : posted({ ...question, messageId: `m-${n}` });
    return { ...newEvent(n), ...fact };
  });
  for (let n = 0; n < length; n += 1_000)
    await opened.store.append(
      `session-${id}`,
      events.slice(n, n + 1_000),
      n === 0 ? 'none' : n - 1,
    );
  return id;
};

/** What a fork asks of the store, on a node that has never seen the stream. */
const costOfFork = async (of: string, at: number, id = newId()) => {
  const counted = counting(opened.store);
  await forkStream(withLineage(counted), session, { of, at, id }, request());
  return counted.counts();
};

it('asks the same of the store at event 10 and at event 5,000', async () => {
  const [short, long] = [await sessionOf(10), await sessionOf(5_000)];
  const cost = await costOfFork(short, 9);
  expect(cost).toMatchObject({ appends: 1 });
  expect(cost.eventsRead).toBeLessThanOrEqual(3);
  expect(await costOfFork(long, 9)).toStrictEqual(cost);
  expect(await costOfFork(long, 4_999)).toStrictEqual(cost);
});

it('asks the same for a fork of a fork of a fork', async () => {
  let of = await sessionOf(1_000);
  const cost = await costOfFork(of, 500);
  for (let depth = 1; depth <= 4; depth++) {
    const id = newId();
    expect(await costOfFork(of, 500 + depth - 1, id)).toStrictEqual(cost);
    of = id;
  }
  expect(await all(withLineage(opened.store).read(`session-${of}`))).toHaveLength(505);
});
