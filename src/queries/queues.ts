import type { Collection } from 'mongodb';
import type { Caller } from '../commands/request.js';
import type { TaskStatus } from '../domain/task.js';
import type { Collections, QueueRecord, TaskRecord } from './collections.js';
import { fromCursor, type Page, toPage } from './page.js';
import { visibleTo } from './visible.js';

/** The task that has been ready longest. */
export type OldestReady = Readonly<{ id: string; readyAt: string; ageSeconds: number }>;

export type QueueView = Readonly<Record<TaskStatus, number>> &
  Readonly<{
    queue: string;
    /** How many attempts did not succeed, ever. */
    failed: number;
    /** Tasks completed a minute, over the last five minutes. */
    rate: number;
    oldestReady: OldestReady | null;
  }>;

type Numbers = Omit<QueueView, 'oldestReady'>;

const names = ['ready', 'delayed', 'running', 'completed', 'dead', 'cancelled', 'failed'] as const;
const minute = 60_000;
const rateMinutes = 5;

/**
 * The numbers of a queue: of the caller's tasks, or for administrators of everybody's. Zeros where there
 * are none.
 *
 * @param now in milliseconds since 1970, for the rate and for ages
 */
export const findQueue = async (
  { queues, tasks }: Collections,
  caller: Caller,
  now: number,
  queue: string,
): Promise<QueueView> => {
  const parts = await queues.find({ ...visibleTo(caller), queue }).toArray();
  return withOldest(tasks, caller, now, sumOf(queue, parts, now));
};

/**
 * The queues with tasks of the caller, by name; for administrators those of everybody.
 *
 * @param now in milliseconds since 1970
 * @throws BadCursor
 */
export const listQueues = async (
  { queues, tasks }: Collections,
  caller: Caller,
  now: number,
  { cursor, limit }: Readonly<{ cursor?: string; limit: number }>,
): Promise<Page<QueueView>> => {
  const [after] = cursor === undefined ? [] : fromCursor(cursor, ['string']);
  const found = queues
    .find({ ...visibleTo(caller), ...(after !== undefined && { queue: { $gt: String(after) } }) })
    .sort({ queue: 1 });
  const read: Numbers[] = [];
  let parts: QueueRecord[] = [];
  const finish = () => {
    const [first] = parts;
    if (first) read.push(sumOf(first.queue, parts, now));
    parts = [];
  };
  for await (const part of found) {
    if (part.queue !== parts[0]?.queue) finish();
    if (read.length > limit) break;
    parts.push(part);
  }
  finish();
  const { items, next } = toPage(
    read,
    limit,
    ({ queue }) => [queue],
    (numbers) => numbers,
  );
  const views = items.map((numbers) => withOldest(tasks, caller, now, numbers));
  return { items: await Promise.all(views), next };
};

/** How many tasks there are in a queue, or in all of them, by status. */
export type TaskCounts = Readonly<Record<TaskStatus, number>>;

/**
 * How many tasks there are, everybody's.
 *
 * @param most how many queues are looked at one by one; with more of them that is left out
 */
export const countTasks = async (
  { queues }: Pick<Collections, 'queues'>,
  most: number,
): Promise<Readonly<{ all: TaskCounts; queues: ReadonlyMap<string, TaskCounts> }>> => {
  const sums = Object.fromEntries(statuses.map((status) => [status, { $sum: `$${status}` }]));
  const grouped = (_id: string | null) =>
    queues.aggregate<TaskCounts & Readonly<{ _id: string }>>([
      { $group: { _id, ...sums } },
      { $limit: most + 1 },
    ]);
  const [[all = nothing], each] = await Promise.all([
    grouped(null).toArray(),
    grouped('$queue').toArray(),
  ]);
  const few = each.length > most ? [] : each;
  return { all, queues: new Map(few.map((counts) => [counts._id, counts])) };
};

const statuses = ['ready', 'delayed', 'running', 'completed', 'dead', 'cancelled'] as const;
const nothing: TaskCounts = {
  ready: 0,
  delayed: 0,
  running: 0,
  completed: 0,
  dead: 0,
  cancelled: 0,
};

const sumOf = (queue: string, parts: readonly QueueRecord[], now: number): Numbers => {
  const sums = names.map((name) => [name, parts.reduce((sum, part) => sum + part[name], 0)]);
  // Object.fromEntries forgets which names there were.
  const counts = Object.fromEntries(sums) as Record<(typeof names)[number], number>;
  return { queue, ...counts, rate: rateAt(now, parts) };
};

/** Completions a minute: in the minute under way and those before it, of the oldest as much as lies within the time. */
const rateAt = (now: number, parts: readonly QueueRecord[]): number => {
  const current = Math.floor(now / minute);
  const gone = (now % minute) / minute;
  let completed = 0;
  for (const { minutes } of parts)
    for (const each of minutes) {
      const age = current - Date.parse(`${each.minute}:00Z`) / minute;
      if (age < rateMinutes) completed += each.completed;
      else if (age === rateMinutes) completed += each.completed * (1 - gone);
    }
  return Math.round((completed / rateMinutes) * 100) / 100;
};

const withOldest = async (
  tasks: Collection<TaskRecord>,
  caller: Caller,
  now: number,
  numbers: Numbers,
): Promise<QueueView> => {
  const oldest = numbers.ready > 0 ? await oldestReady(tasks, caller, numbers.queue) : undefined;
  if (!oldest) return { ...numbers, oldestReady: null };
  const { id, readyAt } = oldest;
  const ageSeconds = Math.max(0, Math.round((now - Date.parse(readyAt)) / 1_000));
  return { ...numbers, oldestReady: { id, readyAt, ageSeconds } };
};

type Ready = Readonly<{ id: string; priority: number; readyPosition: number; readyAt: string }>;

/** The oldest of the first of each priority: one look at the index for each priority in use, however many tasks there are. */
const oldestReady = async (
  tasks: Collection<TaskRecord>,
  caller: Caller,
  queue: string,
): Promise<Ready | undefined> => {
  let oldest: Ready | undefined;
  for (let below = Number.POSITIVE_INFINITY; below > 0; ) {
    const first = await tasks.findOne<Ready>(
      {
        ...visibleTo(caller),
        queue,
        status: 'ready',
        ...(Number.isFinite(below) && { priority: { $lt: below } }),
      },
      {
        sort: { priority: -1, readyPosition: 1 },
        projection: { id: 1, priority: 1, readyPosition: 1, readyAt: 1 },
      },
    );
    if (!first) break;
    if (!oldest || first.readyPosition < oldest.readyPosition) oldest = first;
    below = first.priority;
  }
  return oldest;
};
