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

/** About what a state takes that was measured some events ago. To measure it again would be to look at all of it. */
export const sizeAt = (
  revision: number | 'none',
  { size, revision: measured }: Readonly<{ size?: number; revision: number | 'none' }>,
): number | undefined =>
  size === undefined || revision === 'none' || measured === 'none'
    ? undefined
    : Math.ceil((size * (revision + 1)) / (measured + 1));
