import type { Filter } from 'mongodb';
import type { Caller } from '../commands/request.js';
import { shownStream } from '../domain/archive.js';
import type { Collections, MessageRow } from './collections.js';
import { highlightsOf } from './highlights.js';
import { keysIn, type MessageView } from './messages.js';
import { fromCursor, type Page, toCursor } from './page.js';
import { ancestryOf, type Stretch, stretchesOf, trueAt } from './segments.js';
import { visibleTo } from './visible.js';

export type MessageHit = Readonly<{
  id: string;
  /** The session that the message was posted, or edited, in. */
  sessionId: string;
  role: MessageView['role'];
  createdAt: string;
  /** Larger is better; compares hits of one search only. */
  score: number;
  /** Pieces of the text around what was found, the words found marked with `<em>`; the rest is HTML-escaped. */
  highlights: readonly string[];
}>;

export type SearchOptions = Readonly<{
  /** Words; "a phrase"; -without. */
  q: string;
  /** Search this session only, as it stands: with what it inherits. */
  sessionId?: string;
  cursor?: string;
  limit: number;
}>;

type Found = MessageRow & Readonly<{ score: number }>;
/** With what only the row of where it was posted has. */
type Whole = Found & Readonly<Required<Pick<MessageRow, 'role' | 'createdAt'>>>;

/** How deep a search can be paged into. */
const deepest = 10_000;
const fewestRead = 50;

/**
 * Full-text search over the messages that a caller may see, best match first. Within a session it
 * searches what the session has, inherited messages included. Without one it finds each message once,
 * where it was written, and none of deleted sessions.
 *
 * @throws BadCursor
 */
export const searchMessages = async (
  collections: Collections,
  caller: Caller,
  { q, sessionId, cursor, limit }: SearchOptions,
): Promise<Page<MessageHit>> => {
  const stretches = sessionId === undefined ? undefined : await stretchesIn(collections, sessionId);
  const filter: Filter<MessageRow> = {
    $text: { $search: q },
    ...visibleTo(caller),
    deleted: false,
    ...(stretches
      ? { $or: stretches.map(({ stream, high }) => ({ stream, ...trueAt(high) })) }
      : { to: null }),
  };
  const hits: Readonly<{ row: Found; place: number }>[] = [];
  let place = cursor === undefined ? 0 : Number(fromCursor(cursor, ['number'])[0]);
  while (hits.length <= limit && place < deepest) {
    const wanted = Math.max(limit + 1 - hits.length, fewestRead);
    const rows = await read(collections, filter, place, wanted);
    const hidden = stretches
      ? await changedLater(collections, rows, stretches)
      : await foundElsewhere(collections, rows);
    for (const [index, row] of rows.entries())
      if (!hidden.has(row)) hits.push({ row, place: place + index });
    place += rows.length;
    if (rows.length < wanted) break;
  }
  const shown = await complete(
    collections,
    hits.slice(0, limit).map(({ row }) => row),
  );
  const beyond = hits[limit];
  return {
    items: shown.map((row) => viewOf(row, q)),
    next: beyond ? toCursor([beyond.place]) : null,
  };
};

const stretchesIn = async (collections: Collections, sessionId: string) => {
  const stream = `session-${sessionId}`;
  return stretchesOf(stream, (await ancestryOf(collections, stream)) ?? []);
};

const read = (
  { messages }: Collections,
  filter: Filter<MessageRow>,
  skip: number,
  limit: number,
): Promise<readonly Found[]> =>
  messages
    .find<Found>(filter, { projection: { score: { $meta: 'textScore' } } })
    .sort({ score: { $meta: 'textScore' }, _id: 1 })
    .skip(skip)
    .limit(limit)
    .toArray();

/** Rows of deleted sessions, and copies of messages that are still where they were posted. */
const foundElsewhere = async (
  collections: Collections,
  rows: readonly Found[],
): Promise<ReadonlySet<Found>> => {
  const copies = rows.filter(({ writtenIn }) => writtenIn !== undefined);
  const keys = copies.flatMap(({ writtenIn = '', messageId }) => keysIn(writtenIn, [messageId]));
  const found =
    keys.length === 0 ? [] : await collections.messages.distinct('key', { key: { $in: keys } });
  const isThere = new Set(found);
  const doubles = copies.filter((_, index) => isThere.has(keys[index] ?? ''));
  return new Set([...doubles, ...(await inDeletedSessions(collections, rows))]);
};

const inDeletedSessions = async (
  { sessions }: Collections,
  rows: readonly Found[],
): Promise<ReadonlySet<Found>> => {
  const streams = [...new Set(rows.map(({ stream }) => shownStream(stream)))];
  const deleted = await sessions
    .find({ _id: { $in: streams }, deleted: true }, { projection: { _id: 1 } })
    .toArray();
  const gone = new Set(deleted.map(({ _id }) => _id));
  return new Set(rows.filter(({ stream }) => gone.has(shownStream(stream))));
};

/** Inherited rows that a stretch after theirs has another version of. */
const changedLater = async (
  { messages }: Collections,
  rows: readonly Found[],
  stretches: readonly Stretch[],
): Promise<ReadonlySet<Found>> => {
  const order = new Map(stretches.map(({ stream }, index) => [stream, index]));
  const ids = rows.map(({ messageId }) => messageId);
  const versions = await Promise.all(
    stretches.slice(1).map(({ stream, high }) =>
      messages
        .find({ key: { $in: keysIn(stream, ids) }, ...trueAt(high) })
        .project<Pick<MessageRow, 'stream' | 'messageId'>>({ stream: 1, messageId: 1 })
        .toArray(),
    ),
  );
  const newest = new Map(versions.flat().map(({ messageId, stream }) => [messageId, stream]));
  return new Set(
    rows.filter(({ stream, messageId }) => {
      const latest = newest.get(messageId);
      return latest !== undefined && (order.get(latest) ?? 0) > (order.get(stream) ?? 0);
    }),
  );
};

/** Rows of inherited messages hold only what their fork changed: the rest is where they were posted. */
const complete = async (
  collections: Collections,
  rows: readonly Found[],
): Promise<readonly Whole[]> =>
  Promise.all(
    rows.map(async (row) => {
      // A row that has a seq is that of where the message was posted, as is the one read below.
      if (row.seq !== undefined) return row as Whole;
      const ancestry = (await ancestryOf(collections, row.stream)) ?? [];
      const posted = await collections.messages.findOne({
        key: { $in: ancestry.flatMap(({ stream }) => keysIn(stream, [row.messageId])) },
        seq: { $exists: true },
      });
      return { ...posted, ...row } as Whole;
    }),
  );

const viewOf = (row: Whole, q: string): MessageHit => ({
  id: row.messageId,
  sessionId: shownStream(row.stream).slice('session-'.length),
  role: row.role,
  createdAt: row.createdAt,
  score: row.score,
  highlights: highlightsOf(row.text ?? '', q),
});
