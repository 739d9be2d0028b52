import { LRUCache } from 'lru-cache';
import { findReadyQueues, type ReadyTasksOf } from '../queries/ready-tasks.js';
import { caughtUpWith, type Sources } from './ready-queue.js';
import { isWanted } from './wanted.js';

/** `names` says of each when it was last heard of. */
type Names = { readonly of: ReadyTasksOf; readonly names: Map<string, number>; lookedAt: number };

/** How many prefixes are known, those asked for last. */
const heldPrefixes = 100;
/** How many queues one prefix stands for at most. */
const mostNames = 500;
const lookAgainMs = 5_000;

/** Remembers the names of queues that have had ready tasks lately, to be found by how they begin. */
export const knownNames = ({ collections, progress, position }: Sources) => {
  const prefixes = new LRUCache<string, Names>({ max: heldPrefixes });

  const entryOf = (of: ReadyTasksOf): Names => {
    const key = JSON.stringify([of.userId ?? null, of.queue]);
    const { userId, queue } = of;
    const entry = prefixes.get(key) ?? {
      of: { userId, queue },
      names: new Map<string, number>(),
      lookedAt: Number.NEGATIVE_INFINITY,
    };
    prefixes.set(key, entry);
    return entry;
  };

  return {
    /** Takes in that a queue has a ready task. */
    note: (task: Readonly<{ userId: string; queue: string }>): void => {
      for (const { of, names } of prefixes.values())
        if (names.size < mostNames && isWanted({ ...of, isPrefix: true }, task))
          names.set(task.queue, performance.now());
    },
    of: (of: ReadyTasksOf): readonly string[] => [...entryOf(of).names.keys()],
    /** Waits until the names are known, as of some seconds ago at most. @throws NotCaughtUp */
    known: async (of: ReadyTasksOf): Promise<void> => {
      const entry = entryOf(of);
      if (performance.now() - entry.lookedAt < lookAgainMs) return;
      const lookedAt = performance.now();
      await caughtUpWith(progress.queues, position());
      const found = await findReadyQueues(collections, entry.of, mostNames);
      // What was heard of meanwhile the read model need not know yet.
      for (const [name, heardAt] of entry.names) if (heardAt < lookedAt) entry.names.delete(name);
      for (const name of found) entry.names.set(name, lookedAt);
      entry.lookedAt = lookedAt;
    },
  };
};
