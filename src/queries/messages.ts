import { messageKey } from '../../projections/messages.js';
import type { Collections, MessageRow } from './collections.js';
import { fromCursor, type Page, toPage } from './page.js';
import {
  ancestryOf,
  anyOf,
  inQueries,
  originIn,
  postedAlong,
  type Stretch,
  stretchesOf,
  trueAt,
} from './segments.js';

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
 * for every fifty stretches, whatever the length of the session.
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
  const next = reader(collections, stretches, after, includeDeleted);
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

/** Reads on along the stretches: gives the next rows, fewer than asked for once there are no more. */
const reader = (
  { messages }: Collections,
  stretches: readonly Stretch[],
  start: number,
  includeDeleted: boolean,
): ((wanted: number) => Promise<readonly PlacedRow[]>) => {
  let after = start;
  let groups = inQueries(stretches.filter(({ high }) => high > start));
  return async (wanted) => {
    const posted: PlacedRow[] = [];
    for (let [group] = groups; group && posted.length < wanted; [group] = groups) {
      const left = wanted - posted.length;
      const rows = await messages
        .find({ ...(!includeDeleted && { deleted: false }), ...postedAlong(group, after) })
        .sort({ seq: 1, from: 1 })
        .limit(left)
        .toArray();
      // The range over seq leaves no row without it.
      posted.push(...(rows as PlacedRow[]));
      after = posted.at(-1)?.seq ?? after;
      if (rows.length < left) groups = groups.slice(1);
    }
    return posted;
  };
};

/** Lays over inherited rows what the stretches that inherit them changed. */
const laidOver = async (
  { messages }: Collections,
  posted: readonly PlacedRow[],
  stretches: readonly Stretch[],
): Promise<readonly PlacedRow[]> => {
  const oldest = posted[0]?.seq ?? Number.POSITIVE_INFINITY;
  const inheriting = stretches.filter(({ low }) => oldest < low);
  const found = await Promise.all(
    inQueries(inheriting).map((group) => changesIn(messages, group, posted)),
  );
  const order = new Map(inheriting.map(({ stream }, place) => [stream, place]));
  const placeOf = ({ stream }: MessageRow) => order.get(stream) ?? 0;
  const changes = found.flat().sort((a, b) => placeOf(a) - placeOf(b));
  const changed = new Map(posted.map((row) => [row.messageId, row]));
  for (const { stream: _, ...change } of changes) {
    const below = changed.get(change.messageId);
    // A change of an inherited message has no seq of its own to put in the place of the message's.
    if (below) changed.set(change.messageId, { ...below, ...change } as PlacedRow);
  }
  return [...changed.values()];
};

/** How many changes of inherited messages are read to find those of a page among them. */
const mostChanges = 100;

/**
 * What a few stretches changed of messages that they inherit: of those given, and maybe of others. Most
 * change little, which is found at once under no `seq`; where it is more, each message is looked for.
 */
const changesIn = async (
  messages: Collections['messages'],
  stretches: readonly Stretch[],
  inherited: readonly PlacedRow[],
): Promise<readonly MessageRow[]> => {
  const all = stretches.map(({ stream, high }) => ({
    stream,
    seq: { $exists: false },
    ...trueAt(high),
  }));
  const few = await messages
    .find(anyOf(all))
    .limit(mostChanges + 1)
    .toArray();
  if (few.length <= mostChanges) return few;
  const ids = inherited.map(({ messageId }) => messageId);
  const each = stretches.map(({ stream, high }) => ({
    key: { $in: keysIn(stream, ids) },
    seq: { $exists: false },
    ...trueAt(high),
  }));
  return messages.find(anyOf(each)).toArray();
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
