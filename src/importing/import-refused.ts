import type { ExecutionRejection } from '../domain/execution.js';
import type { SessionRejection } from '../domain/session.js';

/** Why a run cannot be imported. */
export type ImportRefusal =
  | SessionRejection
  | ExecutionRejection
  | 'stream-tombstoned'
  | 'append-too-large';

/** A run cannot be imported, mostly because of what became of its session since an earlier import. */
export class ImportRefused extends Error {
  override readonly name = 'ImportRefused';

  constructor(
    readonly code: ImportRefusal,
    readonly sessionId: string,
  ) {
    super(`session ${sessionId} cannot take the run: ${code}`);
  }
}
