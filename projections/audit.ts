import type { Fact } from '../src/domain/decider.js';
import { parseStream } from '../src/domain/deciders.js';
import { millisecondsOf } from '../src/domain/time.js';
import { given } from '../src/fields.js';
import type { Projected, Projection } from '../src/projecting/projection.js';

/** What an event of the category `audit` says: that somebody was refused, or looked, or deleted. */
export type AttemptData = Readonly<{
  method: string;
  route: string;
  status?: number;
  code?: string;
  target?: string;
  ownerId?: string;
  count: number;
  firstAt: string;
  lastAt: string;
}>;

/** Who did what, when and from where; nothing of what an event says. */
export type AuditDocument = Readonly<{
  stream: string;
  /** Of what is in the category `audit`: the stream that was meant, if any. */
  subject?: string;
  revision: number;
  type: string;
  /** Absent when nobody knows. */
  userId?: string;
  ownerId?: string;
  /** Milliseconds since 1970: in every entry of every index, where text would take three times the room. */
  at: number;
  requestId?: string;
  clientAddress?: string;
  userAgent?: string;
  keyId?: string;
  attempt?: Omit<AttemptData, 'target' | 'ownerId'>;
}>;

/** What the streams of attempts begin with. */
export const attemptPrefix = 'audit-';

const entry = (_: AuditDocument | undefined, event: Projected): AuditDocument => {
  const { stream, revision, type, created, metadata } = event;
  const { userId, ownerId, requestId, clientAddress, userAgent, keyId } = metadata;
  const who = { userId, ownerId, requestId, clientAddress, userAgent, keyId };
  const about = given({ stream, revision, type, at: millisecondsOf(created), ...who });
  if (!stream.startsWith(attemptPrefix)) return about;
  // The codec has checked what is in these streams.
  const { target, ownerId: owner, ...attempt } = event.data as AttemptData;
  return { ...about, ...given({ subject: target, ownerId: owner }), attempt };
};

/** One document an event: the facts that one may ask for, newest first by each. */
export const audit: Projection<AuditDocument, Fact> = {
  name: 'audit',
  version: 2,
  indexes: [
    { key: { at: -1, position: -1 } },
    { key: { userId: 1, at: -1, position: -1 } },
    { key: { stream: 1, at: -1, position: -1 } },
    { key: { subject: 1, at: -1, position: -1 } },
    { key: { type: 1, at: -1, position: -1 } },
  ],
  // What others write into the same store is none of Forkline's.
  key: ({ stream, position }) =>
    parseStream(stream) || stream.startsWith(attemptPrefix) ? String(position) : undefined,
  begins: () => true,
  on: {},
  otherwise: entry,
};
