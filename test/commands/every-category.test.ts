import { deepStrictEqual } from 'node:assert/strict';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { v4 as newId } from 'uuid';
import { commandHandler } from '../../src/commands/handle.js';
import { type Decider, type Fact, isRejection } from '../../src/domain/decider.js';
import { execution } from '../../src/domain/execution.js';
import { interrupt } from '../../src/domain/interrupt.js';
import { session } from '../../src/domain/session.js';
import { task } from '../../src/domain/task.js';
import { webhook } from '../../src/domain/webhook.js';
import { worker } from '../../src/domain/worker.js';
import { fold } from '../../src/eventstore/fold.js';
import { withLineage } from '../../src/eventstore/lineage.js';
import { carryOut } from '../support/carry-out.js';
import { openStore, type TestStore } from '../support/event-stores.js';
import { faulty } from '../support/faulty-store.js';
import { all } from '../support/new-events.js';
import { executionLives, sessionLives } from '../support/random-commands.js';
import { interruptLives } from '../support/random-interrupts.js';
import { taskLives } from '../support/random-tasks.js';
import { webhookLives } from '../support/random-webhooks.js';
import { workerLives } from '../support/random-workers.js';
import { admin, request } from '../support/requests.js';
import { untilAnswered } from '../support/until.js';

let opened: TestStore;
beforeAll(async () => {
  opened = await openStore();
});
afterAll(() => opened.stop());

const proofOf = <Command, State extends object, Event extends Fact, Reason>(
  decider: Decider<Command, State, Event, Reason>,
  lives: fc.Arbitrary<readonly Command[]>,
) => ({
  category: decider.category,

  /** Each command is repeated until it is answered, on a store that may have carried it out and not said so. */
  hasOneEffect: () =>
    fc.assert(
      fc.asyncProperty(lives, fc.integer(), async (commands, seed) => {
        const handle = commandHandler(withLineage(faulty(opened.store, seed, 0.5)), decider);
        const id = newId();
        for (const command of commands) {
          const asked = request({ caller: admin });
          await untilAnswered(() => handle(id, [command], asked));
        }
        const stored = await all(opened.store.read(`${decider.category}-${id}`));
        expect(stored.map(({ type, data }) => ({ type, data }))).toEqual(
          carryOut(decider, commands).flatMap(({ events }) => events),
        );
      }),
      { numRuns: 10 },
    ),

  /** The state a handler goes on from is that of the stored events, after each command. */
  keepsWhatIsStored: () =>
    fc.assert(
      fc.asyncProperty(lives, async (commands) => {
        const streams = withLineage(opened.store);
        const handle = commandHandler(streams, decider);
        const id = newId();
        for (const command of commands) {
          const outcome = await handle(id, [command], request({ caller: admin }));
          if (isRejection(outcome)) continue;
          const { state } = await fold(streams, decider, `${decider.category}-${id}`);
          deepStrictEqual(plain(outcome.state), plain(state));
        }
      }),
      { numRuns: 5 },
    ),
});

/** As JSON: an event comes back from the store without what JSON leaves out. */
const plain = (state: unknown): unknown => JSON.parse(JSON.stringify(state));

const proofs = [
  proofOf(session, sessionLives),
  proofOf(execution, executionLives),
  proofOf(interrupt, interruptLives),
  proofOf(task, taskLives),
  proofOf(worker, workerLives),
  proofOf(webhook, webhookLives),
];

describe('commands of any life of', () => {
  it.each(proofs)(
    'a $category have one effect each on a store that loses appends and answers',
    ({ hasOneEffect }) => hasOneEffect(),
  );

  it.each(proofs)(
    'a $category leave the handler with the state that folding the stored events gives',
    ({ keepsWhatIsStored }) => keepsWhatIsStored(),
  );
});
