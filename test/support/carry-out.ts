import { type Decider, type Decision, type Fact, isRejection } from '../../src/domain/decider.js';

/** One command of a sequence: the states around it, and what was decided. */
export type Step<Command, State, Event, Reason> = Readonly<{
  command: Command;
  before: State;
  decision: Decision<Event, Reason>;
  /** The events added, as a store gives them back. */
  events: readonly Event[];
  after: State;
}>;

/** Carries out commands one after another; events pass through JSON as they do on their way to a store. */
export const carryOut = <Command, State, Event extends Fact, Reason>(
  decider: Decider<Command, State, Event, Reason>,
  commands: readonly Command[],
): readonly Step<Command, State, Event, Reason>[] => {
  let before = decider.initial;
  return commands.map((command) => {
    const decision = decider.decide(command, before);
    const events: readonly Event[] = isRejection(decision)
      ? []
      : JSON.parse(JSON.stringify(decision));
    const after = events.reduce(decider.evolve, before);
    const step = { command, before, decision, events, after };
    before = after;
    return step;
  });
};
