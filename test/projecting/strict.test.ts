import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { projections } from '../../projections/index.js';
import { startRunner } from '../../src/projecting/runner.js';
import { freshStream, newEvent } from '../support/new-events.js';
import { until } from '../support/until.js';
import { counts, type Fault } from './support/counting.js';
import { appendCounts, documentsOf, reached } from './support/lenient.js';
import { startTestStores, type TestStores } from './support/stores.js';

let stores: TestStores;
beforeAll(async () => {
  stores = await startTestStores();
});
afterAll(() => stores.close());

/** A log that keeps what is said. */
const noting = () => {
  const said: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void said.push(line) });
  return { log, heard: (words: string) => said.some((line) => line.includes(words)) };
};

describe('a runner that has nowhere to park events', () => {
  it('goes no further than an event that fails, until that is mended', async () => {
    const fault: Fault = { numbers: [1] };
    const db = stores.database('strict');
    const { log, heard } = noting();
    const { store, streams } = stores;
    const projection = counts('strict', fault);
    const runner = await startRunner({ store, streams, db, projections: [projection], log });
    const position = await appendCounts(stores, freshStream('strict'), 0, 'a', 'a', 'b');
    await until(() => heard('1 is too much'));
    expect(runner.progress('counts').position()).toBeLessThan(position);
    fault.numbers = [];
    await reached(runner, position);
    expect(await documentsOf(db)).toMatchObject([{ numbers: [0, 1] }, { numbers: [2] }]);
    await runner.stop();
  });

  it('goes no further than an event that cannot be read and that a projection needs', async () => {
    const { log, heard } = noting();
    const { store, streams } = stores;
    const db = stores.database('unread');
    const all = await startRunner({ store, streams, db, projections, log });
    const other = counts('unread', { numbers: [] });
    const unconcerned = await startRunner({
      ...{ store, streams, projections: [other], log },
      db: stores.database('unconcerned'),
    });
    const broken = { ...newEvent(0), type: 'SessionRenamed', data: { colour: 'red' } };
    const { position } = await store.append(freshStream('unread'), [broken], 'none');
    await reached(unconcerned, position);
    await until(() => heard('cannot be read'));
    expect(all.progress('streams').position()).toBeLessThan(position);
    await Promise.all([all.stop(), unconcerned.stop()]);
  });
});
