/**
 * Keeps apart what adds a stream to a session's family, a fork, an execution or a task, and what deletes the
 * family for good: a fork taken while its past is deleted would be acknowledged and lost. Additions
 * go side by side; a deletion waits for those under way, and holds up those that come after it.
 *
 * The gate is this process's. Over several nodes forks and deletions are kept apart by announcements
 * (`commands/removal.ts`); here they need not withdraw each other.
 */
export type FamilyGate = Readonly<{
  /** What work gives says at which `position` it added the last, if it did. */
  add<Result extends object>(session: string, work: () => Promise<Result>): Promise<Result>;
  remove<Result>(session: string, work: () => Promise<Result>): Promise<Result>;
  /** Position of the newest addition: read models that have it know of all. */
  newest(): number;
}>;

/** Makes the gate of this process, one for all sessions. It is open at first. */
export const familyGate = (): FamilyGate => {
  const additions = new Map<string, Set<Promise<unknown>>>();
  const removals = new Map<string, Promise<unknown>>();
  let newest = 0;

  const untilNoneRemoves = async (session: string): Promise<void> => {
    for (let removal = removals.get(session); removal; removal = removals.get(session))
      await removal;
  };

  return {
    newest: () => newest,
    add: async (session, work) => {
      await untilNoneRemoves(session);
      const underWay = additions.get(session) ?? new Set();
      additions.set(session, underWay);
      const added = work();
      underWay.add(added);
      try {
        const outcome = await added;
        if ('position' in outcome) newest = Math.max(newest, Number(outcome.position));
        return outcome;
      } finally {
        underWay.delete(added);
        if (underWay.size === 0) additions.delete(session);
      }
    },
    remove: async (session, work) => {
      await untilNoneRemoves(session);
      const removed = (async () => {
        await Promise.allSettled(additions.get(session) ?? []);
        return work();
      })();
      const settled = removed.then(
        () => {},
        () => {},
      );
      removals.set(session, settled);
      try {
        return await removed;
      } finally {
        removals.delete(session);
      }
    },
  };
};
