import { LRUCache } from 'lru-cache';
import type { Fact } from '../domain/decider.js';
import { type TaskEvent, task } from '../domain/task.js';
import type { Told } from '../eventstore/told.js';
import { growingTo } from '../growing-to.js';

/** How many are remembered, those that were submitted last. */
const most = 50_000;

const prefix = `${task.category}-`;

/**
 * Remembers tasks that belong to no execution, from the events of their submission that this node was
 * told. What a task belongs to never changes, so nothing need be read to know that no execution follows
 * from these.
 */
export const loneTasks = (told: Promise<Pick<Told, 'each'>>) => {
  const lone = new LRUCache<string, true>(growingTo(most));
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
