import {
  accessRefusal,
  deletedRefusal,
  type ExpectedRevision,
  exactRevision,
  type Refusal,
  wrongRevision,
} from './expected-revision.js';
import { ownEvent } from './own-event.js';
import { metastreamOf } from './stream-head.js';
import { isSoftDeleted, softDeleteMetadata } from './stream-settings.js';
import { isDerived } from './system-streams.js';
import type { WriteBatch } from './write-batch.js';

export type DeleteRequest = Readonly<{ stream: string; expected: ExpectedRevision }>;

export type Deleted = Readonly<{ position: number }>;

/** Hides a stream's events, so that it counts as absent until the next append. */
export const decideSoftDelete = (batch: WriteBatch, request: DeleteRequest): Deleted | Refusal => {
  const { stream } = request;
  const refusal = refuse(batch, request);
  if (refusal) return refusal;
  if (!exists(batch, stream)) return wrongRevision(-1);
  const { position } = batch.add(metastreamOf(stream), ownEvent('$metadata', softDeleteMetadata));
  return { position };
};

/** Ends a stream for good, one that never existed included. */
export const decideTombstone = (batch: WriteBatch, request: DeleteRequest): Deleted | Refusal => {
  const { stream } = request;
  const refusal = refuse(batch, request);
  if (refusal) return refusal;
  const event = ownEvent('$streamDeleted', '', { isJson: false });
  return { position: batch.addTombstone(stream, event).position };
};

const exists = (batch: WriteBatch, stream: string): boolean =>
  batch.lastRevision(stream) >= 0 || batch.head(metastreamOf(stream)) !== undefined;

const refuse = (batch: WriteBatch, { stream, expected }: DeleteRequest): Refusal | undefined => {
  if (isDerived(stream)) return accessRefusal;
  if (batch.isTombstoned(stream)) return deletedRefusal;
  const current = batch.lastRevision(stream);
  const isDeleted = isSoftDeleted(batch.settings(stream));
  if (expected === 'stream-exists') {
    if (isDeleted) return deletedRefusal;
    return exists(batch, stream) ? undefined : wrongRevision(-1);
  }
  const exact = exactRevision(expected);
  if (exact === undefined || exact === current || (exact === -1 && isDeleted)) return undefined;
  return wrongRevision(current);
};
