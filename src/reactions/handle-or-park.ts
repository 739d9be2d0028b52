import type { Logger } from 'pino';
import {
  archivedType,
  type StoredEvent,
  tombstoneType,
  unreadableType,
} from '../eventstore/event-store.js';
import type { ParkedOf } from '../projecting/parked.js';
import { type Lane, streamLane } from '../projecting/parked-documents.js';
import { isUnavailable } from '../projecting/unavailable.js';
import { concerns, lanesOf } from './handling.js';
import type { Reaction } from './reaction.js';
import { attempting, type Retries, waitingOut } from './retries.js';

type Options = Readonly<{
  reaction: Reaction;
  parked: ParkedOf;
  log: Logger;
  retries: Retries;
  /** Aborts when the event is no longer this node's. */
  signal: AbortSignal;
}>;

/**
 * Has an event handled, or parks it: after the attempts it is given, or at once behind an event of
 * its key that is parked. A store that is away is waited for, however long.
 *
 * @throws when the signal aborts: then the event is neither handled nor parked
 */
export const handleOrPark = async (event: StoredEvent, options: Options): Promise<void> => {
  const { reaction, parked, log, retries, signal } = options;
  // Copies tell nothing new.
  if (event.type === tombstoneType || event.type === archivedType) return;
  if (!concerns(reaction, event)) return;
  const about = { stream: event.stream, position: event.position, eventId: event.id };
  const onFailure = (error: unknown, attempt: number) =>
    log.warn({ ...about, err: error, attempt }, 'an event was not handled; it is tried again');
  /** What is written about parked events has to be written: nothing can be done without. */
  const surely = <Result>(action: () => Promise<Result>) =>
    waitingOut(action, () => true, onFailure, signal);
  const park = async (lane: Lane, error: unknown, attempts: number): Promise<void> => {
    const isParked = await surely(() => parked.hold(lane, event, { error, attempts }));
    if (isParked) log.error({ ...about, err: error, attempts }, 'an event is parked');
  };

  let lanes: readonly Lane[];
  try {
    lanes = lanesOf(reaction, event);
  } catch (error) {
    return park(streamLane(event.stream), error, 1);
  }
  for (;;) {
    const held = await surely(() => parked.heldOf(lanes));
    if (held === undefined) break;
    const free = await surely(() => parked.join(held, [event]));
    if (free.length === 0) return;
  }
  if (event.type === unreadableType)
    return park(streamLane(event.stream), (event.data as { reason: string }).reason, 1);
  try {
    await waitingOut(
      () => attempting(() => reaction.handle(event), retries, onFailure, signal),
      isUnavailable,
      onFailure,
      signal,
    );
  } catch (error) {
    if (signal.aborted) throw error;
    // The narrowest lane: as few others as can be wait for this one.
    await park(lanes.at(-1) ?? streamLane(event.stream), error, retries.attempts);
  }
};
