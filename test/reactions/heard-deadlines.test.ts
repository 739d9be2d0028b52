import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { deadlineIn } from '../../projections/deadlines.js';
import { commandHandler } from '../../src/commands/handle.js';
import { interrupt } from '../../src/domain/interrupt.js';
import { type Feed, startFeed } from '../../src/feed/feed.js';
import { type HeardDeadlines, hearDeadlines } from '../../src/reactions/heard-deadlines.js';
import { startTestRunner } from '../projecting/support/runners.js';
import { startTestStores, type TestStores } from '../projecting/support/stores.js';
import { request } from '../support/requests.js';
import { until } from '../support/until.js';
import { clockAt, raiseUntil, startNode, typesOf } from './support/deadline-nodes.js';

const log = pino({ level: 'silent' });
const due = '2026-01-01T00:00:01.000Z';
const later = '2026-01-01T00:00:02.000Z';

let stores: TestStores;
let feed: Feed;
let heard: HeardDeadlines;
/** Where the read model stands. */
let seen: number;

beforeEach(async () => {
  stores = await startTestStores();
  // The model's collection and index are there; nobody keeps it.
  await (await startTestRunner(stores)).stop();
  feed = startFeed(stores.store, log);
  seen = await stores.store.head();
});

afterEach(async () => {
  heard.stop();
  await feed.stop();
  await stores.close();
});

const hear = () => {
  const progress = { position: () => seen };
  heard = hearDeadlines({ store: stores.store, progress, told: feed.told, deadlineIn, log });
};

const dueBy = (moment: string) => heard.dueBy(moment).map(({ stream }) => stream);

describe('a deadline that the read model has not seen', () => {
  it('passes all the same, once, at its moment', async () => {
    hear();
    await feed.told;
    const clock = clockAt('2026-01-01T00:00:00.999Z');
    const node = startNode(stores, { clock, heard });
    await raiseUntil(stores, 'soon', due);
    await raiseUntil(stores, 'in-year-10000', '+010000-01-01T00:00:00.000Z');
    await raiseUntil(stores, 'later', later);
    await until(() => dueBy(later).includes('interrupt-later'));
    expect(dueBy(later)).toEqual(['interrupt-soon', 'interrupt-later']);
    expect(await typesOf(stores, 'interrupt-soon')).toEqual(['InterruptRaised']);
    clock.set(due);
    await until(async () => (await typesOf(stores, 'interrupt-soon')).length > 1);
    await until(() => !dueBy(due).includes('interrupt-soon'));
    await node.stop();
    expect(await typesOf(stores, 'interrupt-soon')).toEqual([
      'InterruptRaised',
      'InterruptExpired',
    ]);
    expect(await typesOf(stores, 'interrupt-later')).toEqual(['InterruptRaised']);
  });

  it('is heard of when it was set before the node started', async () => {
    await raiseUntil(stores, 'before', due);
    await raiseUntil(stores, 'answered', due);
    const answer = {
      type: 'RespondToInterrupt',
      response: { approved: true },
      respondedBy: 'ann',
      at: '2026-01-01T00:00:00.500Z',
    } as const;
    await commandHandler(stores.streams, interrupt)('answered', [answer], request());
    hear();
    await until(() => dueBy(due).includes('interrupt-before'));
    await raiseUntil(stores, 'after', due);
    await until(() => dueBy(due).includes('interrupt-after'));
    expect(dueBy(due)).toEqual(['interrupt-before', 'interrupt-after']);
    expect(dueBy('2026-01-01T00:00:00.999Z')).toEqual([]);
  });

  it('is forgotten once the model has it', async () => {
    hear();
    await feed.told;
    await raiseUntil(stores, 'seen', due);
    await until(() => dueBy(due).length === 1);
    seen = await stores.store.head();
    expect(dueBy(due)).toEqual([]);
  });
});
