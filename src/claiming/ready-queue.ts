import type { Progress } from '../projecting/progress.js';
import type { Collections } from '../queries/collections.js';
import { findReadyTasks, type ReadyTaskRecord } from '../queries/ready-tasks.js';
import { heldState } from './happening.js';
import type { ReadyTask } from './ready-task.js';
import { type ReadyWindow, readyWindow } from './ready-window.js';
import { recentCount } from './recent-count.js';

/** Where queues of ready tasks are filled from. */
export type Sources = Readonly<{
  collections: Pick<Collections, 'tasks' | 'queues'>;
  /** How far the read models of tasks and queues have come. */
  progress: Readonly<{ tasks: Progress; queues: Progress }>;
  /** Every event up to here was heard of. */
  position(): number;
}>;

/** The ready tasks of one queue, of all users or of one, as this node knows them. */
export type ReadyQueue = Readonly<{
  window: ReadyWindow;
  /** Removes the task to be handed out next. */
  take(): ReadyTask | undefined;
  /** Notes that another node claimed a task. */
  claimedElsewhere(): void;
  /** Looks at the read model where that is due; `filled` is called after it. */
  tend(filled: (error?: unknown) => void): void;
  /** Waits until it is known whether there are ready tasks. @throws what the fill throws */
  known(): Promise<void>;
}>;

const limits = { most: 2_000, kept: 1_000, departures: 4_000 };
const fillSize = 500;
/** With fewer tasks than this the window is filled before it runs out. */
const low = 200;
/** How long to wait for the read model. */
const patienceMs = 5_000;
/**
 * How old the last look at everything may be, in milliseconds, with tasks in the window and with
 * none. Events tell what becomes ready: this mends what they may have left out.
 */
const lookAgainMs = { filled: 60_000, empty: 5_000 };
/** For how long a claim by another node counts: about as long as it takes to hear of one. */
const recentMs = 100;

/**
 * The ready tasks of one queue, filled from the read model as they run low and kept up by events.
 *
 * @param sources where they are filled from
 * @param of the queue, and the user whose tasks they are; all users' when undefined
 */
export const readyQueue = (
  { collections, progress, position }: Sources,
  of: Readonly<{ queue: string; userId: string | undefined }>,
): ReadyQueue => {
  const window = readyWindow(limits);
  let filling: Promise<void> | undefined;
  let lookedAt = Number.NEGATIVE_INFINITY;
  const elsewhere = recentCount(recentMs, low);

  const fill = async (anew: boolean): Promise<void> => {
    const from = window.beginFill(anew);
    if (from === undefined) lookedAt = performance.now();
    try {
      await caughtUpWith(progress.tasks, position());
      const found = await findReadyTasks(collections, of, from, fillSize);
      window.endFill(found.map(asReadyTask), found.length < fillSize);
    } catch (error) {
      window.abandonFill();
      throw error;
    }
  };

  const filled = (anew: boolean): Promise<void> => {
    filling ??= fill(anew).finally(() => {
      filling = undefined;
    });
    return filling;
  };

  return {
    window,
    // Nodes that all began with the first task would all but one append in vain. A node that hears of
    // no others' claims takes the first.
    take: () => window.take(1 + elsewhere.count()),
    claimedElsewhere: elsewhere.note,
    tend: (then) => {
      const age = performance.now() - lookedAt;
      const isLow = window.size() < low && !window.isComplete();
      const isOld = age > (window.size() === 0 ? lookAgainMs.empty : lookAgainMs.filled);
      if (!filling && (isLow || isOld)) filled(!isLow).then(() => then(), then);
    },
    known: async () => {
      while (window.size() === 0 && !window.isComplete()) await filled(false);
    },
  };
};

/** Waits until a read model has seen a position. @throws NotCaughtUp */
export const caughtUpWith = async (progress: Progress, position: number): Promise<void> => {
  // A store without events has no position that a read model could come to.
  if (position > 0) await progress.reached(position, patienceMs);
};

/** A task as windows hold it, made of its document in the read model. */
export const asReadyTask = ({
  id,
  revision,
  priority,
  readyPosition,
  state,
  isFork,
}: ReadyTaskRecord): ReadyTask => ({
  id,
  revision,
  priority,
  readyPosition,
  queue: state.queue,
  userId: state.userId,
  ...(!isFork && heldState(state)),
});
