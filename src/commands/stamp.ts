import type { Decider, Fact } from '../domain/decider.js';
import { schemaVersion } from '../eventstore/codec.js';
import type { NewEvent } from '../eventstore/event-store.js';
import { eventId } from './event-id.js';
import type { CommandRequest } from './request.js';

/** Gives the events of one command their ids and metadata. `state` is the one they lead to. */
export const stamp = <State>(
  {
    ownerOf,
    correlationOf,
  }: Pick<Decider<never, State, Fact, unknown>, 'ownerOf' | 'correlationOf'>,
  id: string,
  state: State,
  events: readonly Fact[],
  { commandId, causationId = commandId, requestId, caller, traceparent, origin }: CommandRequest,
): readonly NewEvent[] => {
  const metadata = {
    $correlationId: correlationOf(state) ?? id,
    $causationId: causationId,
    commandId,
    userId: caller.userId,
    ownerId: ownerOf(state) ?? caller.userId,
    requestId,
    ...(traceparent !== undefined && { traceparent }),
    ...origin,
    ...(caller.keyId !== undefined && { keyId: caller.keyId }),
    schemaVersion,
  };
  return events.map(({ type, data }, index) => ({
    id: eventId(commandId, index),
    type,
    data,
    metadata,
  }));
};
