import type { Fact } from '../src/domain/decider.js';
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
  /** The stream it is about. Of what is in the category `audit`, the one that was meant, if any. */
  subject?: string;
  revision: number;
  type: string;
  /** Absent when nobody knows. */
  userId?: string;
  ownerId?: string;
  at: string;
  requestId?: string;
  clientAddress?: string;
  userAgent?: string;
  keyId?: string;
  attempt?: Omit<AttemptData, 'target' | 'ownerId'>;
}>;

const entry = (_: AuditDocument | undefined, event: Projected): AuditDocument => {
  const { stream, revision, type, created, metadata } = event;
  const { userId, ownerId, requestId, clientAddress, userAgent, keyId } = metadata;
  const who = defined({ userId, ownerId, requestId, clientAddress, userAgent, keyId });
  const about = { stream, revision, type, at: created, ...who };
  if (!stream.startsWith('audit-')) return { ...about, subject: stream };
  // The codec has checked what is in these streams.
  const { target, ownerId: owner, ...attempt } = event.data as AttemptData;
  return { ...about, ...defined({ subject: target, ownerId: owner }), attempt };
};

/** Without the fields that are not there. */
const defined = <Fields extends Readonly<Record<string, string | undefined>>>(fields: Fields) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Fields]?: NonNullable<Fields[Name]>;
  };

/** One document an event: the facts that one may ask for, newest first by each. */
export const audit: Projection<AuditDocument, Fact> = {
  name: 'audit',
  version: 1,
  indexes: [
    { key: { at: -1, position: -1 } },
    { key: { userId: 1, at: -1, position: -1 } },
    { key: { subject: 1, at: -1, position: -1 } },
    { key: { type: 1, at: -1, position: -1 } },
    { key: { stream: 1 } },
  ],
  key: ({ position }) => String(position),
  begins: () => true,
  on: {},
  otherwise: entry,
};
