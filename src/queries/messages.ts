import { messageKey } from '../../projections/messages.js';
import type { Collections, MessageRow } from './collections.js';
import { fromCursor, type Page, toPage } from './page.js';
import { ancestryOf, originIn, type Stretch, stretchesOf, trueAt } from './segments.js';

export type MessageView = Readonly<{
  id: string;
  role: PlacedRow['role'];
  content: PlacedRow['content'];
  name?: string;
  toolCalls?: NonNullable<MessageRow['toolCalls']>;
  toolCallId?: string;
  metadata: PlacedRow['metadata'];
  createdAt: string;
  editedAt?: string;
  deleted?: true;
  /** Revision of the event that posted it. */
  revision: number;
  /** Where it was posted, when that is another session that this one was forked from. */
  origin?: Readonly<{ stream: string; revision: number }>;
}>;

export type MessageListOptions = Readonly<{
  /** The revision as of which to list; the head by default. */
  at?: number;
  includeDeleted?: boolean;
  cursor?: string;
  limit: number;
  /** Whether the session is known not to be a fork: then what it descends from need not be looked up. */
  isOriginal?: boolean;
}>;

/** A row of where a message was posted: it has all of it. */
type PlacedRow = MessageRow &
  Readonly<Required<Pick<MessageRow, 'seq' | 'role' | 'content' | 'metadata' | 'createdAt'>>>;

/**
 * A session's messages as of a revision, oldest first. Inherited ones are read where they lie, in
 * the ancestors' rows; what the fork changed of them is laid over. Cost: the page, and two queries
 * at most for each stretch, whatever the length of the session.
 *
 * @throws BadCursor
 */
export const listMessages = async (
  collections: Collections,
  stream: string,
  { at, includeDeleted = false, cursor, limit, isOriginal = false }: MessageListOptions,
): Promise<Page<MessageView>> => {
  const ancestry = isOriginal ? [] : await ancestryOf(collections, stream);
  // Without knowing what a stream descends from, a part of its messages would pass for all of them.
  if (!ancestry) return { items: [], next: null };
  const stretches = stretchesOf(stream, ancestry, at);
  const after = cursor === undefined ? -1 : Number(fromCursor(cursor, ['number'])[0]);
  const next = postedAlong(collections, stretches, after, includeDeleted);
  const rows: PlacedRow[] = [];
  let isMore = true;
  while (isMore && rows.length <= limit) {
    const wanted = limit + 1 - rows.length;
    const posted = await next(wanted);
    const shown = await laidOver(collections, posted, stretches);
    rows.push(...shown.filter(({ deleted }) => includeDeleted || !deleted));
    isMore = posted.length === wanted;
  }
  return toPage(
    rows,
    limit,
    ({ seq }) => [seq],
    (row) => viewOf(row, stream),
  );
};

/** A row, and which of the stretches the message was posted in. */
type Posted = Readonly<{ row: PlacedRow; at: number }>;

/** Reads on along the stretches: gives the next rows, fewer than asked for once there are no more. */
const postedAlong = (
  collections: Collections,
  stretches: readonly Stretch[],
  start: number,
  includeDeleted: boolean,
): ((wanted: number) => Promise<readonly Posted[]>) => {
  let after = start;
  let at = 0;
  return async (wanted) => {
    const posted: Posted[] = [];
    for (let stretch = stretches[at]; stretch && posted.length < wanted; stretch = stretches[at]) {
      const left = wanted - posted.length;
      const rows =
        after < stretch.high
          ? await postedIn(collections, stretch, after, left, includeDeleted)
          : [];
      for (const row of rows) posted.push({ row, at });
      after = rows.at(-1)?.seq ?? after;
      if (rows.length < left) at += 1;
    }
    return posted;
  };
};

const postedIn = async (
  { messages }: Collections,
  { stream, low, high }: Stretch,
  after: number,
  limit: number,
  includeDeleted: boolean,
): Promise<readonly PlacedRow[]> => {
  const found = await messages
    .find({
      stream,
      seq: { $gte: Math.max(low, after + 1), ...(Number.isFinite(high) && { $lte: high }) },
      ...(!includeDeleted && { deleted: false }),
      ...trueAt(high),
    })
    .sort({ seq: 1, from: 1 })
    .limit(limit)
    .toArray();
  // The range over seq leaves no row without it.
  return found as PlacedRow[];
};

/** Lays over inherited rows what the stretches that inherit them changed: one query for each of those. */
const laidOver = async (
  { messages }: Collections,
  posted: readonly Posted[],
  stretches: readonly Stretch[],
): Promise<readonly PlacedRow[]> => {
  const found = await Promise.all(
    stretches.map(({ stream, high }, overlay) => {
      const ids = posted.filter(({ at }) => at < overlay).map(({ row }) => row.messageId);
      if (ids.length === 0) return [];
      return messages.find({ key: { $in: keysIn(stream, ids) }, ...trueAt(high) }).toArray();
    }),
  );
  const changed = new Map(posted.map(({ row }) => [row.messageId, row]));
  for (const { stream: _, ...change } of found.flat()) {
    const below = changed.get(change.messageId);
    // A change of an inherited message has no seq of its own to put in the place of the message's.
    if (below) changed.set(change.messageId, { ...below, ...change } as PlacedRow);
  }
  return [...changed.values()];
};

/** The keys that the rows of messages have in one stream, whether they were posted or only changed there. */
export const keysIn = (stream: string, messageIds: readonly string[]): string[] =>
  messageIds.map((messageId) => messageKey(stream, messageId));

const viewOf = (row: PlacedRow, stream: string): MessageView => ({
  id: row.messageId,
  role: row.role,
  content: row.content,
  ...(row.name !== undefined && { name: row.name }),
  ...(row.toolCalls !== undefined && { toolCalls: row.toolCalls }),
  ...(row.toolCallId !== undefined && { toolCallId: row.toolCallId }),
  metadata: row.metadata,
  createdAt: row.createdAt,
  ...(row.editedAt !== undefined && { editedAt: row.editedAt }),
  ...(row.deleted && { deleted: true }),
  revision: row.seq,
  ...originIn(row, stream),
});
