import type { ProposedEvent } from '../wire/recorded-event.js';
import {
  accessRefusal,
  deletedRefusal,
  type ExpectedRevision,
  exactRevision,
  type Refusal,
  wrongRevision,
} from './expected-revision.js';
import type { LogEntry } from './log-entry.js';
import { ownEvent } from './own-event.js';
import { isMetastream, metastreamOf, originalOf } from './stream-head.js';
import { isSoftDeleted, parseMetadata } from './stream-settings.js';
import { isDerived } from './system-streams.js';
import type { WriteBatch } from './write-batch.js';

export type AppendRequest = Readonly<{
  stream: string;
  expected: ExpectedRevision;
  events: readonly ProposedEvent[];
}>;

/** The place of the last event, and where the first one is; no positions when none was asked for. */
export type Appended = Readonly<{
  revision: number;
  positions?: Readonly<{ first: number; last: number }>;
}>;

/**
 * Decides an append and adds its events: all of them, or none when it is refused or was done before.
 * The rules and their order are EventStoreDB's: first deletion, then the expected revision, within
 * which a request seen before (by its event ids, or by ids at the place named) succeeds again.
 */
export const decideAppend = (batch: WriteBatch, request: AppendRequest): Appended | Refusal => {
  const { stream, expected } = request;
  if (isDerived(stream)) return accessRefusal;
  if (batch.isTombstoned(stream)) return deletedRefusal;
  const current = batch.lastRevision(stream);
  const isDeleted = isSoftDeleted(batch.settings(stream));

  if (expected === 'stream-exists') {
    if (isDeleted) return deletedRefusal;
    if (current === -1 && !batch.head(metastreamOf(stream))) return wrongRevision(-1);
  }
  const exact = exactRevision(expected);
  const repeated =
    exact === undefined
      ? repeatedById(batch, request, current)
      : repeatedByPlace(batch, request, exact, current, isDeleted);
  if (repeated) return repeated;

  return append(batch, request, current, isDeleted);
};

const repeatedById = (
  batch: WriteBatch,
  { stream, events }: AppendRequest,
  current: number,
): Appended | Refusal | undefined => {
  const [first] = events;
  if (!first || current === -1 || batch.revisionOf(stream, first.id) === undefined)
    return undefined;
  const revisions = events.map(({ id }) => batch.revisionOf(stream, id));
  const last = revisions.at(-1);
  if (last === undefined || revisions.includes(undefined)) return wrongRevision(current);
  return appended(last, batch.at(stream, revisions[0] ?? last), batch.at(stream, last));
};

const repeatedByPlace = (
  batch: WriteBatch,
  { stream, events }: AppendRequest,
  exact: number,
  current: number,
  isDeleted: boolean,
): Appended | Refusal | undefined => {
  if (exact === current) return undefined;
  if (exact > current) return wrongRevision(current);
  let last: LogEntry | undefined;
  for (const [index, event] of events.entries()) {
    last = batch.at(stream, exact + 1 + index);
    if (last?.id === event.id) continue;
    return index === 0 && exact === -1 && isDeleted ? undefined : wrongRevision(current);
  }
  return last
    ? appended(exact + events.length, batch.at(stream, exact + 1), last)
    : wrongRevision(current);
};

const append = (
  batch: WriteBatch,
  { stream, events }: AppendRequest,
  current: number,
  isDeleted: boolean,
): Appended => {
  const added = events.map((event) => batch.add(stream, event));
  if (added.length === 0) return { revision: current };
  if (isDeleted) undelete(batch, stream, current + 1);
  else if (isMetastream(stream)) undeleteOriginal(batch, stream, current);
  return appended(current + events.length, added[0], added.at(-1));
};

// Numbering goes on where it was, and what was deleted stays out of sight.
const undelete = (batch: WriteBatch, stream: string, firstVisible: number): void => {
  const metastream = metastreamOf(stream);
  const before = batch.last(metastream);
  const document = (before && parseMetadata(before.data)) ?? {};
  const after = JSON.stringify({ ...document, $tb: firstVisible });
  batch.add(metastream, ownEvent('$metadata', after));
};

// Metadata written to a deleted stream brings it back: empty, until the next event.
const undeleteOriginal = (batch: WriteBatch, metastream: string, before: number): void => {
  const original = originalOf(metastream);
  const wasDeleted = before >= 0 && batch.settingsAt(metastream, before);
  if (!wasDeleted || !isSoftDeleted(wasDeleted)) return;
  undelete(batch, original, batch.lastRevision(original) + 1);
};

const appended = (
  revision: number,
  first: LogEntry | undefined,
  last: LogEntry | undefined,
): Appended =>
  first && last
    ? { revision, positions: { first: first.position, last: last.position } }
    : { revision };
