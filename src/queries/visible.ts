import type { Caller } from '../commands/request.js';

/** The part of a filter that keeps to what a caller may see. */
export const visibleTo = ({ userId, admin }: Caller): { userId?: string } =>
  admin ? {} : { userId };
