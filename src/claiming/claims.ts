import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import type { Logger } from 'pino';
import { v7 } from 'uuid';
import type { FollowUp } from '../commands/follow-up.js';
import type { Handled } from '../commands/handle.js';
import type { CommandRequest } from '../commands/request.js';
import type { Task, TaskCommand } from '../domain/task.js';
import { StoreUnavailable } from '../eventstore/event-store.js';
import type { Told } from '../eventstore/told.js';
import { withFields } from '../fields.js';
import {
  type Claimant,
  type ClaimedTask,
  type ClaimingServices,
  claimCommand,
  claimedTask,
  claimTask,
} from './claim-task.js';
import type { Sources } from './ready-queue.js';
import { readyQueues } from './ready-queues.js';
import type { ReadyTask } from './ready-task.js';
import { type Reserved, waitInLine } from './wait-in-line.js';
import { waitingLine } from './waiting-line.js';
import type { Wanted } from './wanted.js';

export type ClaimRequest = Claimant &
  Readonly<{
    /** The name of a queue, or how names begin, followed by `*`. */
    queue: string;
    /** How many tasks to claim at most. */
    max: number;
    /** How long to wait for the first one. */
    waitSeconds: number;
    /** Ends the wait, when nobody is there any more to be given a task. */
    signal?: AbortSignal;
  }>;

/** Hands out tasks. */
export type Claims = Readonly<{
  /**
   * Claims tasks that the caller may have, in order; none when there are none, when the wait was
   * ended, or when the program is about to stop.
   *
   * @throws StoreUnavailable, NotCaughtUp or what the database throws, when nothing was claimed
   */
  claim(asked: ClaimRequest, request: CommandRequest): Promise<readonly ClaimedTask[]>;
  /**
   * Has somebody who waits claim a task in the very append that submits it: whoever waits longest for such
   * a task, where none that is ready comes before it. They wait for what becomes of it until `over`.
   */
  reserve(task: Readonly<{ userId: string; queue: string }>): Reservation | undefined;
  /** Takes in a task that this node made ready. Those of other nodes are heard of. */
  ready(task: ReadyTask): void;
  /** Ends every wait, and hands out nothing from now on. */
  stop(): void;
}>;

/** The claim of somebody who waits, to follow a submission. */
export type Reservation = Readonly<{
  claim: FollowUp<TaskCommand, Task>;
  /** To be called when the submission is over, however it ended. */
  over(): void;
}>;

export type ClaimsOptions = ClaimingServices &
  Omit<Sources, 'position'> &
  Readonly<{
    log: Logger;
    /** Tells what happens in the store, once the store was reached. */
    told: Promise<Told>;
  }>;

/** How long a claim waits for the event store to be reached, after the start. */
const startPatienceMs = 2_000;
/** How long a wait goes on before the queue is looked at again without having been woken. */
const lookAgainMs = 5_000;

/** Starts to follow which tasks become ready, so that claims can be answered from memory. */
export const startClaims = ({
  told,
  log,
  collections,
  progress,
  ...services
}: ClaimsOptions): Claims => {
  const line = waitingLine<Reserved>();
  let isStopping = false;
  let store: Told | undefined;
  /** What this node made ready itself, it knows of before it is told. */
  let noticed = 0;
  const position = (): number => {
    if (!store) throw new StoreUnavailable('the event store has not been reached yet');
    return Math.max(store.position(), noticed);
  };
  const queues = readyQueues({ collections, progress, position }, log, line.wakeFor);
  let unfollow = () => {};
  const reached = told.then((reached) => {
    if (isStopping) return;
    store = reached;
    unfollow = store.each(queues.hear);
    line.wakeAll();
  });

  const claimOne = async (
    ready: ReadyTask,
    asked: ClaimRequest,
    request: CommandRequest,
  ): Promise<ClaimedTask | undefined> => {
    const commandId = v7();
    queues.claiming(commandId);
    try {
      return await claimTask(services, ready, asked, request, commandId);
    } catch (error) {
      // It may have been claimed or not: the next claim of it finds out.
      if (error instanceof StoreUnavailable) queues.giveBack(ready);
      throw error;
    }
  };

  /**
   * Claims what is ready, side by side; what is lost to others is made up for by what comes next. What
   * becomes ready meanwhile waits for the next claim rather than keep who has tasks from beginning.
   */
  const claimReady = async (
    wanted: Wanted,
    asked: ClaimRequest,
    request: CommandRequest,
  ): Promise<readonly ClaimedTask[]> => {
    const claimed: ClaimedTask[] = [];
    while (!isStopping && !asked.signal?.aborted) {
      const taken: ReadyTask[] = [];
      while (claimed.length + taken.length < asked.max) {
        const ready = queues.take(wanted);
        if (!ready) break;
        taken.push(ready);
      }
      if (taken.length === 0) break;
      const outcomes = await Promise.allSettled(
        taken.map((ready) => claimOne(ready, asked, request)),
      );
      let failure: unknown;
      let lost = 0;
      for (const outcome of outcomes)
        if (outcome.status === 'rejected') failure = outcome.reason;
        else if (outcome.value) claimed.push(outcome.value);
        else lost += 1;
      if (failure === undefined && lost > 0) continue;
      if (failure === undefined) break;
      if (claimed.length === 0) throw failure;
      log.warn({ err: failure }, 'not every task could be claimed');
      break;
    }
    return claimed;
  };

  const serve = async (
    wanted: Wanted,
    asked: ClaimRequest,
    request: CommandRequest,
  ): Promise<readonly ClaimedTask[]> => {
    const { max, waitSeconds, signal } = asked;
    const until = performance.now() + waitSeconds * 1_000;
    const ticket = line.ticket();
    const claimed: ClaimedTask[] = [];
    for (;;) {
      claimed.push(
        ...(await claimReady(wanted, withFields(asked, { max: max - claimed.length }), request)),
      );
      if (claimed.length >= max || isStopping || signal?.aborted) return claimed;
      const isMoreHere = queues.first(wanted) !== undefined;
      if (claimed.length > 0 && isMoreHere) return claimed;
      const failure = await queues.known(wanted).then(
        () => undefined,
        (error: unknown) => ({ error }),
      );
      if (queues.first(wanted)) continue;
      if (claimed.length > 0 || isStopping || signal?.aborted) return claimed;
      const left = until - performance.now();
      if (left <= 0 && failure) throw failure.error;
      if (left <= 0) return claimed;
      const claim = (commandId: string) => claimCommand(services.clock, asked, request, commandId);
      const ms = Math.min(left, lookAgainMs);
      const given = await waitInLine(line, { ticket, wanted, claim, max, ms, signal });
      if (given.length > 0) return given;
      // Tasks that were stored together become ready one after another within a turn of the event loop.
      if (max > 1) await turn();
    }
  };

  return {
    claim: async (asked, request) => {
      const wanted = wantedBy(asked, request);
      try {
        if (!store)
          await Promise.race([reached, delay(startPatienceMs, undefined, { ref: false })]);
        return await serve(wanted, asked, request);
      } finally {
        // Whoever was woken for a task that is still there is told by the one who leaves it.
        const left = queues.first(wanted);
        if (left) line.wakeFor(left);
      }
    },
    reserve: (task) => {
      const waiter = isStopping ? undefined : line.first(task);
      if (!waiter || !queues.isEmpty(waiter.wanted)) return undefined;
      const { claim, give } = waiter.reserve();
      const commandId = v7();
      queues.claiming(commandId);
      const done = (outcome: Handled<Task>) => {
        queues.handedOut(withFields(task, { id: outcome.id, revision: outcome.revision }));
        give(claimedTask(outcome));
      };
      return { claim: withFields(claim(commandId), { done }), over: () => give(undefined) };
    },
    ready: (task) => {
      noticed = Math.max(noticed, task.readyPosition);
      queues.offer(task);
    },
    stop: () => {
      isStopping = true;
      unfollow();
      queues.stop();
      line.wakeAll();
    },
  };
};

const wantedBy = ({ queue }: ClaimRequest, { caller }: CommandRequest): Wanted => {
  const isPrefix = queue.endsWith('*');
  return {
    userId: caller.admin ? undefined : caller.userId,
    queue: isPrefix ? queue.slice(0, -1) : queue,
    isPrefix,
  };
};
