import { LRUCache } from 'lru-cache';
import type { Fact } from '../domain/decider.js';
import { type TaskEvent, task } from '../domain/task.js';
import type { StoredEvent } from '../eventstore/event-store.js';

/** Tells each event of the store from some moment on, in order. */
export type Told = Readonly<{ each(listener: (event: StoredEvent) => void): () => void }>;

/** How many are remembered, those that were submitted last. */
const most = 50_000;

const prefix = `${task.category}-`;

/**
 * Tasks that belong to no execution, as far as this node was told of their submission. What a task
 * belongs to never changes: of those that are known to belong to nothing, nothing need be read.
 */
export const loneTasks = (told: Promise<Told>) => {
  const lone = new LRUCache<string, true>({ max: most });
  void told.then(({ each }) =>
    each((event) => {
      if (event.type !== 'TaskSubmitted' || !event.stream.startsWith(prefix)) return;
      // The codec has checked it.
      const { data } = event as Fact as Extract<TaskEvent, { type: 'TaskSubmitted' }>;
      if (data.executionId === undefined) lone.set(event.stream, true);
    }),
  );
  return { has: (stream: string): boolean => lone.has(stream) };
};
