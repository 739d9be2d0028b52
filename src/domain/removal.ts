import type { Fact } from './decider.js';

// Before a session is deleted for good, that is announced in a stream beside it. A fork, once it is
// written, looks there: so one of the two sees the other, on whatever nodes they are.

/** `RemovalWithdrawn` takes back the one event before it; nothing comes after `RemovalDecided`. */
export type RemovalEvent =
  | Fact<'RemovalBegun', Record<string, never>>
  | Fact<'RemovalWithdrawn', Record<string, never>>
  | Fact<'RemovalDecided', Record<string, never>>;

const prefix = 'removal-';

/** The stream in which the deletion of a session is announced. */
export const removalOf = (session: string): string => `${prefix}${session}`;

/** Whether a stream is one of announcements, of which users are told nothing. */
export const isRemoval = (stream: string): boolean => stream.startsWith(prefix);
