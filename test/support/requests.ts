import { v4 as newId } from 'uuid';
import type { CommandRequest } from '../../src/commands/request.js';

export const ann = { userId: 'ann', admin: false };
export const bob = { userId: 'bob', admin: false };
export const admin = { userId: 'root', admin: true };

/** A request of Ann's for a command of its own. */
export const request = (differences: Partial<CommandRequest> = {}): CommandRequest => ({
  commandId: newId(),
  requestId: 'r-1',
  caller: ann,
  ...differences,
});
