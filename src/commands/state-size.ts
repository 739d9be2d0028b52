import type { Decider, Fact } from '../domain/decider.js';
import { entriesOf, headOf } from '../eventstore/partial.js';
import { sizeOf } from '../eventstore/size.js';

/** About how many bytes a state takes as JSON: one look at all that it knows. */
export const stateSize = <State extends object, Event extends Fact>(
  decider: Pick<Decider<never, State, Event, unknown>, 'snapshots'>,
  state: State,
): number => {
  let size = sizeOf(headOf(decider, state));
  for (const [key, entry] of entriesOf(decider, state)) size += key.length + sizeOf(entry);
  return size;
};
