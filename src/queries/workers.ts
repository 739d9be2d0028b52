import type { WorkerDocument } from '../../projections/workers.js';
import type { Caller } from '../commands/request.js';
import type { WorkerStatus } from '../domain/worker.js';
import type { Collections, WorkerRecord } from './collections.js';
import { fromCursor, type Page, toPage } from './page.js';
import { visibleTo } from './visible.js';
import type { WorkerHeartbeats } from './worker-heartbeats.js';

export type WorkerView = Omit<WorkerRecord, '_id' | 'position' | 'stream'> &
  Readonly<{
    /** Missing of a worker that registered and was not heard from since. */
    lastHeartbeatAt?: string;
  }>;

export type WorkerListOptions = Readonly<{
  status?: WorkerStatus;
  /** Takes tasks from this queue. */
  queue?: string;
  cursor?: string;
  limit: number;
}>;

type Sources = Readonly<{ collections: Collections; heartbeats: WorkerHeartbeats }>;

// A document is there also for a worker that tasks name and that never registered: it is not shown.
const registered = { status: { $exists: true } } as const;

/** Finds a worker that the caller may see; undefined when there is none of that id. */
export const findWorker = async (
  { collections, heartbeats }: Sources,
  caller: Caller,
  id: string,
): Promise<WorkerView | undefined> => {
  const found = await collections.workers.findOne({
    _id: `worker-${id}`,
    ...registered,
    ...visibleTo(caller),
  });
  return found ? viewOf(found, await heartbeats.lastOf([found.id])) : undefined;
};

/** The caller's workers by id. @throws BadCursor */
export const listWorkers = async (
  { collections, heartbeats }: Sources,
  caller: Caller,
  { status, queue, cursor, limit }: WorkerListOptions,
): Promise<Page<WorkerView>> => {
  const [after] = cursor === undefined ? [] : fromCursor(cursor, ['string']);
  const read = await collections.workers
    .find({
      ...visibleTo(caller),
      status: status ?? { $exists: true },
      ...(queue !== undefined && { queues: { $in: [...namesTaking(queue)] } }),
      ...(after !== undefined && { _id: { $gt: String(after) } }),
    })
    .sort({ _id: 1 })
    .limit(limit + 1)
    .toArray();
  const last = await heartbeats.lastOf(read.map(({ id }) => id));
  return toPage(
    read,
    limit,
    ({ _id }) => [_id],
    (record) => viewOf(record, last),
  );
};

/**
 * What a worker may name to take tasks from a queue: the queue itself, and each beginning of its name
 * followed by `*`.
 */
const namesTaking = (queue: string): readonly string[] => [
  queue,
  ...Array.from({ length: queue.length + 1 }, (_, length) => `${queue.slice(0, length)}*`),
];

const viewOf = (
  { _id, position, stream, ...view }: WorkerRecord,
  last: ReadonlyMap<string, number>,
): WorkerView => {
  const at = last.get(view.id);
  return { ...view, ...(at !== undefined && { lastHeartbeatAt: new Date(at).toISOString() }) };
};

/** What matters of a worker that was heard from. */
export type WorkerStanding = Readonly<
  Pick<Required<WorkerDocument>, 'userId' | 'status' | 'stopRequested' | 'heartbeatSeconds'>
>;

/** What the read model knows of a worker, whoever asks; null when there is none of that id. */
export const workerStanding = async (
  { workers }: Collections,
  id: string,
): Promise<WorkerStanding | null> =>
  workers.findOne<WorkerStanding>(
    { _id: `worker-${id}`, ...registered },
    { projection: { userId: 1, status: 1, stopRequested: 1, heartbeatSeconds: 1 } },
  );

/** The workers that ought to be heard from, by id. */
export async function* workersThere({ workers }: Collections): AsyncGenerator<string> {
  const there = workers.find(
    { status: { $in: ['active', 'stopping'] } },
    { projection: { id: 1 } },
  );
  for await (const { id } of there) yield id;
}
