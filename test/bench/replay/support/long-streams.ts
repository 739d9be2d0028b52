import { decideAll } from '../../../../src/commands/decide-all.js';
import { stamp } from '../../../../src/commands/stamp.js';
import { type Decider, type Fact, isRejection } from '../../../../src/domain/decider.js';
import { type ExecutionCommand, execution } from '../../../../src/domain/execution.js';
import { type SessionCommand, session } from '../../../../src/domain/session.js';
import type { EventStore } from '../../../../src/eventstore/event-store.js';
import { idOf, partOf } from '../../core/support/traffic.js';

export type LongStream = Readonly<{
  category: 'session' | 'execution';
  id: string;
  stream: string;
  length: number;
  /** Of its last event. */
  position: number;
}>;

const caller = { userId: 'local', admin: true };
const eventsAtOnce = 4_000;

const commandAt = {
  session: (id: string, n: number): SessionCommand =>
    n === 0
      ? {
          ...{ type: 'CreateSession', userId: caller.userId, title: id, mode: 'interactive' },
          metadata: {},
        }
      : {
          ...{ type: 'PostMessage', messageId: partOf(id, n), content: `message-${n}` },
          ...{ role: n % 2 === 0 ? 'assistant' : 'user', metadata: {} },
        },
  execution: (id: string, n: number): ExecutionCommand =>
    n === 0
      ? { type: 'StartExecution', userId: caller.userId, input: {} }
      : {
          ...{ type: 'SaveCheckpoint', checkpointId: partOf(id, n), agent: 'planner' },
          ...{ stage: 'loop', stageOrder: 0, state: { n, note: `step-${n}` } },
        },
};

/** Writes a stream of so many events: those that deciders decide, appended thousands at a time. */
export const writeLong = (
  store: EventStore,
  category: LongStream['category'],
  length: number,
): Promise<LongStream> => {
  const id = idOf(`${category} of ${length}`);
  const at = { id, stream: `${category}-${id}`, length };
  return category === 'session'
    ? write(store, session, { ...at, category, commandAt: commandAt.session })
    : write(store, execution, { ...at, category, commandAt: commandAt.execution });
};

type Wanted<Command> = Omit<LongStream, 'position'> &
  Readonly<{ commandAt: (id: string, n: number) => Command }>;

const write = async <Command, State, Event extends Fact, Reason>(
  store: EventStore,
  decider: Decider<Command, State, Event, Reason>,
  { commandAt, ...long }: Wanted<Command>,
): Promise<LongStream> => {
  let { initial: state } = decider;
  let position = 0;
  for (let from = 0; from < long.length; from += eventsAtOnce) {
    const count = Math.min(eventsAtOnce, long.length - from);
    const commands = Array.from({ length: count }, (_, n) => commandAt(long.id, from + n));
    const decided = decideAll(decider, state, commands);
    if (isRejection(decided)) throw new Error(String(decided.rejected));
    ({ state } = decided);
    const commandId = partOf(long.id, from);
    const request = { commandId, requestId: 'bench', caller };
    const events = stamp(decider, long.id, state, decided.events, request);
    ({ position } = await store.append(long.stream, events, from === 0 ? 'none' : from - 1));
  }
  return { ...long, position };
};
