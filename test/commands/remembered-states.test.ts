import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v4 as newId } from 'uuid';
import { commandHandler } from '../../src/commands/handle.js';
import { stateSize } from '../../src/commands/state-size.js';
import { session } from '../../src/domain/session.js';
import { fold } from '../../src/eventstore/fold.js';
import { withLineage } from '../../src/eventstore/lineage.js';
import { counting } from '../support/counting-store.js';
import { openStore, type TestStore } from '../support/event-stores.js';
import { newEvent } from '../support/new-events.js';
import { request } from '../support/requests.js';
import { created, posted, question } from '../support/session-facts.js';

let opened: TestStore;
beforeAll(async () => {
  opened = await openStore();
});
afterAll(() => opened.stop());

/** A session with ten messages of 10,000 characters. */
const largeSession = async (): Promise<string> => {
  const id = newId();
  const messages = Array.from({ length: 10 }, (_, n) =>
    posted({ ...question, messageId: `m-${n}`, content: 'x'.repeat(10_000) }),
  );
  const events = [created, ...messages].map((fact, n) => ({ ...newEvent(n), ...fact }));
  await opened.store.append(`session-${id}`, events, 'none');
  return id;
};

/** How many events are read when two sessions take commands in turns, after both were loaded. */
const readInTurns = async (cachedBytes: number): Promise<number> => {
  const counted = counting(opened.store);
  const handle = commandHandler(withLineage(counted), session, { cachedBytes });
  const ids = [await largeSession(), await largeSession()];
  const rename = async (title: string) => {
    for (const id of ids) await handle(id, [{ type: 'ChangeSession', title }], request());
  };
  await rename('first');
  const { eventsRead } = counted.counts();
  await rename('second');
  await rename('third');
  return counted.counts().eventsRead - eventsRead;
};

describe('the states that a handler remembers', () => {
  it('are as many as there is room for, by what they take', async () => {
    expect(await readInTurns(1_000_000)).toBe(0);
    expect(await readInTurns(150_000)).toBeGreaterThan(40);
  });

  it('take about as much as their messages', async () => {
    const { state } = await fold(
      withLineage(opened.store),
      session,
      `session-${await largeSession()}`,
    );
    const size = stateSize(session, state);
    expect(size).toBeGreaterThan(100_000);
    expect(size).toBeLessThan(110_000);
  });
});
