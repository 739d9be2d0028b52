import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { v4 as newId } from 'uuid';
import { decideAll } from '../../src/commands/decide-all.js';
import { forkStream } from '../../src/commands/fork.js';
import { commandHandler } from '../../src/commands/handle.js';
import { type Decider, type Fact, isRejection } from '../../src/domain/decider.js';
import { execution } from '../../src/domain/execution.js';
import { session } from '../../src/domain/session.js';
import { fold } from '../../src/eventstore/fold.js';
import { keysOf } from '../../src/eventstore/load.js';
import { startTestStores, type TestStores } from '../projecting/support/stores.js';
import {
  editedSessions,
  executionCommands,
  executionLives,
  sessionCommands,
  sessionLives,
} from '../support/random-commands.js';
import { admin, request } from '../support/requests.js';
import {
  expectLoadedAsFolded,
  expectPartOf,
  keptThrough,
  openSnapshots,
} from './support/snapshots.js';

/** How many times as many lives are tried: FORKLINE_REPLAY_TIMES=10 for a run in full. */
const times = Number(process.env.FORKLINE_REPLAY_TIMES ?? 1);

let stores: TestStores;
beforeAll(async () => {
  stores = await startTestStores();
});
afterAll(() => stores.close());

/** Something done to one of the streams there are: a command, or a fork with amendments. */
type Step<Command> = Readonly<{
  stream: number;
  commands: readonly Command[];
  /** Where to fork, as a share of the stream. */
  forkAt?: number;
  /** Which of the handlers carries it out: each remembers what it has seen. */
  node: number;
  /** Whether that handler has lost its memory before. */
  isCold: boolean;
  /** Whether snapshots are made after it. */
  isKept: boolean;
  /** A revision to look at, as a share of the stream. */
  lookAt: number;
}>;

/** Of 1, evenly spread. */
const share = fc.nat(100).map((percent) => percent / 100);

const steps = <Command>(command: fc.Arbitrary<Command>): fc.Arbitrary<readonly Step<Command>[]> =>
  fc.array(
    fc.record(
      {
        stream: fc.nat(3),
        commands: fc.array(command, { minLength: 1, maxLength: 3 }),
        forkAt: share,
        node: fc.nat(1),
        isCold: fc.boolean(),
        isKept: fc.boolean(),
        lookAt: share,
      },
      { requiredKeys: ['stream', 'commands', 'node', 'isCold', 'isKept', 'lookAt'] },
    ),
    { minLength: 10, maxLength: 25, size: 'max' },
  );

/** How often a state came from a snapshot: without any, all this would prove nothing. */
let fromSnapshots = 0;

const everyStepLeavesItSo = async <Command, State extends object, Event extends Fact, Reason>(
  decider: Decider<Command, State, Event, Reason>,
  life: readonly Command[],
  later: readonly Step<Command>[],
  every: number,
  keys: readonly string[],
): Promise<void> => {
  const { streams } = stores;
  const db = stores.database(`every-${every}`);
  const snapshots = await openSnapshots(db, streams, { every });
  const sources = { streams, snapshots };
  let asked: Command | undefined;
  let given: State | undefined;
  const watched = {
    ...decider,
    decide: (command: Command, state: State) => {
      // Decided again after a lost race, what counts is the last time.
      if (command === asked) given = state;
      return decider.decide(command, state);
    },
  };
  const node = () => commandHandler(streams, watched, { snapshots });
  const nodes = [node(), node()];
  const ids = [newId()];
  const nameOf = (id: string) => `${decider.category}-${id}`;

  const carryOut = async (id: string, commands: readonly Command[], node: number) => {
    const { state } = await fold(streams, decider, nameOf(id));
    const expected = decideAll(decider, state, commands);
    asked = commands[0];
    given = undefined;
    const outcome = await nodes[node]!(id, commands, request({ caller: admin }));
    if (given) expectPartOf(decider, given, state, keysOf(decider, commands));
    expect(isRejection(outcome) ? outcome : outcome.added).toEqual(
      isRejection(expected) ? expected : expected.events.length,
    );
  };

  const forkAt = async (of: string, share: number, amendments: readonly Command[]) => {
    const { revision } = await fold(streams, decider, nameOf(of));
    const at = Math.floor(share * Number(revision));
    const { state } = await fold(streams, decider, nameOf(of), { through: at });
    const id = newId();
    const fork = { of, at, id, amendments };
    const outcome = await forkStream(streams, decider, fork, request({ caller: admin }), snapshots);
    const forked = {
      type: 'StreamForked',
      data: { ancestry: [{ stream: nameOf(of), through: at }], scope: 'stream' },
    } as unknown as Event;
    const expected = decideAll(decider, decider.evolve(state, forked), amendments);
    expect(isRejection(outcome) ? outcome : outcome.added - 1).toEqual(
      isRejection(expected) ? expected : expected.events.length,
    );
    if (!isRejection(outcome)) ids.push(id);
  };

  const look = async (id: string, { isKept, lookAt }: Pick<Step<Command>, 'isKept' | 'lookAt'>) => {
    const stream = nameOf(id);
    const { revision } = await fold(streams, decider, stream);
    if (isKept) await keptThrough(snapshots, stream, Number(revision));
    const { outset } = await expectLoadedAsFolded(sources, decider, stream, { keys });
    if (outset) fromSnapshots += 1;
    const through = Math.floor(lookAt * Number(revision));
    await expectLoadedAsFolded(sources, decider, stream, { through, keys });
  };

  for (const [index, command] of life.entries()) {
    await carryOut(ids[0]!, [command], index % 7 === 6 ? 1 : 0);
    if (index % 5 === 4)
      await look(ids[0]!, { isKept: index % 10 === 9, lookAt: index / life.length });
  }
  for (const step of later) {
    const id = ids[step.stream % ids.length]!;
    if (step.isCold) nodes[step.node] = node();
    if (step.forkAt === undefined) await carryOut(id, step.commands, step.node);
    else await forkAt(id, step.forkAt, step.commands);
    await look(step.forkAt === undefined ? id : ids.at(-1)!, step);
  }
  await snapshots.keeper.stop();
};

type AnyProperty = fc.IAsyncProperty<unknown>;

const messageIds = ['m-1', 'm-2', 'm-3', 'm-4'];
const checkpointIds = Array.from({ length: 15 }, (_, n) => `c-${10 * n}`);
const distance = fc.constantFrom(1, 2, 3, 5, 8, 13);

const cases = [
  {
    what: 'session of random commands',
    property: fc.asyncProperty(
      sessionLives,
      steps(sessionCommands),
      distance,
      (life, later, every) => everyStepLeavesItSo(session, life, later, every, messageIds),
    ) as AnyProperty,
  },
  {
    what: 'session with messages edited time and again',
    property: fc.asyncProperty(
      editedSessions.life,
      steps(editedSessions.command),
      distance,
      (life, later, every) => everyStepLeavesItSo(session, life, later, every, messageIds),
    ) as AnyProperty,
    numRuns: 4,
  },
  {
    what: 'execution',
    property: fc.asyncProperty(
      executionLives,
      steps(executionCommands),
      distance,
      (life, later, every) => everyStepLeavesItSo(execution, life, later, every, checkpointIds),
    ) as AnyProperty,
  },
];

it.each(cases)(
  'loads every $what as it is folded, at every revision, and decides by nothing else',
  async ({ property, numRuns = 2 }) => {
    await fc.assert(property, {
      numRuns: numRuns * times,
      interruptAfterTimeLimit: 60_000,
      endOnFailure: true,
    });
  },
  240_000,
);

// Of a few random lives of one kind, all may be too short for a snapshot; of all kinds, not.
it('loads some of all these from snapshots', () => expect(fromSnapshots).toBeGreaterThan(0));
