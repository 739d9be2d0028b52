import type { Filter } from 'mongodb';
import type { Caller } from '../commands/request.js';
import type { SessionStatus } from '../domain/session.js';
import type { Collections, SessionRecord } from './collections.js';
import { olderThan } from './newest-first.js';
import { type Page, toPage } from './page.js';
import { seenBy, visibleTo } from './visible.js';

export type SessionView = Omit<SessionRecord, '_id' | 'position' | 'stream' | 'ancestors'>;

export type SessionListOptions = Readonly<{
  status?: SessionStatus;
  /** Text that the title contains, upper and lower case alike. */
  q?: string;
  includeArchived?: boolean;
  includeDeleted?: boolean;
  cursor?: string;
  limit: number;
}>;

/** Finds a session that the caller may see, also one that is deleted; undefined when there is none of that id. */
export const findSession = async (
  collections: Collections,
  caller: Caller,
  id: string,
): Promise<SessionView | undefined> => {
  const found = await findSessionRecord(collections, caller, id);
  return found ? viewOf(found) : undefined;
};

/** A session that the caller may see, as it is stored: with `ancestors`, if it is a fork. */
export const findSessionRecord = async (
  { sessions, byId }: Collections,
  caller: Caller,
  id: string,
): Promise<SessionRecord | undefined> => seenBy(caller, await byId(sessions, `session-${id}`));

/** The caller's sessions, newest activity first. @throws BadCursor */
export const listSessions = async (
  { sessions }: Collections,
  caller: Caller,
  { status, q, includeArchived, includeDeleted, cursor, limit }: SessionListOptions,
): Promise<Page<SessionView>> => {
  const filter: Filter<SessionRecord> = {
    ...visibleTo(caller),
    ...(status && { status }),
    ...(q && { title: { $regex: escaped(q), $options: 'i' } }),
    ...(!includeArchived && { archived: false }),
    ...(!includeDeleted && { deleted: false }),
    ...(cursor && olderThan(cursor)),
  };
  const read = await sessions
    .find(filter)
    .sort({ updatedAt: -1, _id: -1 })
    .limit(limit + 1)
    .toArray();
  return toPage(read, limit, ({ updatedAt, _id }) => [updatedAt, _id], viewOf);
};

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

const viewOf = ({ _id, position, stream, ancestors, ...view }: SessionRecord): SessionView => view;
