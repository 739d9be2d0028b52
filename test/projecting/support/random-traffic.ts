import fc from 'fast-check';
import { v4 as newId } from 'uuid';
import { forkStream } from '../../../src/commands/fork.js';
import { commandHandler } from '../../../src/commands/handle.js';
import { type Decider, type Fact, isRejection } from '../../../src/domain/decider.js';
import { execution } from '../../../src/domain/execution.js';
import { interrupt } from '../../../src/domain/interrupt.js';
import { session } from '../../../src/domain/session.js';
import { task } from '../../../src/domain/task.js';
import { webhook } from '../../../src/domain/webhook.js';
import { worker } from '../../../src/domain/worker.js';
import type { EventStore } from '../../../src/eventstore/event-store.js';
import type { Streams } from '../../../src/eventstore/lineage.js';
import { executionLives, pipelineLives, sessionLives } from '../../support/random-commands.js';
import { interruptLives } from '../../support/random-interrupts.js';
import { taskLives } from '../../support/random-tasks.js';
import { webhookLives } from '../../support/random-webhooks.js';
import { workerLives } from '../../support/random-workers.js';
import { admin, request } from '../../support/requests.js';

type Stores = Readonly<{ store: EventStore; streams: Streams }>;

/**
 * One random life of each category. Where there are forks, also one from its middle with the rest of
 * another life, and one of that in turn; the session's is deleted for good.
 *
 * @param seed the same lives for the same seed, under other ids
 */
export const randomTraffic = async ({ store, streams }: Stores, seed: number): Promise<void> => {
  const livingOn = living(streams, seed);
  const [gone] = await Promise.all([
    livingOn(session, sessionLives).forked(),
    livingOn(execution, executionLives).forked(),
    livingOn(execution, pipelineLives).forked(),
    livingOn(interrupt, interruptLives).forked(),
    livingOn(task, taskLives).forked(),
    livingOn(worker, workerLives).alone(),
    livingOn(webhook, webhookLives).alone(),
  ]);
  await store.tombstone(`session-${gone}`);
};

const living =
  (streams: Streams, seed: number) =>
  <Command, State extends object, Event extends Fact, Reason>(
    decider: Decider<Command, State, Event, Reason>,
    lives: fc.Arbitrary<readonly Command[]>,
  ) => {
    const handle = commandHandler(streams, decider);
    const [first = [], second = []] = fc.sample(lives, { seed, numRuns: 2 });
    const asked = () => request({ caller: admin });

    /** What the life so far does not allow is turned down, and changes nothing. */
    const carryOut = async (id: string, commands: readonly Command[]): Promise<number> => {
      let head = 0;
      for (const command of commands) {
        const outcome = await handle(id, [command], asked());
        if (!isRejection(outcome)) head = outcome.revision;
      }
      return head;
    };
    const fork = async (of: string, at: number): Promise<string> => {
      const id = newId();
      const outcome = await forkStream(streams, decider, { of, at, id }, asked());
      if (isRejection(outcome)) throw new Error(String(outcome.rejected));
      return id;
    };

    return {
      alone: () => carryOut(newId(), first),
      /** @returns the id of the fork of the fork */
      forked: async (): Promise<string> => {
        const id = newId();
        const middle = Math.floor((await carryOut(id, first)) / 2);
        const one = await fork(id, middle);
        await carryOut(one, second.slice(1));
        const two = await fork(one, middle + 1);
        await carryOut(two, first.slice(1));
        return two;
      },
    };
  };
