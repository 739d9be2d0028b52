import { forkOfArchive } from '../domain/archive.js';
import { unreadableType } from '../eventstore/event-store.js';
import { withFields, without } from '../fields.js';
import type { AnyProjection, FromStream, Projected } from './projection.js';

/** A document as it lies in its collection, with the position of the last event folded into it. */
export type StoredDocument = Readonly<{ _id: string; position: number; stream: string }>;

/**
 * A version of a document: true from revision `from` until `to`, or still. Its `_id` is the position of
 * the event that opened it: an event is of one document, and every entry of every index has the `_id`
 * in it, so that this takes a fraction of the room that a name would.
 */
export type StoredRow = Omit<StoredDocument, '_id'> &
  Readonly<{ _id: number; key: string; from: number; to: number | null }>;

/** What a batch of events makes of a document: to be written as it is, or removed. */
export type Written = Readonly<{
  _id: string;
  position: number;
  document?: StoredDocument;
  /** What it was on the way, at the revisions that are kept; for projections that inherit. */
  marks: readonly Mark[];
}>;

/** What a document was at a revision of its stream. */
export type Mark = StoredDocument & Readonly<{ revision: number; document: Bare }>;

type Bare = FromStream;

/** The events of one document, oldest first. */
export type KeyedEvents = ReadonlyMap<string, readonly Projected[]>;

/** Sorts a batch by document. Events that concern none are left out. */
export const byKey = <Event extends Projected>(
  projection: AnyProjection,
  events: readonly Event[],
): ReadonlyMap<string, readonly Event[]> => {
  const keyed = new Map<string, Event[]>();
  for (const event of events) {
    if (!concerns(projection, event)) continue;
    const key = projection.key(event);
    if (key === undefined) continue;
    const others = keyed.get(key);
    if (others) others.push(event);
    else keyed.set(key, [event]);
  }
  return keyed;
};

/** Whether a projection folds an event. Of one that cannot be read, the type that it was stored under decides. */
export const concernsUnread = (projection: AnyProjection, event: Projected): boolean => {
  if (event.type !== unreadableType) return concerns(projection, event);
  const { type } = event.data as { type: string };
  return concerns(projection, { stream: event.stream, type });
};

/** Whether a projection folds an event. Events in archives concern only projections that name their type. */
export const concerns = (
  { category, on, otherwise }: AnyProjection,
  { stream, type }: Pick<Projected, 'stream' | 'type'>,
): boolean => {
  const fork = forkOfArchive(stream);
  return (
    isIn(category, fork ?? stream) &&
    (Object.hasOwn(on, type) || (otherwise !== undefined && fork === undefined))
  );
};

const isIn = (category: string | undefined, stream: string): boolean =>
  category === undefined || (stream.startsWith(category) && stream.charAt(category.length) === '-');

/** The keys of documents whose first event is among these. */
export const beginners = ({ begins }: AnyProjection, keyed: KeyedEvents): ReadonlySet<string> => {
  const begun = new Set<string>();
  if (!begins) return begun;
  for (const [key, [first]] of keyed) if (first && begins(first)) begun.add(key);
  return begun;
};

/** Of events by document, those of the documents with these keys. */
export const withKeys = (keyed: KeyedEvents, keys: Iterable<string>): KeyedEvents => {
  const wanted = new Map<string, readonly Projected[]>();
  for (const key of keys) {
    const events = keyed.get(key);
    if (events) wanted.set(key, events);
  }
  return wanted;
};

/** What one event makes of a document; undefined when there is to be none. */
export const step = (
  { on, otherwise }: AnyProjection,
  before: Bare | undefined,
  event: Projected,
) => (Object.hasOwn(on, event.type) ? on[event.type] : otherwise)?.(before, event);

/**
 * Folds events into a document, passing over those that are in it already.
 *
 * @returns what to write; undefined when all of the events were in it
 */
export const foldDocument = (
  projection: AnyProjection,
  key: string,
  events: readonly Projected[],
  stored: StoredDocument | undefined,
): Written | undefined => {
  const fresh = events.filter(({ position }) => position > (stored?.position ?? -1));
  const last = fresh.at(-1);
  if (!last) return undefined;
  const marks: Mark[] = [];
  // Stored documents are this fold's own, with _id and position added.
  let document = stored && (without(stored, '_id', 'position') as Bare);
  for (const event of fresh) {
    const before = document;
    document = step(projection, before, event);
    if (projection.inherits && document && isKept(before, event.revision))
      marks.push(markOf(document, event));
  }
  const { position } = last;
  return {
    _id: key,
    position,
    marks,
    ...(document && { document: { _id: key, position, ...document } }),
  };
};

/**
 * A document is kept as it was wherever this many revisions are full, and at a fork's first own
 * event. What begins with a stream's very first event is found by folding from there.
 */
export const keptEvery = 64;

/**
 * Whether what a document becomes by the event at a revision is kept in its history.
 *
 * @param before the document before the event
 */
export const isKept = (before: Bare | undefined, revision: number): boolean => {
  if (!before) return revision > 0;
  const { revision: last } = before as Bare & { revision: number };
  return Math.floor(last / keptEvery) < Math.floor(revision / keptEvery);
};

/** The record that keeps what a document was at the revision of an event, for forks that begin there. */
export const markOf = (
  document: Bare,
  { stream, revision, position }: Pick<Projected, 'stream' | 'revision' | 'position'>,
): Mark => ({
  _id: `${stream}@${revision}`,
  stream,
  revision,
  position,
  document,
});

/**
 * Folds events into the rows of a document: each change closes the row that was true and opens the
 * next.
 *
 * @param open the rows not closed yet, oldest first. There is more than one where a crash came between
 *   opening and closing, or where someone else is about to close some: then what came after the row
 *   that the events begin from is folded again, and so each row ends where the next really began.
 * @returns new rows and closed rows; new ones are to be written first, so that no crash loses the newest
 */
export const foldRows = (
  projection: AnyProjection,
  key: string,
  events: readonly Projected[],
  open: readonly StoredRow[],
): Readonly<{ opened: readonly StoredRow[]; closed: readonly StoredRow[] }> => {
  const begin = events[0]?.position ?? 0;
  const origin = open.findLast(({ position }) => position < begin) ?? open[0];
  const rows = origin ? [origin] : [];
  for (const event of events) {
    const row = rows.at(-1);
    if (event.position <= (row?.position ?? -1)) continue;
    const before = row && bareOf(row);
    const after = step(projection, before, event);
    if (!after || after === before) continue;
    const { position, revision: from } = event;
    rows.push(withFields({ _id: position }, after, { key, from, to: null, position }));
  }
  const chained = rows.map((row, index) => {
    const next = rows[index + 1];
    return next ? withFields(row, { to: next.from, position: next.position }) : row;
  });
  const isKnown = ({ _id }: StoredRow) => open.some((row) => row._id === _id);
  return {
    opened: chained.filter((row) => !isKnown(row)),
    closed: chained.filter((row) => isKnown(row) && row.to !== null),
  };
};

const bareOf = (row: StoredRow): Bare => without(row, '_id', 'position', 'key', 'from', 'to');
