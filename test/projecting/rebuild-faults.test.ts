import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parkedIn } from '../../src/projecting/parked.js';
import { freshStream } from '../support/new-events.js';
import { patience, until } from '../support/until.js';
import { counts, type Fault } from './support/counting.js';
import { appendCounts, parkedOf, reached, startLenient } from './support/lenient.js';
import { documentsIn, goneOver, inState, startNode } from './support/nodes.js';
import { startTestStores, type TestStores } from './support/stores.js';

let stores: TestStores;
beforeAll(async () => {
  stores = await startTestStores();
});
afterAll(() => stores.close());

/** A node that counts what there is in one stream, with events to fail at. */
const counting = async (category: string, fault: Fault, version = 1, batchSize = 1_000) => {
  const db = stores.database(category);
  const projection = counts(category, fault, { version });
  const node = await startNode(stores, { db, projections: [projection], batchSize });
  return { db, node };
};

describe('a rebuild that meets an event which cannot be folded', () => {
  it('stops and names it, while what served goes on serving', async () => {
    const fault: Fault = { numbers: [] };
    const { db, node } = await counting('poison', fault);
    const stream = freshStream('poison');
    await reached(node.runner, await appendCounts(stores, stream, 0, 'a', 'b', 'a'));
    fault.numbers = [2];
    await node.rebuilding.begin(['counts']);
    await inState(node, 'counts', 'stopped');
    const stopped = await node.rebuild('counts');
    expect(stopped?.poison).toMatchObject({
      ...{ projection: 'counts', stream, revision: 2, type: 'Counted' },
      error: 'Error: 2 is too much',
    });
    expect(await parkedOf(db)).toEqual([]);
    await reached(node.runner, await appendCounts(stores, stream, 3, 'b'));
    expect(node.serving.of('counts').collection).toBe('counts_v1');
    expect(await node.documents('counts')).toMatchObject([
      { numbers: [0, 2] },
      { numbers: [1, 3] },
    ]);

    fault.numbers = [];
    await goneOver(node, await node.rebuilding.begin(['counts']));
    expect(await node.documents('counts')).toMatchObject([
      { numbers: [0, 2] },
      { numbers: [1, 3] },
    ]);
    await until(async () => ((await node.rebuild('counts'))?.litter.length ?? 1) === 0);
    const left = (await db.listCollections().toArray()).map(({ name }) => name);
    expect(left.filter((name) => name.startsWith('counts_')).sort()).toEqual([
      'counts_v1',
      'counts_v1_3',
    ]);
    await node.stop();
  });

  it('passes over what is to be skipped, and goes on to do so when it serves', async () => {
    const fault: Fault = { numbers: [] };
    const { db, node } = await counting('skipped', fault);
    const stream = freshStream('skipped');
    await reached(node.runner, await appendCounts(stores, stream, 0, 'a', 'a', 'a'));
    fault.numbers = [1];
    await node.rebuilding.begin(['counts']);
    await inState(node, 'counts', 'stopped');
    const { poison } = (await node.rebuild('counts'))!;
    await goneOver(node, await node.rebuilding.begin(['counts'], [poison!.eventId]));
    expect(await node.documents('counts')).toMatchObject([{ numbers: [0, 2] }]);
    await reached(node.runner, await appendCounts(stores, stream, 3, 'a'));
    expect(await node.documents('counts')).toMatchObject([{ numbers: [0, 2, 3] }]);
    expect(await parkedOf(db, 'counts_v1_3')).toEqual([]);
    await node.stop();
  });

  it('passes over what was discarded from the model that it replaces', async () => {
    const fault: Fault = { numbers: [1] };
    const { db, node } = await counting('discarded', fault);
    const position = await appendCounts(stores, freshStream('discarded'), 0, 'a', 'a', 'a');
    await reached(node.runner, position);
    const [parked] = await parkedOf(db);
    await node.runner.discard('counts', parked!.eventId);
    expect(await node.documents('counts')).toMatchObject([{ numbers: [0, 2] }]);
    await goneOver(node, await node.rebuilding.begin(['counts']));
    expect(await node.documents('counts')).toMatchObject([{ numbers: [0, 2] }]);
    const own = parkedIn(db, stores.store).of({ kind: 'projection', name: 'counts_v1_2' });
    expect(await own.discardedIn(parked!.stream)).toEqual(new Set([parked!.eventId]));
    expect(await own.held()).toEqual([]);
    await node.stop();
  });

  it('passes over what is left of a stream that was deleted for good, and notes nothing of it', async () => {
    const fault: Fault = { numbers: [1] };
    const { db, node } = await counting('ended', fault, 1, 1);
    const stream = freshStream('ended');
    await reached(node.runner, await appendCounts(stores, stream, 0, 'a', 'a', 'b'));
    const [parked] = await parkedOf(db);
    await node.runner.discard('counts', parked!.eventId);
    await appendCounts(stores, freshStream('ended'), 0, 'c');
    await reached(node.runner, await stores.store.tombstone(stream));
    await goneOver(node, await node.rebuilding.begin(['counts']));
    expect(await node.documents('counts')).toMatchObject([{ numbers: [0] }]);
    expect(await db.collection('parked').find().toArray()).toEqual([]);
    await node.stop();
  });

  it('brings in what was parked and can be folded by now', async () => {
    const fault: Fault = { numbers: [1] };
    const { db, node } = await counting('mended', fault);
    await reached(node.runner, await appendCounts(stores, freshStream('mended'), 0, 'a', 'a', 'b'));
    expect(await parkedOf(db)).toHaveLength(1);
    fault.numbers = [];
    await goneOver(node, await node.rebuilding.begin(['counts']));
    expect(await node.documents('counts')).toMatchObject([{ numbers: [0, 1] }, { numbers: [2] }]);
    expect(await parkedOf(db, node.serving.of('counts').collection)).toEqual([]);
    await node.stop();
  });
});

describe('a new version of a projection', () => {
  it('is served by the documents of the one before until its own are complete', async () => {
    const stream = freshStream('bumped');
    const db = stores.database('bumped');
    const projectionV1 = counts('bumped', { numbers: [] });
    // As a release left it that knew of one collection a version only.
    const former = await startLenient(stores, db, [projectionV1]);
    const before = await appendCounts(stores, stream, 0, 'a', 'a');
    await reached(former, before);
    await former.stop();

    const fault: Fault = { numbers: [1] };
    const { node } = await counting('bumped', fault, 2);
    expect(node.serving.of('counts')).toEqual({ collection: 'counts_v1', version: 1 });
    expect(node.runner.progress('counts').position()).toBe(before);
    await inState(node, 'counts', 'stopped');
    expect(await node.documents('counts')).toMatchObject([{ numbers: [0, 1] }]);
    const after = await appendCounts(stores, stream, 2, 'a');
    await expect(node.runner.progress('counts').reached(after, 200)).rejects.toThrow(
      'has not seen position',
    );
    await node.stop();

    fault.numbers = [];
    const mended = await counting('bumped', fault, 2);
    await mended.node.runner.progress('counts').reached(after, patience);
    expect(mended.node.serving.of('counts')).toEqual({ collection: 'counts_v2_2', version: 2 });
    expect(await mended.node.documents('counts')).toMatchObject([{ numbers: [0, 1, 2] }]);
    expect(await documentsIn(db, 'counts_v1')).toMatchObject([{ numbers: [0, 1] }]);
    await inState(mended.node, 'counts', 'switched');
    await expect(mended.node.rebuilding.rollBack('counts')).rejects.toThrow('version 1');
    await mended.node.stop();
  });

  it('runs beside the one before, each release with documents of its own', async () => {
    const stream = freshStream('rolling');
    const old = await counting('rolling', { numbers: [] }, 1);
    await reached(old.node.runner, await appendCounts(stores, stream, 0, 'a'));
    const fresh = await counting('rolling', { numbers: [] }, 2);
    await until(() => fresh.node.serving.of('counts').version === 2);
    const position = await appendCounts(stores, stream, 1, 'a');
    for (const { node } of [old, fresh]) {
      await reached(node.runner, position);
      expect(await node.documents('counts')).toMatchObject([{ numbers: [0, 1] }]);
    }
    expect(old.node.serving.of('counts')).toEqual({ collection: 'counts_v1', version: 1 });
    await inState(fresh.node, 'counts', 'switched');
    await expect(fresh.node.rebuilding.drop('counts')).rejects.toThrow('still reads counts_v1');

    // Going back to the release before is going back to its documents, and what came meanwhile.
    await old.node.stop();
    const last = await appendCounts(stores, stream, 2, 'a');
    const back = await counting('rolling', { numbers: [] }, 1);
    await reached(back.node.runner, last);
    expect(back.node.serving.of('counts')).toEqual({ collection: 'counts_v1', version: 1 });
    expect(await back.node.documents('counts')).toMatchObject([{ numbers: [0, 1, 2] }]);
    await Promise.all([fresh.node.stop(), back.node.stop()]);
  });
});
