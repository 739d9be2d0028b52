import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { END, type EventStoreDBClient, eventTypeFilter } from '@eventstore/db-client';
import type { Db } from 'mongodb';
import { audit } from '../../../../projections/audit.js';
import { messages } from '../../../../projections/messages.js';
import { sessions } from '../../../../projections/sessions.js';
import { streams } from '../../../../projections/streams.js';
import { collectionName } from '../../../../src/projecting/read-model.js';

/** A message as it was posted, as far as the documents of it want to know. */
type Posted = Readonly<{
  position: number;
  stream: string;
  revision: number;
  at: Date;
  data: Readonly<{ messageId: string; content: string }>;
  metadata: Readonly<Record<string, string>>;
}>;

const betweenBatchesMs = 50;

/**
 * Writes what Forkline's read models have of a message, and no more than that takes: a subscription of the
 * store's client, and by the driver one write a collection for all that came since the batch before. Nothing
 * is read, checked, guarded or parked. Sessions and streams have to be there.
 *
 * @returns once it is subscribed: how many messages are written so far
 */
export const keepMessageModels = async (
  events: EventStoreDBClient,
  db: Db,
): Promise<() => number> => {
  let written = 0;
  let come: Posted[] = [];
  const all = events.subscribeToAll({
    fromPosition: END,
    filter: eventTypeFilter({ regex: '^[^$]', checkpointInterval: 32 }),
  });
  all.on('data', ({ event }) => {
    if (!event) return;
    const { position, streamId: stream, revision, created: at, data, metadata } = event;
    const numbers = { position: Number(position.commit), revision: Number(revision) };
    // The bare server appends nothing else.
    come.push({ ...numbers, stream, at, data, metadata } as Posted);
  });
  await once(all, 'confirmation');
  const fold = async (): Promise<void> => {
    for (;;) {
      const pause = delay(betweenBatchesMs);
      const batch = come;
      come = [];
      if (batch.length > 0) await write(db, batch);
      written += batch.length;
      await pause;
    }
  };
  void fold();
  return () => written;
};

const write = async (db: Db, batch: readonly Posted[]): Promise<void> => {
  const moved = new Map<string, Readonly<{ count: number; last: Posted }>>();
  for (const last of batch)
    moved.set(last.stream, { count: (moved.get(last.stream)?.count ?? 0) + 1, last });
  const moves = (counter: string) =>
    [...moved].map(([_id, { count, last }]) => {
      const { position, revision, at } = last;
      const $set = { position, revision, updatedAt: at.toISOString() };
      return { updateOne: { filter: { _id }, update: { $set, $inc: { [counter]: count } } } };
    });
  const of = (model: Parameters<typeof collectionName>[0]) =>
    db.collection<{ _id: string | number }>(collectionName(model));
  const options = { ordered: false };
  await Promise.all([
    of(messages).insertMany(batch.map(rowOf), options),
    of(audit).insertMany(batch.map(entryOf), options),
    of(sessions).bulkWrite(moves('messageCount'), options),
    of(streams).bulkWrite(moves('ownEvents'), options),
  ]);
  const position = batch.at(-1)?.position;
  const progress = db.collection<{ _id: string }>('projection_checkpoints');
  await progress.updateOne({ _id: 'all' }, { $set: { position } }, { upsert: true });
};

const rowOf = ({ position, stream, revision, at, data, metadata }: Posted) => ({
  _id: position,
  ...data,
  ...{ stream, seq: revision, userId: metadata.ownerId, createdAt: at.toISOString() },
  ...{ deleted: false, text: data.content, key: `${stream}/${data.messageId}` },
  ...{ from: revision, to: null, position },
});

const entryOf = ({ position, stream, revision, at, metadata }: Posted) => {
  const { userId, ownerId, requestId, clientAddress } = metadata;
  return {
    ...{ _id: `${position}`, position, stream, revision, type: 'MessagePosted', at: at.getTime() },
    ...{ userId, ownerId, requestId, clientAddress },
  };
};
