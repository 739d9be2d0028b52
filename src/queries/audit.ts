import type { Filter } from 'mongodb';
import type { AuditRecord, Collections } from './collections.js';
import { fromCursor, type Page, toPage } from './page.js';

/** One entry of the audit. */
export type AuditView = Omit<
  AuditRecord,
  '_id' | 'position' | 'at' | 'stream' | 'subject' | 'revision'
> &
  Readonly<{
    position: string;
    /** ISO 8601 UTC. */
    at: string;
    /** The stream it is about. */
    stream?: string;
    /** Of what is in that stream. */
    revision?: number;
  }>;

export type AuditOptions = Readonly<{
  userId?: string;
  stream?: string;
  type?: string;
  /** From when on, and until before when: ISO 8601 UTC. */
  since?: string;
  until?: string;
  cursor?: string;
  limit: number;
}>;

/** Who did what, newest first. @throws BadCursor */
export const listAudit = async (
  { audit }: Pick<Collections, 'audit'>,
  { userId, stream, type, since, until, cursor, limit }: AuditOptions,
): Promise<Page<AuditView>> => {
  const filter: Filter<AuditRecord> = {
    ...(userId !== undefined && { userId }),
    ...(type !== undefined && { type }),
    ...within(since, until, cursor),
  };
  // Each half is in the order of an index of its own.
  const about =
    stream === undefined
      ? filter
      : {
          $or: [
            { stream, ...filter },
            { subject: stream, ...filter },
          ],
        };
  const read = await audit
    .find(about)
    .sort({ at: -1, position: -1 })
    .limit(limit + 1)
    .toArray();
  return toPage(read, limit, ({ at, position }) => [at, position], viewOf);
};

/** The condition for times, and for what comes after a cursor. */
const within = (since?: string, until?: string, cursor?: string): Filter<AuditRecord> => {
  const from = since === undefined ? {} : { $gte: Date.parse(since) };
  const before = until === undefined ? {} : { $lt: Date.parse(until) };
  if (cursor === undefined)
    return since === undefined && until === undefined ? {} : { at: { ...from, ...before } };
  const [at, position] = fromCursor(cursor, ['number', 'number']) as readonly [number, number];
  return {
    // What is on the page before is not after `until` either.
    at: { ...from, $lte: at },
    $or: [{ at: { $lt: at } }, { at, position: { $lt: position } }],
  };
};

const viewOf = (record: AuditRecord): AuditView => {
  const { _id, position, at, type, stream, subject, revision, ...entry } = record;
  return {
    position: String(position),
    at: new Date(at).toISOString(),
    type,
    ...(entry.attempt === undefined ? { stream, revision } : subject && { stream: subject }),
    ...entry,
  };
};
