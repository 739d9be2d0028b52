import { expect } from '@jest/globals';
import type { AnyProjection } from '../../../src/projecting/projection.js';
import { compareWithRebuild } from './compared.js';
import type { StoreClients } from './stores.js';

/**
 * Expects the read models to be those of a rebuild from the first event, byte for byte.
 *
 * @param name of the rebuild
 * @param serving which collection a projection's documents are in; that of its name and version by default
 * @returns how many documents there are
 */
export const expectAsRebuilt = async (
  stores: StoreClients,
  name: string,
  serving?: (projection: AnyProjection) => string,
): Promise<number> => {
  const compared = await compareWithRebuild(stores, name, serving);
  const different = compared.filter(({ differences }) => differences.length > 0);
  for (const { collection, differences } of different)
    expect({ collection, documents: differences.map(({ is }) => is) }).toEqual({
      collection,
      documents: differences.map(({ wanted }) => wanted),
    });
  // Documents that look the same and have other bytes, such as fields in another order.
  expect(different).toEqual([]);
  return compared.reduce((sum, { documents }) => sum + documents, 0);
};
