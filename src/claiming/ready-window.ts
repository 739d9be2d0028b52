import { comparePlaces, type Place, type ReadyTask } from './ready-task.js';

export type WindowLimits = Readonly<{
  /** How many tasks a window holds at most. */
  most: number;
  /** How many it keeps, the first ones, when it would hold more. */
  kept: number;
  /** Of how many tasks that left it remembers so. */
  departures: number;
}>;

/**
 * The first ready tasks of a queue, in the order in which they are handed out: a window over the
 * read model, so that a claim costs the same however many tasks are ready. It has a bound: every
 * ready task up to there that this node has heard of is in the window. What becomes ready beyond the
 * bound is let go, as it is found in the read model once the window is filled from there.
 */
export type ReadyWindow = Readonly<{
  size(): number;
  /** The task that stands first, which stays. */
  first(): ReadyTask | undefined;
  /** Whether no task is ready beyond it. */
  isComplete(): boolean;
  /** Whether it has heard of a task as of a revision or later. */
  knows(id: string, revision: number): boolean;
  /** Takes in a task that became ready, if it is one for the window and news. */
  offer(task: ReadyTask): void;
  /** Notes that as of a revision a task is not ready. */
  withdraw(id: string, revision: number): void;
  /**
   * Removes a task to be handed out: the first one, or one at random among the first `spread` of the
   * highest priority.
   */
  take(spread?: number): ReadyTask | undefined;
  /** Puts a task back that was taken and, for all that is known, not handed out. */
  giveBack(task: ReadyTask): void;
  /**
   * Begins to fill the window from the read model, which must by then have seen every event that
   * this node has heard of. What becomes ready from now on is kept until the fill is over.
   *
   * @param anew whether to look at everything again, instead of only at what is beyond the bound
   * @returns the place after which to look; undefined for the beginning
   */
  beginFill(anew: boolean): Place | undefined;
  /** Ends it with what was found, in order. `isAll` says that there is nothing after it. */
  endFill(found: readonly ReadyTask[], isAll: boolean): void;
  /** Ends it with nothing found out. */
  abandonFill(): void;
}>;

/** An empty window. It is filled by `beginFill` and `endFill`. */
export const readyWindow = ({ most, kept, departures }: WindowLimits): ReadyWindow => {
  const tasks: ReadyTask[] = [];
  const byId = new Map<string, ReadyTask>();
  /** The revision up to which what is said of a task is out of date: it left the window at that one. */
  const departed = new Map<string, number>();
  let bound: Place | 'nothing' | 'everything' = 'nothing';
  let filling: { readonly from: Place | undefined; readonly arrived: ReadyTask[] } | undefined;

  const isCovered = (place: Place): boolean =>
    bound === 'everything' || (bound !== 'nothing' && comparePlaces(place, bound) <= 0);

  const knows = (id: string, revision: number): boolean =>
    revision <= (departed.get(id) ?? -1) || revision <= (byId.get(id)?.revision ?? -1);

  const isNews = ({ id, revision }: ReadyTask): boolean => !knows(id, revision);

  /** The index of the first task that does not stand before a place. */
  const indexOf = (place: Place): number => {
    let low = 0;
    let high = tasks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = tasks[middle];
      if (other && comparePlaces(other, place) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  const remove = (id: string): void => {
    const task = byId.get(id);
    if (!task) return;
    byId.delete(id);
    tasks.splice(indexOf(task), 1);
  };

  const insert = (task: ReadyTask): void => {
    remove(task.id);
    tasks.splice(indexOf(task), 0, task);
    byId.set(task.id, task);
  };

  const trim = (): void => {
    if (tasks.length <= most) return;
    for (const { id } of tasks.splice(kept)) byId.delete(id);
    bound = tasks.at(-1) ?? 'nothing';
  };

  const depart = (id: string, revision: number): void => {
    const last = departed.get(id) ?? -1;
    departed.delete(id);
    departed.set(id, Math.max(last, revision));
    for (const oldest of departed.keys()) {
      if (departed.size <= departures) break;
      departed.delete(oldest);
    }
  };

  const offer = (task: ReadyTask): void => {
    if (!isNews(task)) return;
    // It has another place now, if it is one within the window.
    remove(task.id);
    if (isCovered(task)) {
      insert(task);
      trim();
    } else filling?.arrived.push(task);
  };

  const indexAmong = (spread: number): number => {
    const priority = tasks[0]?.priority;
    let alike = 1;
    while (alike < spread && tasks[alike]?.priority === priority) alike += 1;
    return alike === 1 ? 0 : Math.floor(Math.random() * alike);
  };

  return {
    size: () => tasks.length,
    first: () => tasks[0],
    isComplete: () => bound === 'everything',
    knows,
    offer,
    withdraw: (id, revision) => {
      depart(id, revision);
      if ((byId.get(id)?.revision ?? Number.POSITIVE_INFINITY) <= revision) remove(id);
    },
    take: (spread = 1) => {
      const [task] = tasks.splice(indexAmong(spread), 1);
      if (!task) return undefined;
      byId.delete(task.id);
      depart(task.id, task.revision);
      return task;
    },
    giveBack: (task) => {
      if (departed.get(task.id) === task.revision) departed.delete(task.id);
      offer(task);
    },
    beginFill: (anew) => {
      const from = anew || typeof bound === 'string' ? undefined : bound;
      filling = { from, arrived: [] };
      return from;
    },
    endFill: (found, isAll) => {
      const { from, arrived = [] } = filling ?? {};
      filling = undefined;
      // A window that was cut off short of there has a gap before what was found.
      if (from !== undefined && !isCovered(from)) return;
      const last = found.at(-1);
      if (isAll) bound = 'everything';
      else if (last && !isCovered(last)) bound = last;
      for (const task of found) if (isNews(task)) insert(task);
      trim();
      for (const task of arrived) offer(task);
    },
    abandonFill: () => {
      filling = undefined;
    },
  };
};
