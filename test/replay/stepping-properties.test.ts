import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { v4 as newId } from 'uuid';
import { forkStream } from '../../src/commands/fork.js';
import { commandHandler } from '../../src/commands/handle.js';
import { type Decider, type Fact, isRejection } from '../../src/domain/decider.js';
import type { Category } from '../../src/domain/deciders.js';
import { applyDelta } from '../../src/domain/delta.js';
import { execution } from '../../src/domain/execution.js';
import { interrupt } from '../../src/domain/interrupt.js';
import type { JsonObject } from '../../src/domain/json.js';
import { session } from '../../src/domain/session.js';
import { task } from '../../src/domain/task.js';
import { fold } from '../../src/eventstore/fold.js';
import { compareStreams } from '../../src/replay/compare-streams.js';
import { stateView } from '../../src/replay/state-view.js';
import { type Step, stepsOf } from '../../src/replay/steps.js';
import { startTestStores, type TestStores } from '../projecting/support/stores.js';
import {
  editedSessions,
  executionLives,
  pipelineLives,
  sessionLives,
} from '../support/random-commands.js';
import { interruptLives } from '../support/random-interrupts.js';
import { taskLives } from '../support/random-tasks.js';
import { admin, request } from '../support/requests.js';
import { keptThrough, openSnapshots, type TestSnapshots } from './support/snapshots.js';

/** A snapshot comes after so many revisions: pages begin before, at and after one. */
const every = 8;
/** How many times as many lives are tried: FORKLINE_REPLAY_TIMES=10 for a run in full. */
const times = Number(process.env.FORKLINE_REPLAY_TIMES ?? 1);

let stores: TestStores;
let snapshots: TestSnapshots;
beforeAll(async () => {
  stores = await startTestStores();
  snapshots = await openSnapshots(stores.db, stores.streams, { every });
});
afterAll(async () => {
  await snapshots.keeper.stop();
  await stores.close();
});

/** A family of three: a stream, a fork of it, and a fork of that, each going its own way. */
type Family<Command> = Readonly<{
  lives: readonly (readonly Command[])[];
  /** Where the forks are forked, as shares of what they are forked from. */
  forkedAt: readonly number[];
  isKept: boolean;
  limit: number;
  from: number;
  to: number;
}>;

const share = fc.nat(100).map((percent) => percent / 100);
const families = <Command>(life: fc.Arbitrary<readonly Command[]>): fc.Arbitrary<Family<Command>> =>
  fc.record({
    lives: fc.array(life, { minLength: 3, maxLength: 3 }),
    forkedAt: fc.array(share, { minLength: 2, maxLength: 2 }),
    isKept: fc.boolean(),
    limit: fc.constantFrom(1, 2, 7, 8, 33, 100),
    from: share,
    to: share,
  });

const built = async <Command, State extends object, Event extends Fact, Reason>(
  decider: Decider<Command, State, Event, Reason>,
  { lives, forkedAt, isKept }: Family<Command>,
): Promise<readonly string[]> => {
  const handler = commandHandler(stores.streams, decider);
  const made: string[] = [];
  let id = newId();
  for (const [index, life] of lives.entries()) {
    const of = id;
    if (index > 0) {
      const { revision } = await fold(stores.streams, decider, `${decider.category}-${of}`);
      id = newId();
      const at = Math.floor((forkedAt[index - 1] ?? 0) * Number(revision));
      const forked = await forkStream(
        stores.streams,
        decider,
        { of, at, id },
        request({ caller: admin }),
      );
      if (isRejection(forked)) throw new Error(JSON.stringify(forked));
    }
    for (const command of life) await handler(id, [command], request({ caller: admin }));
    const stream = `${decider.category}-${id}`;
    const { revision } = await fold(stores.streams, decider, stream);
    if (isKept) await keptThrough(snapshots, stream, Number(revision));
    made.push(stream);
  }
  return made;
};

const shownAt = async <State extends object, Event extends Fact>(
  decider: Decider<never, State, Event, unknown>,
  stream: string,
  through: number,
): Promise<JsonObject> =>
  through < 0
    ? {}
    : JSON.parse(
        JSON.stringify(stateView((await fold(stores.streams, decider, stream, { through })).state)),
      );

const stepsLeadThere = async <State extends object, Event extends Fact>(
  decider: Decider<never, State, Event, unknown>,
  streams: readonly string[],
  share: Pick<Family<never>, 'from' | 'to' | 'limit'>,
): Promise<void> => {
  for (const stream of streams) {
    const head = Number((await fold(stores.streams, decider, stream)).revision);
    const from = Math.floor(share.from * head);
    const to = from + Math.floor(share.to * (head - from));
    const steps: Step[] = [];
    let state = await shownAt(decider, stream, from - 1);
    for (let next: number | undefined = from; next !== undefined; ) {
      const page = await stepsOf(
        { streams: stores.streams, snapshots },
        decider.category as Category,
        stream,
        { from: next, to, limit: share.limit },
      );
      expect(page.steps.length).toBeLessThanOrEqual(share.limit);
      for (const { changes } of page.steps) state = applyDelta(state, changes);
      steps.push(...page.steps);
      // At every border of pages, not only at the end.
      expect(state).toEqual(await shownAt(decider, stream, steps.at(-1)?.revision ?? -1));
      next = page.next;
    }
    expect(steps.map(({ revision }) => revision)).toEqual(
      Array.from({ length: to - from + 1 }, (_, n) => from + n),
    );
  }
};

const comparisonsLeadThere = async <State extends object, Event extends Fact>(
  decider: Decider<never, State, Event, unknown>,
  streams: readonly string[],
  share: Pick<Family<never>, 'from' | 'to'>,
): Promise<void> => {
  const placeIn = async (stream: string, share: number) => {
    const head = Number((await fold(stores.streams, decider, stream)).revision);
    return { stream, revision: Math.floor(share * head) };
  };
  for (const one of streams)
    for (const other of streams) {
      const a = await placeIn(one, share.from);
      const b = await placeIn(other, share.to);
      const category = decider.category as Category;
      const sources = { streams: stores.streams, snapshots };
      const found = await compareStreams(sources, category, a, b, 500);
      expect(found.truncated).toBe(false);
      expect(found.common).not.toBeNull();
      for (const { ownEvents, revision, events } of [found.a, found.b]) {
        expect(revision - ownEvents).toBe(found.common?.revision);
        expect(events).toHaveLength(ownEvents);
      }
      const before = await shownAt(decider, one, a.revision);
      const after = await shownAt(decider, other, b.revision);
      expect(applyDelta(before, found.changes)).toEqual(after);
    }
};

const propertiesOf = <Command, State extends object, Event extends Fact, Reason>(
  decider: Decider<Command, State, Event, Reason>,
  life: fc.Arbitrary<readonly Command[]>,
) =>
  fc.asyncProperty(families(life), async (family) => {
    const streams = await built(decider, family);
    await stepsLeadThere(decider, streams, family);
    await comparisonsLeadThere(decider, streams, family);
  }) as fc.IAsyncProperty<unknown>;

describe('the changes of steps, and between streams, lead from state to state', () => {
  it.each([
    { what: 'sessions', property: propertiesOf(session, sessionLives) },
    { what: 'sessions edited much', property: propertiesOf(session, editedSessions.life) },
    { what: 'executions', property: propertiesOf(execution, executionLives), numRuns: 2 },
    { what: 'pipelines', property: propertiesOf(execution, pipelineLives) },
    { what: 'tasks', property: propertiesOf(task, taskLives) },
    { what: 'interrupts', property: propertiesOf(interrupt, interruptLives) },
  ])(
    'in $what and their forks',
    async ({ property, numRuns = 3 }) => {
      await fc.assert(property, { numRuns: numRuns * times, interruptAfterTimeLimit: 100_000 });
    },
    120_000,
  );
});
