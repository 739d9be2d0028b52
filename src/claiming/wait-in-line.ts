import type { ClaimedTask, claimCommand } from './claim-task.js';
import type { WaitingLine } from './waiting-line.js';
import type { Wanted } from './wanted.js';

/** What a claim that waits is given a task through that is being submitted. */
export type Reserved = Readonly<{
  /** The claim, as a command under an id. */
  claim(commandId: string): ReturnType<typeof claimCommand>;
  /** Ends it: with the task, or undefined when it was not handed out. What is said after that is passed over. */
  give(task: ClaimedTask | undefined): void;
}>;

type Wait = Readonly<{
  ticket: number;
  wanted: Wanted;
  claim: Reserved['claim'];
  /** How many tasks are wanted at most. */
  max: number;
  ms: number;
  /** Ends the wait, but not that for a task that was reserved by then. */
  signal: AbortSignal | undefined;
}>;

/**
 * Waits until woken, or for some time, or until given tasks that are submitted meanwhile: up to `max` that
 * are asked for in the same turn of the event loop as the first.
 *
 * @returns the tasks given, in order; none when woken, when the time is over, or when none of them was handed out
 */
export const waitInLine = (
  line: WaitingLine<Reserved>,
  { ticket, wanted, claim, max, ms, signal }: Wait,
): Promise<readonly ClaimedTask[]> =>
  new Promise((resolve) => {
    const reserved: Promise<ClaimedTask | undefined>[] = [];

    const end = (): void => {
      clearTimeout(timer);
      leave();
      signal?.removeEventListener('abort', end);
      if (reserved.length === 0) resolve([]);
    };
    const settle = async (): Promise<void> => {
      end();
      const given = (await Promise.all(reserved)).flatMap((task) => task ?? []);
      resolve(
        given.sort((a, b) => b.priority - a.priority || Number(a.position) - Number(b.position)),
      );
    };
    const reserve = (): Reserved => {
      let give: Reserved['give'] = () => {};
      reserved.push(
        new Promise((given) => {
          give = given;
        }),
      );
      if (reserved.length === 1) setImmediate(settle);
      if (reserved.length >= max) leave();
      return { claim, give };
    };

    const timer = setTimeout(end, ms);
    const leave = line.join({ ticket, wanted, wake: end, reserve });
    signal?.addEventListener('abort', end);
  });
