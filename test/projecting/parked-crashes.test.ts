import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type StoredEvent, tombstoneType } from '../../src/eventstore/event-store.js';
import { forgettingEnded } from '../../src/projecting/forget-parked.js';
import { parkedIn } from '../../src/projecting/parked.js';
import { freshStream, newEvent } from '../support/new-events.js';
import { until } from '../support/until.js';
import { counts } from './support/counting.js';
import {
  appendCounts,
  documentsOf,
  notesIn,
  parkedOf,
  reached,
  startLenient,
} from './support/lenient.js';
import { startTestStores, type TestStores } from './support/stores.js';
import { mortalDb } from './support/watched-db.js';

let stores: TestStores;
beforeAll(async () => {
  stores = await startTestStores();
});
afterAll(() => stores.close());

const category = 'crash';

/** Runs the projection until its process dies or it has come to a position. @returns whether it died */
const runMortal = async (
  { db, died }: ReturnType<typeof mortalDb>,
  position: number,
): Promise<boolean> => {
  let isDead = false;
  void died.then(() => {
    isDead = true;
  });
  const started = startLenient(stores, db, [counts(category, { numbers: [2, 8] })], 5);
  const runner = await started.catch(() => undefined);
  await until(() => isDead || (runner?.progress('counts').position() ?? -1) >= position);
  await runner?.stop();
  return isDead;
};

describe('parking', () => {
  it.each([true, false])(
    'goes on after a crash, wherever that is; the write under way done: %p',
    async (isLastDone) => {
      const stream = freshStream(category);
      const position = await appendCounts(
        ...([stores, stream, 0] as const),
        ...['a', 'b', 'a', 'a', 'b', 'a', 'c', 'b', 'b', 'b', 'a', 'b'],
      );
      const sound = stores.database(`sound-${isLastDone}`);
      const runner = await startLenient(stores, sound, [counts(category, { numbers: [] })]);
      await reached(runner, position);
      await runner.stop();
      const wanted = await documentsOf(sound);

      let crashes = 0;
      for (let writes = isLastDone ? 0 : 1; ; writes += 3) {
        const db = stores.database(`crash-${isLastDone}-${writes}`);
        if (!(await runMortal(mortalDb(db, writes, isLastDone), position))) break;
        crashes += 1;
        const again = await startLenient(stores, db, [counts(category, { numbers: [2, 8] })], 5);
        await reached(again, position);
        const parked = await parkedOf(db);
        expect(
          parked.filter((each) => each.stream === stream).map(({ revision }) => revision),
        ).toEqual([2, 3, 5, 8, 9, 10, 11]);
        await again.stop();
        const mended = await startLenient(stores, db, [counts(category, { numbers: [] })], 5);
        for (const { eventId } of parked) await mended.retry('counts', eventId);
        await mended.stop();
        expect(await documentsOf(db)).toEqual(wanted);
        expect(await parkedOf(db)).toEqual([]);
      }
      expect(crashes).toBeGreaterThan(5);
    },
    300_000,
  );

  it.each([true, false])(
    'forgets a stream again after a crash, wherever that is; the write under way done: %p',
    async (isLastDone) => {
      const consumer = { kind: 'reaction', name: 'thinking' } as const;
      const [gone, other] = [freshStream('gone'), freshStream('gone')];
      const events = [gone, other, gone].map((stream, n) => ({
        ...{ ...newEvent(n), stream, revision: n, position: n, created: '' },
      }));
      const [first, second, third] = events as unknown as readonly StoredEvent[];
      const end = { ...first!, type: tombstoneType };
      let crashes = 0;
      for (let writes = 0; ; writes += 1) {
        const db = stores.database(`forgetting-${isLastDone}-${writes}`);
        const sound = parkedIn(db, stores.store);
        const own = sound.of(consumer);
        await own.hold('key:shared', first!, { error: 'no', attempts: 1 });
        await own.join('key:shared', [second!]);
        await own.hold(`stream:${gone}`, third!, { error: 'no', attempts: 1 });
        const mortal = parkedIn(mortalDb(db, writes, isLastDone).db, stores.store);
        const isDead = await forgettingEnded(mortal.forget)([end]).then(
          () => false,
          () => true,
        );
        await forgettingEnded(sound.forget)([end]);
        expect(JSON.stringify(await notesIn(db))).not.toContain(gone);
        expect(await own.held()).toMatchObject([{ lane: 'key:shared', stream: other }]);
        expect(await notesIn(db)).toHaveLength(2);
        if (!isDead) break;
        crashes += 1;
      }
      expect(crashes).toBe(3);
    },
  );
});
