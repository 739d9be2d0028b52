import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Caller } from '../../src/commands/request.js';
import type { StoredEvent } from '../../src/eventstore/event-store.js';
import { tombstoneType } from '../../src/eventstore/event-store.js';
import { type Audience, audience, type IsShown } from '../../src/feed/audience.js';
import { labelOf } from '../../src/feed/feed-event.js';
import { type Filter, showing, wantedBy } from '../../src/feed/filter.js';
import { categoryOf, topicOf } from '../../src/replay/event-view.js';
import { metadataOf } from './support/events.js';

const stored = (event: {
  stream: string;
  type: string;
  owner: string;
  session: string;
  topic?: string;
}): StoredEvent => ({
  ...{ id: 'e', revision: 0, position: 1, created: '2026-01-01T00:00:00.000Z', size: 0 },
  ...{
    stream: event.stream,
    type: event.type,
    data: { topic: event.topic ?? 'interrupt.timeout' },
  },
  metadata: event.type === tombstoneType ? ({} as never) : metadataOf(event.owner, event.session),
});

/** What docs/feed.md says, word for word. */
const isTold = ({ userId, admin }: Caller, filter: Filter, event: StoredEvent): boolean => {
  const topic = topicOf(event);
  const isFamilyOf = (asked: string) =>
    asked.endsWith('.*') && topic.startsWith(asked.slice(0, -1));
  return (
    (admin || event.metadata.ownerId === userId) &&
    (filter.categories?.includes(categoryOf(event.stream)) ?? true) &&
    (filter.streams?.includes(event.stream) ?? true) &&
    (filter.types?.includes(event.type) ?? true) &&
    (filter.topics?.some((asked) => asked === topic || isFamilyOf(asked)) ?? true) &&
    (filter.sessionId === undefined ||
      event.stream === `session-${filter.sessionId}` ||
      event.metadata.$correlationId === filter.sessionId)
  );
};

const ids = ['1', '2', '1:1', ''];
const streams = ['session-1', 'session-2', 'session-1:1', 'task-1', 'interrupt-1', 'odd'];
const types = ['SessionCreated', 'MessagePosted', 'InterruptRaised', 'TaskClaimed', tombstoneType];
const topics = [
  ...['chat.session.created', 'chat.message.created', 'chat.message.*', 'chat.*', 'task.*'],
  ...['task.claimed', 'interrupt.*', 'interrupt.a.b', 'interrupt.a.*', 'stream.deleted', '.*', '*'],
];
const some = <Value>(values: readonly Value[]) =>
  fc.option(fc.array(fc.constantFrom(...values), { minLength: 1, maxLength: 4 }), {
    nil: undefined,
  });

const anyFilter = fc
  .record({
    categories: some(['session', 'task', 'interrupt', 'odd']),
    streams: some(streams),
    types: some(types),
    topics: some(topics),
    sessionId: fc.option(fc.constantFrom(...ids), { nil: undefined }),
  })
  .map((filter) => filter as Filter);
const anyCaller = fc.record({ userId: fc.constantFrom('ann', 'bob'), admin: fc.boolean() });
const anyEvent = fc
  .record({
    stream: fc.constantFrom(...streams),
    type: fc.constantFrom(...types),
    owner: fc.constantFrom('ann', 'bob'),
    session: fc.constantFrom(...ids),
    topic: fc.constantFrom('interrupt.a.b', 'interrupt.a.*', 'chat.*', '*', 'plain'),
  })
  .map(stored);

/** A member, and which events it wants of those it is found for. */
type Found<Name> = Readonly<{ name: Name; isShown: IsShown | undefined }>;

const named =
  <Name>(name: Name) =>
  (isShown: IsShown | undefined): Found<Name> => ({ name, isShown });

const toldOf = <Name>(all: Audience<Found<Name>>, event: StoredEvent): readonly Name[] => {
  const label = labelOf(event);
  const found = all.found(label).flatMap((group) => [...group]);
  return found.flatMap(({ name, isShown }) => (isShown?.(label) === false ? [] : [name]));
};

describe('the audience of an event', () => {
  it('is everyone who may see it and asked for it, each once, also as others come and go', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ caller: anyCaller, filter: anyFilter, stays: fc.boolean() })),
        fc.array(anyEvent, { minLength: 1 }),
        (members, events) => {
          const all = audience<Found<number>>();
          const leave = members.map(({ caller, filter }, n) =>
            all.add(wantedBy(caller, filter), named(n)),
          );
          const told = (event: StoredEvent) => [...toldOf(all, event)].sort((a, b) => a - b);
          const expected = (event: StoredEvent, isThere: (n: number) => boolean) =>
            [...members.keys()].filter((n) => {
              const { caller, filter } = members[n]!;
              const is = isTold(caller, filter, event);
              expect(showing(wantedBy(caller, filter))(labelOf(event))).toBe(is);
              return isThere(n) && is;
            });
          for (const event of events) expect(told(event)).toEqual(expected(event, () => true));
          members.forEach(({ stays }, n) => {
            if (!stays) leave[n]?.();
          });
          for (const event of events)
            expect(told(event)).toEqual(expected(event, (n) => members[n]!.stays));
        },
      ),
    );
  });

  it('is found by UUIDs in upper case, and by names of workers as they are', () => {
    const id = '0c9a5c1e-6d0b-4c5e-9d5a-0d4ad3a1b00a';
    const shouted = id.toUpperCase();
    const ann = { userId: 'ann', admin: false };
    const isShown = (filter: Filter, stream: string) =>
      showing(wantedBy(ann, filter))(
        labelOf(stored({ stream, type: 'T', owner: 'ann', session: id })),
      );
    expect(isShown({ streams: [`task-${shouted}`] }, `task-${id}`)).toBe(true);
    expect(isShown({ sessionId: shouted }, `task-${id}`)).toBe(true);
    expect(isShown({ streams: [`worker-${shouted}`] }, `worker-${id}`)).toBe(false);
    expect(isShown({ streams: [`worker-${shouted}`] }, `worker-${shouted}`)).toBe(true);
  });

  it('is found whatever the length of the lists', () => {
    const all = audience<Found<string>>();
    const ann = { userId: 'ann', admin: false };
    const many = (prefix: string) => Array.from({ length: 100 }, (_, n) => `${prefix}${n}`);
    const filter = { streams: many('session-'), types: many('T'), topics: many('session.t') };
    all.add(wantedBy(ann, { ...filter, categories: ['session'] }), named('all lists'));
    const event = { stream: 'session-7', type: 'T7', owner: 'ann', session: '7' };
    expect(toldOf(all, stored(event))).toEqual(['all lists']);
    expect(toldOf(all, stored({ ...event, owner: 'bob' }))).toEqual([]);
    expect(toldOf(all, stored({ ...event, type: 'T100' }))).toEqual([]);
    expect(toldOf(all, stored({ ...event, stream: 'session-100' }))).toEqual([]);
  });

  it('is found at a cost that those whom it is not for do not add to', () => {
    const event = labelOf(
      stored({ stream: 'session-1', type: 'MessagePosted', owner: 'ann', session: '1' }),
    );
    const others = (count: number) => {
      const all = audience<Found<number>>();
      for (let n = 0; n < count; n++) {
        const filters: Filter[] = [
          { streams: [`session-${n + 2}`] },
          { sessionId: `${n + 2}`, topics: ['chat.*'] },
          { types: ['MessagePosted'], categories: ['task'] },
          { topics: ['chat.message.*', 'interrupt.*'], categories: ['interrupt', 'execution'] },
          {},
        ];
        const filter = filters[n % filters.length]!;
        const userId = n % 5 === 4 ? `u-${n}` : 'ann';
        all.add(wantedBy({ userId, admin: false }, filter), named(n));
      }
      all.add(wantedBy({ userId: 'ann', admin: false }, { streams: ['session-1'] }), named(-1));
      return all;
    };
    const [few, many] = [others(10), others(10_000)];
    let told = 0;
    const round = (all: Audience<Found<number>>): number => {
      const began = performance.now();
      for (let n = 0; n < 500; n++) for (const { size } of all.found(event)) told += size;
      return performance.now() - began;
    };
    const rounds = Array.from({ length: 30 }, () => [round(few), round(many)] as const);
    const best = (which: 0 | 1) => Math.min(...rounds.map((times) => times[which]));
    expect(told).toBe(2 * 30 * 500);
    // Asking everyone would cost a thousand times as much.
    expect(best(1) / best(0)).toBeLessThan(10);
  });
});
