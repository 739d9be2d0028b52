import { charactersOf, isRefused, mostCharacters, mostItems, settledIn } from './bulk.js';
import { type Settled, sentTogether } from './sent-together.js';
import type { Completion } from './task-types.js';
import type { tasksOver } from './tasks.js';
import { isPassing, type Reachability, untilAnswered } from './until-answered.js';

export type CompleterOptions = Readonly<{
  tasks: ReturnType<typeof tasksOver>;
  reachability: Reachability;
  /** Once aborted, the server is told no more. */
  givingUp: AbortSignal;
}>;

type Completed = Completion & Readonly<{ id: string }>;
type Outcome = Settled<undefined>;

const done: Outcome = { answer: undefined };

/**
 * Completes tasks, those together that are finished while others are being completed.
 *
 * The function made throws ForklineError when a completion is refused, and what aborting throws.
 */
export const completerOver = ({ tasks, reachability, givingUp }: CompleterOptions) => {
  const patiently = <Answer>(call: () => Promise<Answer>): Promise<Answer> =>
    untilAnswered(call, reachability, { signal: givingUp });

  const one = async ({ id, ...completion }: Completed): Promise<Outcome> => {
    try {
      await patiently(() => tasks.complete(id, completion));
      return done;
    } catch (error) {
      return { error };
    }
  };
  const each = (items: readonly Completed[]) => Promise.all(items.map(one));

  const many = async (items: readonly Completed[]): Promise<readonly Outcome[]> => {
    try {
      const answer = await patiently(() => tasks.completeMany({ items }));
      return await Promise.all(
        settledIn(answer).map((outcome, index) => {
          const item = items[index];
          if (!('error' in outcome)) return done;
          return item && isPassing(outcome.error) ? one(item) : outcome;
        }),
      );
    } catch (error) {
      if (!isRefused(error)) throw error;
      return each(items);
    }
  };

  return sentTogether<Completed, undefined>({
    send: (items) => (items.length > 1 ? many(items) : each(items)),
    most: mostItems,
    mostSize: mostCharacters,
    sizeOf: charactersOf,
  });
};
