import type { LiveTask } from '../domain/task.js';

/** Where a task stands among those ready in a queue: higher priority first, then who was ready first. */
export type Place = Readonly<{
  priority: number;
  /** Position of the event that made it ready. */
  readyPosition: number;
}>;

/** A task that was ready when this was learnt; whether it still is, only an append can tell. */
export type ReadyTask = Place &
  Readonly<{
    id: string;
    queue: string;
    userId: string;
    /** That of the last event known of it. */
    revision: number;
    /** The task at that revision; missing where it is large or a fork, and has to be read to be claimed. */
    state?: LiveTask;
  }>;

/** Below 0 when `a` is handed out before `b`. No two tasks stand in the same place. */
export const comparePlaces = (a: Place, b: Place): number =>
  b.priority - a.priority || a.readyPosition - b.readyPosition;
