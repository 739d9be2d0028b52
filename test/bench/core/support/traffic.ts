import { v5, v7 } from 'uuid';
import { decideAll } from '../../../../src/commands/decide-all.js';
import { stamp } from '../../../../src/commands/stamp.js';
import { type Decider, type Fact, isRejection } from '../../../../src/domain/decider.js';
import { type ExecutionCommand, execution } from '../../../../src/domain/execution.js';
import { type SessionCommand, session } from '../../../../src/domain/session.js';
import type { Streams } from '../../../../src/eventstore/lineage.js';

const caller = { userId: 'ann', admin: false };
const namespace = '6f1c9a0e-6c55-4d4e-9c43-0f3d3b1f8a11';

const began = Date.UTC(2026, 0, 1);

/**
 * A UUID of version 7, as Forkline and its client make them, that is the same in every run.
 *
 * @param seconds how long after everything began it is made: those made later are greater, which indexes like
 */
export const idOf = (name: string, seconds = 0): string =>
  v7({ msecs: began + seconds * 1_000, random: v5(name, namespace, new Uint8Array(16)) });

/** The id of what is made so many seconds after something, and belongs to it. */
export const partOf = (id: string, seconds: number): string => {
  const msecs = Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
  return idOf(`${id}/${seconds}`, (msecs - began) / 1_000 + seconds);
};

const words =
  'the agent read its plan and asked for the result of a search before it wrote the answer'.split(
    ' ',
  );

/** About 200 letters, different for every number. */
export const textOf = (number: number): string =>
  Array.from({ length: 36 }, (_, i) => words[(number * 7 + i * (number % 5)) % words.length]).join(
    ' ',
  );

/**
 * Decides commands on one new stream and appends the events, so many at a time, as fast as the store
 * takes them: what command handlers write, without waiting for each.
 */
const write = async <Command, State, Event extends Fact, Reason>(
  streams: Streams,
  decider: Decider<Command, State, Event, Reason>,
  id: string,
  commands: readonly Command[],
  eventsAtOnce: number,
): Promise<void> => {
  const decided = decideAll(decider, decider.initial, commands);
  if (isRejection(decided)) throw new Error(String(decided.rejected));
  for (let start = 0; start < decided.events.length; start += eventsAtOnce) {
    const commandId = partOf(id, start);
    const part = decided.events.slice(start, start + eventsAtOnce);
    const events = stamp(decider, id, decided.state, part, {
      ...{ commandId, requestId: commandId, caller },
    });
    const expected = start === 0 ? 'none' : start - 1;
    await streams.append(`${decider.category}-${id}`, events, expected, 0);
  }
};

const sideBySide = 16;

const inParallel = async <Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
): Promise<void> => {
  const left = [...items];
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: sideBySide }, worker));
};

/** The ids of streams of so many events that are written side by side, each event a second after the one before. */
const idsOf = (prefix: string, count: number, events: number): readonly string[] =>
  Array.from({ length: count }, (_, n) =>
    idOf(`${prefix}-${n}`, Math.floor(n / sideBySide) * events),
  );

/** Writes a session of so many messages, one event more. */
export const writeSession = (
  streams: Streams,
  id: string,
  messages: number,
  eventsAtOnce = 5,
): Promise<void> => {
  const create: SessionCommand = {
    ...{ type: 'CreateSession', userId: 'ann', title: `Session ${id}`, mode: 'interactive' },
    metadata: {},
  };
  const posts = Array.from(
    { length: messages },
    (_, index): SessionCommand => ({
      type: 'PostMessage',
      messageId: partOf(id, index),
      role: index % 2 === 0 ? 'user' : 'assistant',
      content: textOf(index),
      metadata: {},
    }),
  );
  return write(streams, session, id, [create, ...posts], eventsAtOnce);
};

/** Writes sessions side by side, so that their events lie mixed in the log. */
export const writeSessions = (
  streams: Streams,
  prefix: string,
  count: number,
  messages: number,
): Promise<void> =>
  inParallel(idsOf(prefix, count, messages + 1), (id) => writeSession(streams, id, messages));

/** Writes executions side by side. Each saves a state of some kilobytes that grows by one entry a checkpoint. */
export const writeExecutions = (
  streams: Streams,
  prefix: string,
  count: number,
  checkpoints: number,
): Promise<void> =>
  inParallel(idsOf(prefix, count, checkpoints + 1), (id) => {
    const plan = textOf(3).repeat(10);
    const start: ExecutionCommand = { type: 'StartExecution', userId: 'ann', input: { plan } };
    const saves = Array.from(
      { length: checkpoints },
      (_, index): ExecutionCommand => ({
        type: 'SaveCheckpoint',
        checkpointId: partOf(id, index),
        agent: 'planner',
        stage: `stage-${index % 4}`,
        stageOrder: index % 4,
        state: { plan, results: Array.from({ length: index }, (_, i) => textOf(i)) },
      }),
    );
    return write(streams, execution, id, [start, ...saves], 5);
  });
