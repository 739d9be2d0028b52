import { isWanted, type Wanted } from './wanted.js';

type Owned = Readonly<{ userId: string; queue: string }>;

/** Somebody who waits. `Given` is what they are given a task through that is yet to be stored. */
export type Waiter<Given> = Readonly<{
  /** Their place in the order. */
  ticket: number;
  wanted: Wanted;
  /** Tells them to look for a task. They have left the line. */
  wake(): void;
  /** Has them wait for what becomes of a task that is being submitted. */
  reserve(): Given;
}>;

/** Those who wait for tasks, served in the order of their tickets. */
export type WaitingLine<Given> = Readonly<{
  /** A place in the order, to be kept by who is woken in vain and waits again. */
  ticket(): number;
  /** Waits. @returns leaves the line; does nothing once woken */
  join(waiter: Waiter<Given>): () => void;
  /** The first one who wants a task, who stays in the line. */
  first(task: Owned): Waiter<Given> | undefined;
  /** Wakes the first one who wants a task, and removes them from the line. */
  wakeFor(task: Owned): void;
  wakeAll(): void;
}>;

/** Makes a line. Who waits for one queue is found without looking at those who wait for others. */
export const waitingLine = <Given>(): WaitingLine<Given> => {
  const lines = new Map<string, Waiter<Given>[]>();
  const prefixes = 'prefixes';
  let tickets = 0;

  const lineOf = ({ userId, queue, isPrefix }: Wanted): string =>
    isPrefix ? prefixes : JSON.stringify([userId ?? null, queue]);

  const leave = (waiter: Waiter<Given>): void => {
    const name = lineOf(waiter.wanted);
    const line = lines.get(name) ?? [];
    const index = line.indexOf(waiter);
    if (index >= 0) line.splice(index, 1);
    if (line.length === 0) lines.delete(name);
  };

  const first = (task: Owned): Waiter<Given> | undefined => {
    const { queue } = task;
    const names = [undefined, task.userId].map((userId) =>
      lineOf({ userId, queue, isPrefix: false }),
    );
    return [...names, prefixes]
      .flatMap((name) => lines.get(name)?.find(({ wanted }) => isWanted(wanted, task)) ?? [])
      .sort((a, b) => a.ticket - b.ticket)[0];
  };

  return {
    ticket: () => {
      tickets += 1;
      return tickets;
    },
    join: (waiter) => {
      const name = lineOf(waiter.wanted);
      const line = lines.get(name) ?? [];
      lines.set(name, line);
      const after = line.findLastIndex(({ ticket }) => ticket < waiter.ticket);
      line.splice(after + 1, 0, waiter);
      return () => leave(waiter);
    },
    first,
    wakeFor: (task) => {
      const next = first(task);
      if (!next) return;
      leave(next);
      next.wake();
    },
    wakeAll: () => {
      const all = [...lines.values()].flat();
      lines.clear();
      for (const { wake } of all) wake();
    },
  };
};
