import type { Caller } from '../commands/request.js';

/** The part of a filter that keeps to what a caller may see. */
export const visibleTo = ({ userId, admin }: Caller): { userId?: string } =>
  admin ? {} : { userId };

/** A document, if the caller may see it. */
export const seenBy = <Document extends Readonly<{ userId: string }>>(
  { userId, admin }: Caller,
  document: Document | undefined,
): Document | undefined =>
  document && (admin || document.userId === userId) ? document : undefined;
