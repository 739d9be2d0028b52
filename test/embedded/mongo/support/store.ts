import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Catalogue } from '../../../../src/embedded/mongo/catalogue.js';
import { Documents } from '../../../../src/embedded/mongo/documents.js';
import { Store } from '../../../../src/embedded/mongo/store.js';

/** A store without a server, for tests that ask it thousands of questions. */
export type TestStore = Readonly<{
  store: Store;
  catalogue: Catalogue;
  documents: Documents;
  close: () => Promise<void>;
}>;

export const openTestStore = async (): Promise<TestStore> => {
  const path = await mkdtemp(join(tmpdir(), 'forkline-store-'));
  const store = new Store(path);
  const catalogue = new Catalogue(store);
  const close = async () => {
    await store.close();
    await rm(path, { recursive: true, force: true });
  };
  return { store, catalogue, documents: new Documents(store, catalogue), close };
};
