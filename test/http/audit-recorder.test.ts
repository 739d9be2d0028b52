import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { StoredEvent } from '../../src/eventstore/event-store.js';
import type { Attempt } from '../../src/http/audit/attempt.js';
import { startRecorder } from '../../src/http/audit/recorder.js';
import { type EmbeddedTestStore, openEmbeddedStore } from '../support/event-stores.js';
import { untilAnswered } from '../support/until.js';

let opened: EmbeddedTestStore;
beforeAll(async () => {
  opened = await openEmbeddedStore();
});
afterAll(() => opened.stop());

const log = pino({ level: 'silent' });
const start = () => startRecorder(opened.store, log, { everyMs: 5 });

const deletion = (target: string): Attempt => ({
  ...{ type: 'DeletedForGood', method: 'DELETE', route: '/v1/sessions/:id', target },
  ...{ caller: { userId: 'ann', admin: false, keyId: 'k-1' }, requestId: 'r-1' },
  origin: { clientAddress: '192.0.2.1', userAgent: 'agent/1' },
});

const targetOf = ({ data }: StoredEvent) => (data as { target: string }).target;

/** Every event of the audit that is there, once there are enough. */
const kept = async (isEnough: (events: readonly StoredEvent[]) => boolean) => {
  const events: StoredEvent[] = [];
  const subscription = opened.store.subscribe('start');
  for await (const event of subscription) {
    if ('stream' in event && event.stream.startsWith('audit-')) events.push(event);
    if (isEnough(events)) break;
  }
  subscription.close();
  return events;
};
const has = (target: string) => (events: readonly StoredEvent[]) =>
  events.some((event) => targetOf(event) === target);

describe('a recorder of attempts', () => {
  it('keeps who, from where and what, and nobody owns it', async () => {
    const recorder = start();
    recorder.note(deletion('session-a'));
    const [event] = await kept(has('session-a'));
    await recorder.stop();
    expect(event!.stream).toMatch(/^audit-\d{4}-\d{2}-\d{2}-[0-9a-f-]{36}$/);
    expect(event!.data).toEqual({
      ...{ method: 'DELETE', route: '/v1/sessions/:id', target: 'session-a', count: 1 },
      ...{ firstAt: expect.any(String), lastAt: expect.any(String) },
    });
    expect(event!.metadata).toMatchObject({
      ...{ userId: 'ann', keyId: 'k-1', requestId: 'r-1' },
      ...{ clientAddress: '192.0.2.1', userAgent: 'agent/1' },
    });
    expect(event!.metadata).not.toHaveProperty('ownerId');
  });

  it('writes what it noted while the store was away, once, and holds up nobody', async () => {
    const recorder = start();
    recorder.note(deletion('session-b0'));
    await kept(has('session-b0'));
    await opened.stopServer();
    const began = performance.now();
    for (let n = 1; n <= 200; n++) recorder.note(deletion(`session-b${n}`));
    expect(performance.now() - began).toBeLessThan(1_000);
    await opened.startServer();
    recorder.note(deletion('session-last'));
    const events = await untilAnswered(() => kept(has('session-last')));
    await recorder.stop();
    const targets = events.map(targetOf).filter((target) => target.startsWith('session-b'));
    expect(targets.toSorted()).toEqual(
      Array.from({ length: 201 }, (_, n) => `session-b${n}`).toSorted(),
    );
  });

  it('goes on in another stream when its own was deleted', async () => {
    const recorder = start();
    recorder.note(deletion('session-c'));
    const before = (await kept(has('session-c'))).at(-1)!;
    await opened.store.tombstone(before.stream);
    recorder.note(deletion('session-d'));
    const after = (await kept(has('session-d'))).at(-1)!;
    await recorder.stop();
    expect(after.stream).not.toBe(before.stream);
  });

  it('writes what is left when it ends', async () => {
    const recorder = startRecorder(opened.store, log, { everyMs: 60_000 });
    recorder.note(deletion('session-e'));
    await recorder.stop();
    expect(
      (await kept(has('session-e'))).filter((event) => has('session-e')([event])),
    ).toHaveLength(1);
  });
});
