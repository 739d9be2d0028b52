import { type Decider, type Fact, isRejection } from '../domain/decider.js';
import { StoreUnavailable } from '../eventstore/event-store.js';
import type { Placed, Streams } from '../eventstore/lineage.js';
import { type Decided, decideAll } from './decide-all.js';
import { type CommandRequest, maySee, type Outcome } from './request.js';

/**
 * Commands of another request that are to be carried out upon what a command adds, in the same append:
 * both are stored or neither. They are decided where the command adds something, and are left out
 * where they are turned down or add nothing themselves.
 */
export type FollowUp<Command, State> = Readonly<{
  commands: readonly Command[];
  request: CommandRequest;
  /** Told what came of them once it is stored; not called when they were left out. */
  done(outcome: Outcome & Readonly<{ state: State }>): void;
}>;

/**
 * What a follow-up adds.
 *
 * @param state the one that it finds
 * @returns undefined when it is to be left out
 */
export const decideFollowUp = <Command, State, Event extends Fact, Reason>(
  decider: Decider<Command, State, Event, Reason>,
  { commands, request }: FollowUp<Command, State>,
  state: State,
): Decided<State, Event> | undefined => {
  if (!maySee(request.caller, decider.ownerOf(state))) return undefined;
  const decided = decideAll(decider, state, commands);
  return isRejection(decided) || decided.events.length === 0 ? undefined : decided;
};

/**
 * The place of an event of an append, so many before its last one.
 *
 * @throws what the event store throws that is asked for it, where it has not said so with the append
 */
export const placeBefore = async (
  streams: Pick<Streams, 'read'>,
  stream: string,
  last: Placed,
  count: number,
): Promise<Pick<Outcome, 'revision' | 'position'>> => {
  const revision = last.revision - count;
  if (count === 0 || last.isGapless) return { revision, position: last.position - count };
  for await (const { position } of streams.read(stream, { from: revision, limit: 1 }))
    return { revision, position };
  throw new StoreUnavailable(`${stream} does not have yet what was appended to it`);
};
