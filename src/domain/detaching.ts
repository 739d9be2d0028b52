import { type Decider, type Fact, reject } from './decider.js';
import type { ForkOrigin, StreamDetached } from './fork.js';

export type DetachCommand = Readonly<{ type: 'DetachStream' }>;

export type DetachRejection = 'stream-not-forked' | 'stream-already-detached';

const detached: StreamDetached = { type: 'StreamDetached', data: {} };

/**
 * A decider for the one command `DetachStream`, which every category takes alike: states and events are
 * those of the decider of the category.
 */
export const detaching = <State extends object, Event extends Fact, Reason>(
  decider: Decider<never, State, Event, Reason>,
): Decider<DetachCommand, State, Event, Reason | DetachRejection> => ({
  // Besides deciding, commands are only asked for the entry that they name. This one names none.
  ...(decider as unknown as Decider<DetachCommand, State, Event, Reason>),
  decide: (_, state) => {
    // The state of every category says this of forks, and nothing of streams that are none.
    const { forkedFrom } = state as Readonly<{ forkedFrom?: ForkOrigin }>;
    if (!forkedFrom) return reject('stream-not-forked');
    if (forkedFrom.detached) return reject('stream-already-detached');
    return [detached as Fact as Event];
  },
});
