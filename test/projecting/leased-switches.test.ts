import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v4 as newId } from 'uuid';
import { sessions } from '../../projections/sessions.js';
import { collectionName } from '../../src/projecting/read-model.js';
import { collectionsOf } from '../../src/queries/collections.js';
import { freshStream } from '../support/new-events.js';
import { create, post, question } from '../support/session-facts.js';
import { patience, until } from '../support/until.js';
import { counts, type Fault } from './support/counting.js';
import { appendCounts, parkedOf } from './support/lenient.js';
import { documentsIn, goneOver, type Node, startNode } from './support/nodes.js';
import { caughtUp, startTestRunner } from './support/runners.js';
import { startTestStores, type TestStores } from './support/stores.js';
import { commandsOn } from './support/traffic.js';

let stores: TestStores;
beforeAll(async () => {
  stores = await startTestStores();
});
afterAll(() => stores.close());

const at = (name: string): TestStores => ({ ...stores, db: stores.database(name) });

describe('nodes of which one folds', () => {
  it('all go over to a rebuild and back, and see on every node what was written on any', async () => {
    const here = at('switched');
    const nodes: Node[] = [];
    for (let n = 0; n < 3; n++) nodes.push(await startNode(here, { leased: true }));
    const { onSession } = commandsOn(stores.streams);
    let isOver = false;
    let written = 0;
    const writers = nodes.map(async ({ runner, serving }) => {
      const collections = collectionsOf(here.db, serving.collectionOf);
      while (!isOver) {
        const id = newId();
        await onSession(id, create, post(question));
        const { position } = await onSession(id, { type: 'ChangeSession', title: 'Renamed' });
        await runner.progress('sessions').reached(position, patience);
        const found = await collections.sessions.findOne({ _id: `session-${id}` });
        expect(found).toMatchObject({ title: 'Renamed', messageCount: 1 });
        written += 1;
      }
    });
    const rebuild = await nodes[1]!.rebuilding.begin(['sessions', 'messages']);
    await Promise.all(nodes.map((node) => goneOver(node, rebuild)));
    const seen = written;
    await until(() => written > seen + 5);
    await nodes[2]!.rebuilding.rollBack('sessions');
    for (const { serving } of nodes)
      await until(() => serving.of('sessions').collection === collectionName(sessions));
    isOver = true;
    await Promise.all(writers);

    // The one that folds ends while it is to go over.
    const again = await nodes[1]!.rebuilding.begin(['sessions']);
    await nodes[0]!.stop();
    const left = nodes.slice(1);
    await Promise.all(left.map((node) => goneOver(node, again)));
    const { position } = await onSession(newId(), create);
    for (const { runner } of left) await runner.progress('sessions').reached(position, patience);

    const runner = await startTestRunner(here, { collectionOf: ({ name }) => `strict_${name}` });
    await caughtUp(runner, here);
    await runner.stop();
    for (const name of ['sessions', 'messages', 'streams'])
      expect(await left[0]!.documents(name)).toEqual(await documentsIn(here.db, `strict_${name}`));
    await Promise.all(left.map((node) => node.stop()));
  });

  it('retry and discard on any node what the one that folds has parked', async () => {
    const here = at('settled');
    const fault: Fault = { numbers: [1, 4] };
    const projections = [counts('settled', fault)];
    const nodes: Node[] = [];
    for (let n = 0; n < 2; n++) nodes.push(await startNode(here, { leased: true, projections }));
    const stream = freshStream('settled');
    const reached = (position: number) =>
      nodes[1]!.runner.progress('counts').reached(position, patience);
    await reached(await appendCounts(here, stream, 0, 'a', 'a', 'a', 'b', 'b', 'b'));
    const parked = await parkedOf(here.db);
    expect(parked.map(({ revision }) => revision)).toEqual([1, 2, 4, 5]);

    const { runner } = nodes[1]!;
    expect(await runner.discard('counts', parked[2]!.eventId)).toEqual({ done: 1, error: null });
    fault.numbers = [];
    expect(await runner.retry('counts', parked[0]!.eventId)).toEqual({ done: 2, error: null });
    expect(await runner.retry('counts', parked[0]!.eventId)).toBeUndefined();
    await reached(await appendCounts(here, stream, 6, 'a', 'b'));
    expect(await parkedOf(here.db)).toEqual([]);
    expect(await nodes[1]!.documents('counts')).toMatchObject([
      { numbers: [0, 1, 2, 6] },
      { numbers: [3, 5, 7] },
    ]);
    await Promise.all(nodes.map((node) => node.stop()));
  });
});
