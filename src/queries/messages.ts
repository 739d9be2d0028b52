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
 * the ancestors' rows; what the fork changed of them is laid over. Cost: the page, and one query
 * more for each stretch it touches, whatever the length of the session.
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
  const rows: PlacedRow[] = [];
  let after = cursor === undefined ? -1 : Number(fromCursor(cursor, ['number'])[0]);

  for (const [index, stretch] of stretches.entries()) {
    const overlays = stretches.slice(index + 1);
    while (after < stretch.high && rows.length <= limit) {
      const wanted = limit + 1 - rows.length;
      const posted = await postedIn(collections, stretch, after, wanted, includeDeleted);
      rows.push(...(await laidOver(collections, posted, overlays, includeDeleted)));
      after = posted.at(-1)?.seq ?? after;
      if (posted.length < wanted) break;
    }
  }
  return toPage(
    rows,
    limit,
    ({ seq }) => [seq],
    (row) => viewOf(row, stream),
  );
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

/** Lays over inherited rows what the streams that inherit them changed. */
const laidOver = async (
  { messages }: Collections,
  rows: readonly PlacedRow[],
  overlays: readonly Stretch[],
  includeDeleted: boolean,
): Promise<readonly PlacedRow[]> => {
  if (rows.length === 0 || overlays.length === 0) return rows;
  const ids = rows.map(({ messageId }) => messageId);
  const found = await Promise.all(
    overlays.map(({ stream, high }) =>
      messages.find({ key: { $in: keysIn(stream, ids) }, ...trueAt(high) }).toArray(),
    ),
  );
  const changed = new Map(rows.map((row) => [row.messageId, row]));
  for (const { stream: _, ...change } of found.flat()) {
    const below = changed.get(change.messageId);
    // A change of an inherited message has no seq of its own to put in the place of the message's.
    if (below) changed.set(change.messageId, { ...below, ...change } as PlacedRow);
  }
  return [...changed.values()].filter(({ deleted }) => includeDeleted || !deleted);
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
