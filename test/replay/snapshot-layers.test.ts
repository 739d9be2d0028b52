import { deepStrictEqual } from 'node:assert';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { v4 as newId } from 'uuid';
import { decideAll } from '../../src/commands/decide-all.js';
import { forkStream } from '../../src/commands/fork.js';
import { stamp } from '../../src/commands/stamp.js';
import { type Decider, type Fact, isRejection } from '../../src/domain/decider.js';
import { execution } from '../../src/domain/execution.js';
import { session } from '../../src/domain/session.js';
import type { NewEvent } from '../../src/eventstore/event-store.js';
import { fold } from '../../src/eventstore/fold.js';
import { lastSnapshotAt } from '../../src/eventstore/snapshots.js';
import { snapshotCollection } from '../../src/projecting/snapshot-store.js';
import { startTestStores, type TestStores } from '../projecting/support/stores.js';
import { all } from '../support/new-events.js';
import {
  editedSessions,
  executionCommands,
  executionLives,
  sessionCommands,
} from '../support/random-commands.js';
import { admin, request } from '../support/requests.js';
import { keptThrough, openSnapshots, type TestSnapshots } from './support/snapshots.js';

const runs = Number(process.env.FORKLINE_LAYER_RUNS ?? 3);

let stores: TestStores;
beforeAll(async () => {
  stores = await startTestStores();
});
afterAll(() => stores.close());

/** Forked at a share of the stream before it, and then some more. */
type Fork<Command> = Readonly<{ at: number; commands: readonly Command[] }>;

/** The events of a stream: those a life begins with, and those of forks of forks. */
type Line<Command> = Readonly<{ life: readonly Command[]; forks: readonly Fork<Command>[] }>;

const lines = <Command>(
  life: fc.Arbitrary<readonly Command[]>,
  command: fc.Arbitrary<Command>,
): fc.Arbitrary<Line<Command>> =>
  fc.record({
    life: fc
      .tuple(life, fc.array(command, { minLength: 20, maxLength: 80, size: 'max' }))
      .map(([begin, others]) => [...begin, ...others]),
    forks: fc.array(
      fc.record({
        at: fc.nat(100).map((percent) => percent / 100),
        commands: fc.array(command, { minLength: 10, maxLength: 40, size: 'max' }),
      }),
      { maxLength: 2 },
    ),
  });

/** Appends what commands decide, those that are not turned down, all at once. */
const carryOut = async <Command, State, Event extends Fact, Reason>(
  decider: Decider<Command, State, Event, Reason>,
  id: string,
  commands: readonly Command[],
): Promise<number> => {
  const stream = `${decider.category}-${id}`;
  let { state, revision, base } = await fold(stores.streams, decider, stream);
  const events: NewEvent[] = [];
  for (const command of commands) {
    const decided = decideAll(decider, state, [command]);
    if (isRejection(decided)) continue;
    state = decided.state;
    events.push(...stamp(decider, id, state, decided.events, request({ caller: admin })));
  }
  const appended = await stores.streams.append(stream, events, revision, base);
  return appended.revision;
};

/** But for what tells two makings apart. */
const piecesOf = (name: string, kind: Parameters<typeof snapshotCollection>[0]) =>
  stores
    .database(name)
    .collection(snapshotCollection(kind))
    .find({}, { projection: { making: 0, digest: 0 } })
    .sort({ _id: 1 })
    .toArray();

/** Of how many layers there was more than one to make at once. */
let madeTogether = 0;

const areTheSame = async <Command, State extends object, Event extends Fact, Reason>(
  decider: Decider<Command, State, Event, Reason>,
  { life, forks }: Line<Command>,
  every: number,
): Promise<void> => {
  const names = { together: newId(), alone: newId(), passing: newId() };
  const open = (name: string) => openSnapshots(stores.database(name), stores.streams, { every });
  const [together, alone, passing] = await Promise.all([
    open(names.together),
    open(names.alone),
    open(names.passing),
  ] as const);
  let id = newId();
  let through = await carryOut(decider, id, life);
  for (const { at, commands } of forks) {
    const fork = { of: id, at: Math.floor(at * through), id: newId() };
    id = fork.id;
    await forkStream(stores.streams, decider, fork, request({ caller: admin }));
    through = await carryOut(decider, id, commands);
  }
  const stream = `${decider.category}-${id}`;
  await keptThrough(together, stream, through);
  const last = lastSnapshotAt(through, every);
  for (let at = every - 1; at <= last; at += every) await keptThrough(alone, stream, at);

  const kind = { category: decider.category, version: decider.snapshots?.version ?? 0 };
  const expected = await piecesOf(names.alone, kind);
  deepStrictEqual(await piecesOf(names.together, kind), expected);
  // As they are made when the events come by a few at a time, here and there of more than one stream.
  const events = await all(stores.streams.read(stream));
  for (let from = 0; from < events.length; from += 7) {
    await passing.keeper.follow(events.slice(from, from + 7));
    if (from % 3 === 0) await passing.keeper.settled();
  }
  await passing.keeper.settled();
  deepStrictEqual(await piecesOf(names.passing, kind), expected);
  madeTogether += Math.max(0, expected.filter(({ part }) => part === 'head').length - 1);
  await Promise.all([together, alone, passing].map(({ keeper }: TestSnapshots) => keeper.stop()));
};

const distance = fc.constantFrom(1, 2, 3, 5, 13);

const cases = [
  {
    what: 'sessions of random commands',
    property: fc.asyncProperty(
      lines(editedSessions.life, sessionCommands),
      distance,
      (line, every) => areTheSame(session, line, every),
    ),
  },
  {
    what: 'sessions with messages edited time and again',
    property: fc.asyncProperty(
      lines(editedSessions.life, editedSessions.command),
      distance,
      (line, every) => areTheSame(session, line, every),
    ),
  },
  {
    what: 'executions',
    property: fc.asyncProperty(lines(executionLives, executionCommands), distance, (line, every) =>
      areTheSame(execution, line, every),
    ),
  },
];

it.each(cases)(
  'layers of $what and of forks are the same made together, alone and as events come by',
  async ({ property }) => {
    await fc.assert(property as fc.IAsyncProperty<unknown>, { numRuns: runs, endOnFailure: true });
  },
);

// Of lives that end early there may be one layer only; of all of these, not.
it('makes some of these together', () => expect(madeTogether).toBeGreaterThan(8));
