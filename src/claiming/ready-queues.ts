import { setTimeout as delay } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { StoredEvent } from '../eventstore/event-store.js';
import { growingTo } from '../growing-to.js';
import { findReadyTasksById } from '../queries/ready-tasks.js';
import { happeningOf } from './happening.js';
import { knownNames } from './known-names.js';
import {
  asReadyTask,
  caughtUpWith,
  type ReadyQueue,
  readyQueue,
  type Sources,
} from './ready-queue.js';
import { comparePlaces, type ReadyTask } from './ready-task.js';
import type { Wanted } from './wanted.js';

type Owned = Readonly<{ userId: string; queue: string }>;

/** The queues of ready tasks, as this node knows them. */
export type ReadyQueues = Readonly<{
  /** Takes in an event of the store. Each is to be heard once, in order. */
  hear(event: StoredEvent): void;
  /** Takes in a task that became ready, maybe before that was heard. */
  offer(task: ReadyTask): void;
  /** Takes in that a task was handed out as it was submitted. `revision` is that of its claim. */
  handedOut(task: Owned & Readonly<{ id: string; revision: number }>): void;
  /** Whether it is known that nothing is ready. */
  isEmpty(wanted: Wanted): boolean;
  /** The task to be handed out next, which stays. */
  first(wanted: Wanted): ReadyTask | undefined;
  /** Removes the task to be handed out next. */
  take(wanted: Wanted): ReadyTask | undefined;
  /** Puts a task back that was taken and, for all that is known, not handed out. */
  giveBack(task: ReadyTask): void;
  /** Waits until it is known whether there are ready tasks. @throws NotCaughtUp, or what the database throws */
  known(wanted: Wanted): Promise<void>;
  /** Says that a claim under a command's id is this node's own. */
  claiming(commandId: string): void;
  stop(): void;
}>;

/** How many queues are held in memory, those asked for last. */
const heldQueues = 1_000;
const lookedUpAtOnce = 500;
const lookUpAgainMs = 1_000;
const rememberedClaims = 20_000;

/**
 * The queues of ready tasks that were asked for lately, filled as they are asked for.
 *
 * @param onReady told of a ready task whenever somebody who waits may have missed it
 */
export const readyQueues = (
  sources: Sources,
  log: Logger,
  onReady: (task: Owned) => void,
): ReadyQueues => {
  const queues = new LRUCache<string, ReadyQueue>({ max: heldQueues });
  const own = new LRUCache<string, true>(growingTo(rememberedClaims));
  const names = knownNames(sources);
  const lookedFor = new Set<string>();
  const stopping = new AbortController();
  let isLookingUp = false;

  const queueOf = (userId: string | undefined, queue: string): ReadyQueue => {
    const key = keyOf(userId, queue);
    const held = queues.get(key);
    if (held) return held;
    const fresh = readyQueue(sources, { userId, queue });
    queues.set(key, fresh);
    return fresh;
  };
  /** Those that hold a task of a user: of all users', and of the user's own. */
  const holding = ({ userId, queue }: Owned): readonly ReadyQueue[] =>
    [undefined, userId].flatMap((user) => queues.peek(keyOf(user, queue)) ?? []);

  /** Of what this node made ready, or handed out at once, those who wait were told then. */
  const isNews = (task: Owned & Readonly<{ id: string; revision: number }>): boolean => {
    const held = holding(task);
    return held.length === 0 || held.some(({ window }) => !window.knows(task.id, task.revision));
  };

  const offer = (task: ReadyTask): void => {
    names.note(task);
    for (const { window } of holding(task)) window.offer(task);
    onReady(task);
  };

  /** Asks the read model where tasks stand that are ready again, many at a time. */
  const lookUp = async (): Promise<void> => {
    const { collections, progress, position } = sources;
    while (lookedFor.size > 0 && !stopping.signal.aborted) {
      const ids = [...lookedFor].slice(0, lookedUpAtOnce);
      for (const id of ids) lookedFor.delete(id);
      try {
        await caughtUpWith(progress.tasks, position());
        for (const found of await findReadyTasksById(collections, ids)) offer(asReadyTask(found));
      } catch (error) {
        log.warn({ err: error }, 'tasks that are ready again could not be looked up');
        for (const id of ids) lookedFor.add(id);
        await delay(lookUpAgainMs, undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
  };
  const lookForTask = (id: string): void => {
    lookedFor.add(id);
    if (isLookingUp) return;
    isLookingUp = true;
    void lookUp().finally(() => {
      isLookingUp = false;
    });
  };

  const wantedQueues = ({ userId, queue, isPrefix }: Wanted): readonly ReadyQueue[] =>
    isPrefix
      ? names.of({ userId, queue }).map((name) => queueOf(userId, name))
      : [queueOf(userId, queue)];

  const tend = (queue: ReadyQueue): void =>
    queue.tend((error) => {
      if (error !== undefined) log.warn({ err: error }, 'a queue could not be looked at');
      const first = queue.window.first();
      if (first) onReady(first);
    });

  /** The queue that the next task is in. */
  const foremost = (wanted: Wanted): ReadyQueue | undefined => {
    let best: ReadyQueue | undefined;
    let bestTask: ReadyTask | undefined;
    for (const queue of wantedQueues(wanted)) {
      tend(queue);
      const task = queue.window.first();
      if (!task || (bestTask && comparePlaces(bestTask, task) < 0)) continue;
      [best, bestTask] = [queue, task];
    }
    return best;
  };

  return {
    hear: (event) => {
      const happening = happeningOf(event);
      switch (happening?.type) {
        case 'ready':
          if (isNews(happening.task)) offer(happening.task);
          break;
        case 'ready-again': {
          const { id, revision } = happening;
          names.note(happening);
          if (holding(happening).some(({ window }) => !window.knows(id, revision))) lookForTask(id);
          break;
        }
        case 'gone': {
          const { id, revision, claimedBy } = happening;
          const isElsewhere = claimedBy !== undefined && !own.delete(claimedBy);
          for (const queue of holding(happening)) {
            queue.window.withdraw(id, revision);
            if (isElsewhere) queue.claimedElsewhere();
          }
          break;
        }
        case 'deleted':
          for (const { window } of queues.values())
            window.withdraw(happening.id, Number.POSITIVE_INFINITY);
          break;
      }
    },
    offer,
    handedOut: (task) => {
      names.note(task);
      for (const { window } of holding(task)) window.withdraw(task.id, task.revision);
    },
    isEmpty: (wanted) =>
      wantedQueues(wanted).every(({ window }) => window.size() === 0 && window.isComplete()),
    first: (wanted) => foremost(wanted)?.window.first(),
    take: (wanted) => {
      const task = foremost(wanted)?.take();
      if (task) for (const { window } of holding(task)) window.withdraw(task.id, task.revision);
      return task;
    },
    giveBack: (task) => {
      for (const { window } of holding(task)) window.giveBack(task);
      onReady(task);
    },
    known: async (wanted) => {
      if (wanted.isPrefix) await names.known(wanted);
      await Promise.all(wantedQueues(wanted).map((queue) => queue.known()));
    },
    claiming: (commandId) => {
      own.set(commandId, true);
    },
    stop: () => stopping.abort(),
  };
};

const keyOf = (userId: string | undefined, queue: string): string =>
  JSON.stringify([userId ?? null, queue]);
