import { charactersOf, isRefused, mostCharacters, mostItems, settledIn } from './bulk.js';
import { type Settled, sentTogether } from './sent-together.js';
import type { Claimed, ClaimedTask, Completion, NextClaim } from './task-types.js';
import type { tasksOver } from './tasks.js';
import { isPassing, type Reachability, untilAnswered } from './until-answered.js';

/** A claim that goes along with completions, and what takes in the tasks that come of it. */
export type Following = Readonly<{ claim: NextClaim; came(tasks: readonly ClaimedTask[]): void }>;

export type CompleterOptions = Readonly<{
  tasks: ReturnType<typeof tasksOver>;
  reachability: Reachability;
  /** What to claim with the completion of so many tasks, if anything. */
  following(count: number): Following | undefined;
  /** Once aborted, the server is told no more. */
  givingUp: AbortSignal;
}>;

type Completed = Completion & Readonly<{ id: string }>;
type Outcome = Settled<undefined>;

const done: Outcome = { answer: undefined };

/**
 * Completes tasks, those together that are finished while others are being completed, and claims the
 * next ones with it.
 *
 * The function made throws ForklineError when a completion is refused, and what aborting throws.
 */
export const completerOver = (options: CompleterOptions) => {
  const { tasks, reachability, givingUp, following } = options;
  const patience = { signal: givingUp };

  /**
   * Completes until there is an answer. What is claimed with it is asked for once: an answer that got
   * lost may have had tasks in it, which their leases take back.
   */
  const withNext = async <Answer extends Claimed>(
    next: Following | undefined,
    call: (claim: Readonly<{ claim?: NextClaim }>) => Promise<Answer>,
  ): Promise<Answer> => {
    let claim: Readonly<{ claim?: NextClaim }> = next ? { claim: next.claim } : {};
    let came: readonly ClaimedTask[] = [];
    try {
      const answer = await untilAnswered(
        () => {
          const asked = claim;
          claim = {};
          return call(asked);
        },
        reachability,
        patience,
      );
      came = answer.claimed?.items ?? [];
      return answer;
    } finally {
      next?.came(came);
    }
  };

  const one = async (
    { id, ...completion }: Completed,
    next?: Following | undefined,
  ): Promise<Outcome> => {
    try {
      await withNext(next, (claim) => tasks.complete(id, { ...completion, ...claim }));
      return done;
    } catch (error) {
      return { error };
    }
  };
  const each = (items: readonly Completed[]) =>
    Promise.all(items.map((item) => one(item, following(1))));

  const many = async (items: readonly Completed[]): Promise<readonly Outcome[]> => {
    try {
      const answer = await withNext(following(items.length), (claim) =>
        tasks.completeMany({ items, ...claim }),
      );
      return await Promise.all(
        settledIn(answer).map((outcome, index) => {
          const item = items[index];
          if (!('error' in outcome)) return done;
          // What comes in its place was claimed with the others.
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
