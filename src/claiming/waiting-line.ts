import { isWanted, type Wanted } from './wanted.js';

type Waiter = Readonly<{ ticket: number; wanted: Wanted; wake: () => void }>;

/** Those who wait for tasks, served in the order of their tickets. */
export type WaitingLine = Readonly<{
  /** A place in the order, to be kept by who is woken in vain and waits again. */
  ticket(): number;
  /** Waits. @returns leaves the line; does nothing once woken */
  join(ticket: number, wanted: Wanted, wake: () => void): () => void;
  /** Wakes the first one who wants a task, and removes them from the line. */
  wakeFor(task: Readonly<{ userId: string; queue: string }>): void;
  wakeAll(): void;
}>;

/** Makes a line. Who waits for one queue is found without looking at those who wait for others. */
export const waitingLine = (): WaitingLine => {
  const lines = new Map<string, Waiter[]>();
  const prefixes = 'prefixes';
  let tickets = 0;

  const lineOf = ({ userId, queue, isPrefix }: Wanted): string =>
    isPrefix ? prefixes : JSON.stringify([userId ?? null, queue]);

  const leave = (name: string, waiter: Waiter): void => {
    const line = lines.get(name) ?? [];
    const index = line.indexOf(waiter);
    if (index >= 0) line.splice(index, 1);
    if (line.length === 0) lines.delete(name);
  };

  return {
    ticket: () => {
      tickets += 1;
      return tickets;
    },
    join: (ticket, wanted, wake) => {
      const name = lineOf(wanted);
      const waiter = { ticket, wanted, wake };
      const line = lines.get(name) ?? [];
      lines.set(name, line);
      const after = line.findLastIndex((other) => other.ticket < ticket);
      line.splice(after + 1, 0, waiter);
      return () => leave(name, waiter);
    },
    wakeFor: (task) => {
      const { queue } = task;
      const names = [undefined, task.userId].map((userId) =>
        lineOf({ userId, queue, isPrefix: false }),
      );
      const firsts = [...names, prefixes].flatMap((name) => {
        const first = lines.get(name)?.find(({ wanted }) => isWanted(wanted, task));
        return first ? [{ name, first }] : [];
      });
      const [next] = firsts.sort((a, b) => a.first.ticket - b.first.ticket);
      if (!next) return;
      leave(next.name, next.first);
      next.first.wake();
    },
    wakeAll: () => {
      const all = [...lines.values()].flat();
      lines.clear();
      for (const { wake } of all) wake();
    },
  };
};
