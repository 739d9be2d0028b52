import type { Caller } from '../commands/request.js';
import type { InterruptKind, InterruptStatus } from '../domain/interrupt.js';
import type { Collections, InterruptRecord } from './collections.js';
import { olderThan } from './newest-first.js';
import { type Page, toPage } from './page.js';
import { seenBy, visibleTo } from './visible.js';

type Hidden = '_id' | 'position' | 'stream' | 'ancestors' | 'createdPosition' | 'settledPosition';

export type InterruptView = Omit<InterruptRecord, Hidden>;

export type InterruptListOptions = Readonly<{
  status?: InterruptStatus;
  kind?: InterruptKind;
  sessionId?: string;
  requestId?: string;
  executionId?: string;
  cursor?: string;
  limit: number;
}>;

/** Finds an interrupt that the caller may see; undefined when there is none of that id. */
export const findInterrupt = async (
  { interrupts, byId }: Collections,
  caller: Caller,
  id: string,
): Promise<InterruptView | undefined> => {
  const found = seenBy(caller, await byId(interrupts, `interrupt-${id}`));
  return found ? viewOf(found) : undefined;
};

/** The caller's interrupts, newest activity first. @throws BadCursor */
export const listInterrupts = async (
  { interrupts }: Collections,
  caller: Caller,
  { cursor, limit, ...filter }: InterruptListOptions,
): Promise<Page<InterruptView>> => {
  const read = await interrupts
    .find({ ...visibleTo(caller), ...filter, ...(cursor && olderThan(cursor)) })
    .sort({ updatedAt: -1, _id: -1 })
    .limit(limit + 1)
    .toArray();
  return toPage(read, limit, ({ updatedAt, _id }) => [updatedAt, _id], viewOf);
};

const viewOf = ({
  _id,
  position,
  stream,
  ancestors,
  createdPosition,
  settledPosition,
  ...view
}: InterruptRecord): InterruptView => view;
