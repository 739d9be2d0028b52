import { expect, it } from '@jest/globals';
import { progressOf } from '../../../src/projecting/progress.js';
import type { Collections } from '../../../src/queries/collections.js';
import { webhookDirectory } from '../../../src/reactions/webhooks/directory.js';

/** A read model that counts how often it is read, and gives the position it has come to as the only id. */
const countedModel = () => {
  const progress = progressOf('webhooks', 0);
  const reads: number[] = [];
  const toArray = async () => {
    reads.push(progress.position());
    return [{ id: `at ${progress.position()}` }];
  };
  const webhooks = { find: () => ({ sort: () => ({ toArray }) }) };
  return { progress, reads, collections: { webhooks } as unknown as Collections };
};

it('waits until the read model has seen the event', async () => {
  const { progress, reads, collections } = countedModel();
  const asked = webhookDirectory(collections, progress).asOf(7);
  expect(reads).toEqual([]);
  progress.advance(9);
  expect(await asked).toEqual([{ id: 'at 9' }]);
});

it('reads once for every event up to where the read model was', async () => {
  const { progress, reads, collections } = countedModel();
  const directory = webhookDirectory(collections, progress);
  progress.advance(50);
  await Promise.all([1, 20, 50].map((position) => directory.asOf(position)));
  await directory.asOf(49);
  expect(reads).toEqual([50]);
  progress.advance(51);
  await directory.asOf(50);
  expect(reads).toEqual([50]);
  expect(await directory.asOf(51)).toEqual([{ id: 'at 51' }]);
  expect(reads).toEqual([50, 51]);
});
