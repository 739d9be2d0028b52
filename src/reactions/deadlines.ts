import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { BaselineHandler, CommandHandler } from '../commands/handle.js';
import { isRejection } from '../domain/decider.js';
import type { Interrupt, InterruptCommand, InterruptRejection } from '../domain/interrupt.js';
import type { TaskCommand, TaskRejection } from '../domain/task.js';
import { RevisionConflict, StoreUnavailable, StreamTombstoned } from '../eventstore/event-store.js';
import type { Folded } from '../eventstore/fold.js';
import type { Clock } from '../projecting/clock.js';
import type { Collections } from '../queries/collections.js';
import { type Deadline, listDue } from '../queries/deadlines.js';
import type { HeardDeadlines } from './heard-deadlines.js';
import { type Passing, passing } from './passing.js';
import { raisedInterrupts } from './raised-interrupts.js';
import { triesOf } from './tries.js';

export type DeadlineOptions = Readonly<{
  collections: Pick<Collections, 'deadlines' | 'interrupts'>;
  interrupts: BaselineHandler<InterruptCommand, InterruptRejection, Interrupt>;
  tasks: CommandHandler<TaskCommand, TaskRejection>;
  clock: Clock;
  log: Logger;
  /** What the read model has not seen yet; nothing by default. */
  heard?: Pick<HeardDeadlines, 'dueBy'>;
  /** How long to wait between looks at what is due, in milliseconds, at most; 125 by default. */
  everyMs?: number;
}>;

/** How many deadlines are read, and how many are passed, at a time. */
const pageSize = 512;
const concurrency = 64;

/**
 * Passes deadlines once they are over: interrupts expire, leases end, delayed tasks become ready. Every
 * node does so. A few times a second it asks the read model for what is due, and adds what it has heard
 * of before the read model. Nodes look at random moments, so that mostly what one has passed is gone
 * when the next one looks; where it is not, both carry out the same command, which takes effect once.
 * While a store is away it waits.
 */
export const startDeadlines = (options: DeadlineOptions): Readonly<{ stop(): Promise<void> }> => {
  const { collections, clock, log, heard, everyMs = 125 } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const tries = triesOf(clock);
  /** What is being passed, by stream. */
  const inHand = new Map<string, Promise<void>>();
  let failure: Error | undefined;

  const expire = async (
    { id, command, request }: Passing,
    known: Folded<Interrupt> | undefined,
  ): ReturnType<DeadlineOptions['interrupts']> => {
    const expiring: InterruptCommand = { type: 'ExpireInterrupt', at: command.at };
    try {
      return await options.interrupts(id, [expiring], request, known);
    } catch (error) {
      // The read model was behind. Whatever has happened since decides.
      if (known && error instanceof RevisionConflict)
        return options.interrupts(id, [expiring], request);
      throw error;
    }
  };

  /** @throws StoreUnavailable, of which no deadline is to blame */
  const pass = async (deadline: Deadline, known?: Folded<Interrupt>): Promise<void> => {
    const { stream, kind, dueAt } = deadline;
    const passed = passing(deadline);
    const { id, command, request } = passed;
    try {
      const outcome =
        kind === 'task'
          ? await options.tasks(id, [{ type: 'PassDeadline', ...command }], request)
          : await expire(passed, known);
      if (isRejection(outcome))
        log.error({ stream, dueAt, reason: outcome.rejected }, 'a deadline was turned down');
    } catch (error) {
      if (error instanceof StoreUnavailable) throw error;
      // Deleted for good, which the read model has yet to hear of.
      if (!(error instanceof StreamTombstoned))
        log.error({ err: error, stream, dueAt }, 'a deadline could not be passed');
    }
    tries.note(deadline);
  };

  /** Begins to pass a deadline, unless its stream has one in hand. */
  const begin = (deadline: Deadline, known?: Folded<Interrupt>): void => {
    const { stream } = deadline;
    if (inHand.has(stream)) return;
    const work = pass(deadline, known)
      .catch((error: Error) => {
        failure = error;
      })
      .finally(() => inHand.delete(stream));
    inHand.set(stream, work);
  };

  /** Resolves when another deadline may be begun. @throws why one could not be passed, if a store was away */
  const room = async (): Promise<void> => {
    while (inHand.size >= concurrency && failure === undefined) await Promise.race(inHand.values());
    if (failure === undefined) return;
    const error = failure;
    failure = undefined;
    throw error;
  };

  const beginEach = async (deadlines: readonly Deadline[]): Promise<void> => {
    for (let begun = 0; begun < deadlines.length; begun += concurrency) {
      const some = deadlines.slice(begun, begun + concurrency);
      const known = await raisedInterrupts(collections, some);
      for (const deadline of some) {
        await room();
        if (signal.aborted) return;
        begin(deadline, known.get(deadline.stream));
      }
    }
  };

  const isTurn = (deadline: Deadline): boolean =>
    tries.isTurn(deadline) && !inHand.has(deadline.stream);

  /**
   * Begins to pass all that is due; what takes long holds up nothing that comes due meanwhile. What was
   * passed and is still shown as due, or failed, waits for its turn.
   */
  const passAll = async (): Promise<void> => {
    const moment = new Date(clock.now()).toISOString();
    await beginEach((heard?.dueBy(moment) ?? []).filter(isTurn));
    let page: readonly Deadline[] = [];
    do {
      await room();
      const now = new Date(clock.now()).toISOString();
      page = await listDue(collections, now, pageSize, page.at(-1));
      await beginEach(page.filter(isTurn));
    } while (page.length === pageSize && !signal.aborted);
    tries.forgetOthers();
  };

  const run = async (): Promise<void> => {
    for (let failures = 0; !signal.aborted; ) {
      try {
        await passAll();
        // Those in hand may fail yet.
        if (inHand.size === 0) failures = 0;
      } catch (error) {
        failures += 1;
        log.warn({ err: error }, 'deadlines wait for a store');
      }
      const longest = failures > 0 ? Math.min(everyMs * 2 ** failures, 5_000) : everyMs;
      await delay(longest * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {});
    }
  };

  const running = run();
  return {
    stop: async () => {
      stopping.abort();
      await running;
      await Promise.all(inHand.values());
    },
  };
};
