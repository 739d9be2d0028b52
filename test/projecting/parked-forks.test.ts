import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v4 as newId } from 'uuid';
import { sessions } from '../../projections/sessions.js';
import type { AnyProjection } from '../../src/projecting/projection.js';
import { create, post, question } from '../support/session-facts.js';
import { documentsOf, parkedOf, reached, startLenient } from './support/lenient.js';
import { startTestStores, type TestStores } from './support/stores.js';
import { commandsOn } from './support/traffic.js';

let stores: TestStores;
beforeAll(async () => {
  stores = await startTestStores();
});
afterAll(() => stores.close());

const sound = sessions as unknown as AnyProjection;

/** The sessions, of which no document takes a certain title until the fault is mended. */
const faulty = (fault: { title: string | undefined }): AnyProjection => ({
  ...sound,
  on: {
    ...sound.on,
    SessionRenamed: (document, event) => {
      if ((event as unknown as { data: { title: string } }).data.title === fault.title)
        throw new Error('what a title');
      return sound.on.SessionRenamed?.(document, event);
    },
  },
});

const rename = (title: string) => ({ type: 'ChangeSession', title }) as const;

describe('a fork', () => {
  it.each([1, 1_000])(
    'of what is parked waits for it, and is folded with it; in batches of %d',
    async (batchSize) => {
      const { onSession, forkSession } = commandsOn(stores.streams);
      const fault: { title: string | undefined } = { title: `Bad ${batchSize}` };
      const db = stores.database(`forks-${batchSize}`);
      const [id, early, late, grandchild] = [newId(), newId(), newId(), newId()];
      await onSession(id, create, post(question));
      await onSession(id, rename(`Bad ${batchSize}`));
      await onSession(id, rename('Good'));
      await forkSession({ of: id, at: 1, id: early, amendments: [] });
      await forkSession({ of: id, at: 3, id: late, amendments: [] });
      const { position } = await forkSession({ of: late, at: 4, id: grandchild, amendments: [] });
      const runner = await startLenient(stores, db, [faulty(fault)], batchSize);
      await reached(runner, position, 'sessions');
      const parked = await parkedOf(db, 'sessions_v2');
      expect(parked.map(({ stream, revision }) => `${stream}@${revision}`)).toEqual([
        `session-${id}@2`,
        `session-${id}@3`,
        `session-${late}@4`,
        `session-${grandchild}@5`,
      ]);
      expect(await db.collection('sessions_v2').findOne({ id: early })).toMatchObject({
        title: create.title,
      });
      const fork = parked[2]!;
      expect(await runner.retry('sessions', fork.eventId)).toMatchObject({
        done: 0,
        error: expect.stringContaining(`session-${id}`),
      });

      fault.title = undefined;
      expect(await runner.retry('sessions', parked[0]!.eventId)).toEqual({ done: 4, error: null });
      await runner.stop();
      expect(await parkedOf(db, 'sessions_v2')).toEqual([]);
      const anew = stores.database(`forks-${batchSize}-anew`);
      const strict = await startLenient(stores, anew, [sound]);
      await reached(strict, position, 'sessions');
      await strict.stop();
      expect(await documentsOf(db, 'sessions_v2')).toEqual(await documentsOf(anew, 'sessions_v2'));
      expect(await documentsOf(db, 'sessions_v2_history')).toEqual(
        await documentsOf(anew, 'sessions_v2_history'),
      );
    },
  );

  it('of a session of which an event was discarded begins without it', async () => {
    const { onSession, forkSession } = commandsOn(stores.streams);
    const db = stores.database('forks-discarded');
    const [id, fork] = [newId(), newId()];
    await onSession(id, create, post(question));
    await onSession(id, rename('Worst'));
    const { position } = await onSession(id, { type: 'ChangeSession', metadata: { a: 1 } });
    const runner = await startLenient(stores, db, [faulty({ title: 'Worst' })]);
    await reached(runner, position, 'sessions');
    const [first] = await parkedOf(db, 'sessions_v2');
    expect(await runner.discard('sessions', first!.eventId)).toEqual({ done: 1, error: null });
    const forked = await forkSession({ of: id, at: 3, id: fork, amendments: [] });
    await reached(runner, forked.position, 'sessions');
    expect(await parkedOf(db, 'sessions_v2')).toEqual([]);
    expect(await db.collection('sessions_v2').findOne({ id: fork })).toMatchObject({
      ...{ title: create.title, metadata: { a: 1 }, messageCount: 1 },
    });
    await runner.stop();
  });
});
