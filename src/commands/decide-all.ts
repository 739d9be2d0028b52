import { type Decider, type Fact, isRejection, type Rejection } from '../domain/decider.js';

/** The events that a sequence of commands adds, and the state after them. */
export type Decided<State, Event> = Readonly<{ events: readonly Event[]; state: State }>;

/** Decides commands one after another, each against the state that the ones before it leave; all or none. */
export const decideAll = <Command, State, Event extends Fact, Reason>(
  decider: Decider<Command, State, Event, Reason>,
  before: State,
  commands: readonly Command[],
): Decided<State, Event> | Rejection<Reason> => {
  const events: Event[] = [];
  let state = before;
  for (const command of commands) {
    const decision = decider.decide(command, state);
    if (isRejection(decision)) return decision;
    for (const event of decision) {
      events.push(event);
      state = decider.evolve(state, event);
    }
  }
  return { events, state };
};
