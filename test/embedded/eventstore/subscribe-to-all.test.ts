import {
  END,
  eventTypeFilter,
  excludeSystemEvents,
  type Position,
  START,
  streamNameFilter,
} from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { all, event, events, freshStream, numbers } from './support/events.js';
import { startTestServer, type TestServer } from './support/server.js';
import { Recording } from './support/subscription.js';

let test: TestServer;
beforeAll(async () => {
  test = await startTestServer();
});
afterAll(() => test.stop());

const append = (stream: string, count: number, first = 0) =>
  test.client.appendToStream(stream, events(count, first));
const followAll = (...args: Parameters<typeof test.client.subscribeToAll>) =>
  new Recording(test.client.subscribeToAll(...args));

describe('a subscription to $all', () => {
  it('starts after the position given', async () => {
    const stream = freshStream();
    await append(stream, 3);
    const [, second] = await all(test.client.readStream(stream));
    const recording = followAll({ fromPosition: second?.event?.position ?? START });
    await recording.caughtUp();
    expect(numbers(recording.events)).toEqual([2]);
    await recording.stop();
  });

  it('from the end tells only what is new', async () => {
    const recording = followAll({ fromPosition: END });
    await recording.caughtUp();
    const stream = freshStream();
    await append(stream, 2);
    await recording.until(({ events: seen }) => seen.length === 2);
    expect(recording.told.slice(2)).toEqual([`0@${stream}`, `1@${stream}`]);
    await recording.stop();
  });
});

describe('a filtered subscription to $all', () => {
  it.each([
    ['stream prefixes', (c: string) => streamNameFilter({ prefixes: [`${c}-`] })],
    ['a stream expression', (c: string) => streamNameFilter({ regex: `^${c}-` })],
    ['type prefixes', (c: string) => eventTypeFilter({ prefixes: [`Type-${c}`] })],
    ['a type expression', (c: string) => eventTypeFilter({ regex: `-${c}$` })],
  ])('tells only what matches %s, before and after it caught up', async (_, filterFor) => {
    const category = freshStream().replace('-', '');
    const add = (name: string, n: number) =>
      test.client.appendToStream(freshStream(name), [event(n, `Type-${name}`)]);
    await add(category, 1);
    await add('other', 2);
    const recording = followAll({ fromPosition: START, filter: filterFor(category) });
    await recording.caughtUp();
    await add('other', 3);
    await add(category, 4);
    await recording.until(({ events: seen }) => seen.length === 2);
    expect(numbers(recording.events)).toEqual([1, 4]);
    await recording.stop();
  });

  it('excludes system events with the filter that the client offers', async () => {
    const recording = followAll({ fromPosition: START, filter: excludeSystemEvents() });
    await recording.caughtUp();
    expect(recording.events.every(({ event: e }) => !e?.type.startsWith('$'))).toBe(true);
    await recording.stop();
  });

  it('sends one checkpoint on reaching the end, with the last position looked at', async () => {
    const { position } = await append(freshStream(), 1);
    const reached: Position[] = [];
    const filter = streamNameFilter({
      prefixes: ['nothing-has-this-name'],
      checkpointInterval: 1_000,
      checkpointReached: async (_, at) => {
        reached.push(at);
      },
    });
    const recording = followAll({ fromPosition: START, filter });
    await recording.caughtUp();
    expect(reached.at(-1)).toEqual(position);
    await recording.stop();
  });

  it('sends checkpoints at every multiple of the interval when live, always forwards', async () => {
    const reached: bigint[] = [];
    const wanted = freshStream();
    const filter = streamNameFilter({
      prefixes: [wanted],
      maxSearchWindow: 8,
      checkpointInterval: 2,
      checkpointReached: async (_, { commit }) => {
        reached.push(commit);
      },
    });
    const recording = followAll({ fromPosition: END, filter });
    await recording.caughtUp();
    const start = reached.at(-1) ?? 0n;
    await append(freshStream(), 50);
    await append(wanted, 1);
    await recording.until(({ events: seen }) => seen.length === 1);
    expect(reached).toEqual([start, start + 16n, start + 32n, start + 48n]);
    await recording.stop();
  });
});
