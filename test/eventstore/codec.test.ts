import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { execution } from '../../src/domain/execution.js';
import { session } from '../../src/domain/session.js';
import { toPosition } from '../../src/eventstore/codec.js';
import {
  type NewEvent,
  type StoredEvent,
  unreadableType,
} from '../../src/eventstore/event-store.js';
import { schemaOfEvent } from '../../src/eventstore/schemas.js';
import { carryOut } from '../support/carry-out.js';
import { openEmbeddedStore, type TestStore } from '../support/event-stores.js';
import { all, freshStream, newEvent } from '../support/new-events.js';
import { executionLives, sessionLives } from '../support/random-commands.js';

let opened: TestStore;
beforeAll(async () => {
  opened = await openEmbeddedStore();
});
afterAll(() => opened.stop());

const stored = async (event: NewEvent): Promise<string> => {
  const stream = freshStream();
  await opened.store.append(stream, [event], 'none');
  return stream;
};

describe('an event that is read', () => {
  const broken: readonly (readonly [string, object])[] = [
    ['SessionRenamed', { name: 'no title' }],
    ['SessionCreated', { userId: 'ann', title: 'x', mode: 'loud', metadata: {} }],
    ['MessagePosted', { messageId: 'm-1', role: 'user', content: 7, metadata: {} }],
    ['CheckpointSaved', { checkpointId: 'c-1', agent: 'a', stage: 's', stageOrder: 0 }],
    ['StreamForked', { ancestry: [], scope: 'stream' }],
    ['StreamForked', { ancestry: [{ stream: 'session-a', through: -1 }], scope: 'stream' }],
  ];
  it.each(broken)('is refused where it says %s and holds %j', async (type, data) => {
    const event = { ...newEvent(0), type, data };
    const stream = await stored(event);
    await expect(all(opened.store.read(stream))).rejects.toMatchObject({
      ...{ name: 'UndecodableEvent', stream, eventId: event.id },
    });
  });

  it('tells why it cannot be read where every stream is followed, and those after it go on', async () => {
    const before = await opened.store.head();
    const [type, data] = broken[0]!;
    const stream = await stored({ ...newEvent(0), type, data });
    const next = await stored({ ...newEvent(1), type: 'SessionRenamed', data: { title: 'Oslo' } });
    const followed = opened.store.subscribe(before);
    const seen: StoredEvent[] = [];
    for await (const item of followed) {
      if (item.type === 'caughtUp') break;
      seen.push(item as StoredEvent);
    }
    followed.close();
    expect(seen).toMatchObject([
      { type: unreadableType, stream, revision: 0, data: { type, reason: expect.any(String) } },
      { type: 'SessionRenamed', stream: next },
    ]);
  });

  it('passes with fields that this build does not know', async () => {
    const data = { title: 'Oslo', colour: 'red' };
    const [read] = await all(
      opened.store.read(await stored({ ...newEvent(0), type: 'SessionRenamed', data })),
    );
    expect(read).toMatchObject({ data });
  });

  it('passes with a type that this build does not know', async () => {
    const data = { to: 'Mars' };
    const [read] = await all(
      opened.store.read(await stored({ ...newEvent(0), type: 'SessionTeleported', data })),
    );
    expect(read).toMatchObject({ type: 'SessionTeleported', data });
  });
});

describe('the schemas', () => {
  it('take every event that a session adds', () =>
    fc.assert(
      fc.property(sessionLives, (commands) => {
        for (const { events } of carryOut(session, commands))
          for (const { type, data } of events) schemaOfEvent(type)!.parse(data);
      }),
    ));
  it('take every event that an execution adds', () =>
    fc.assert(
      fc.property(executionLives, (commands) => {
        for (const { events } of carryOut(execution, commands))
          for (const { type, data } of events) schemaOfEvent(type)!.parse(data);
      }),
      { numRuns: 20 },
    ));
});

it('keeps positions exact, or fails', () => {
  expect(toPosition(2n ** 53n - 1n)).toBe(Number.MAX_SAFE_INTEGER);
  expect(() => toPosition(2n ** 53n)).toThrow(RangeError);
});
