import { MongoClient } from 'mongodb';
import { deciders } from '../../../../src/domain/deciders.js';
import { lastSnapshotAt } from '../../../../src/eventstore/snapshots.js';
import { snapshotCollection } from '../../../../src/projecting/snapshot-store.js';
import type { LongStream } from './long-streams.js';
import { everyRevisions } from './works.js';

const giveUpAfterMs = 60 * 60_000;

/** Resolves once the program has made the newest snapshot that a stream is due. */
export const snapshotsThere = async (
  mongoUrl: string,
  { category, stream, length }: LongStream,
): Promise<void> => {
  const version = deciders[category].snapshots?.version ?? 0;
  const revision = lastSnapshotAt(length - 1, everyRevisions);
  if (revision < 0) return;
  const client = await MongoClient.connect(mongoUrl);
  const snapshots = client.db('forkline').collection(snapshotCollection({ category, version }));
  const giveUpAt = performance.now() + giveUpAfterMs;
  while (!(await snapshots.findOne({ stream, part: 'head', revision }))) {
    if (performance.now() > giveUpAt) throw new Error(`no snapshot of ${stream} at ${revision}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  await client.close();
};
