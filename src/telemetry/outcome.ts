import { RevisionMismatch } from '../commands/request.js';
import { AppendTooLarge, RevisionConflict, StreamTombstoned } from '../eventstore/event-store.js';
import { isUnavailable } from '../projecting/unavailable.js';

/** How something ended, for counting. `failed` is what nobody has foreseen. */
export type Outcome = 'done' | 'rejected' | 'conflict' | 'unavailable' | 'failed';

/** What a call that ended with this error is counted as. */
export const outcomeOf = (error: unknown): Outcome => {
  if (error instanceof RevisionConflict || error instanceof RevisionMismatch) return 'conflict';
  if (error instanceof StreamTombstoned || error instanceof AppendTooLarge) return 'rejected';
  return isUnavailable(error) ? 'unavailable' : 'failed';
};
