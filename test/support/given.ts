import { expect } from '@jest/globals';
import { type Decider, type Fact, reject } from '../../src/domain/decider.js';

/**
 * A decider's specification as one sentence: given a decider and the events of a stream, when a
 * command comes, it adds events, rejects for a reason, or changes nothing because it is already so.
 */
export const given = <Command, State, Event extends Fact, Reason>(
  decider: Decider<Command, State, Event, Reason>,
) => ({
  events: (...history: readonly Event[]) => ({
    when: (command: Command) => {
      const decision = decider.decide(command, stateOf(decider, history));
      return {
        adds: (...events: readonly Event[]) => {
          // Without this, expecting no events would pass for "already so" under another name.
          expect(events).not.toHaveLength(0);
          expect(decision).toStrictEqual(events);
        },
        rejects: (reason: Reason) => expect(decision).toStrictEqual(reject(reason)),
        changesNothing: () => expect(decision).toStrictEqual([]),
      };
    },
  }),
});

/** The state that a history leads to. */
export const stateOf = <State, Event extends Fact>(
  decider: Decider<never, State, Event, unknown>,
  history: readonly Event[],
): State => history.reduce(decider.evolve, decider.initial);
