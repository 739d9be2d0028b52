import { type Category, deciders } from '../domain/deciders.js';
import { evolveStored, type Folded, fold } from '../eventstore/fold.js';
import type { Streams } from '../eventstore/lineage.js';

/** A stream's state, whatever its category. */
export type AnyState = Readonly<{ status: string }>;

/** A revision, or a moment as ISO 8601 UTC; the head when absent. */
export type Moment = number | string | undefined;

/** Folds a stream's events up to a revision or a moment, inclusive. `none` as revision when nothing had happened by then. */
export const stateAt = async (
  streams: Streams,
  category: Category,
  stream: string,
  at: Moment,
): Promise<Folded<AnyState>> => {
  // Each decider's state is one of AnyState, and folding asks for nothing else of it.
  const decider = deciders[category] as unknown as Parameters<typeof fold<AnyState, never>>[1];
  if (typeof at !== 'string')
    return fold(streams, decider, stream, at === undefined ? {} : { through: at });

  const moment = Date.parse(at);
  let folded: Folded<AnyState> = {
    state: decider.initial,
    revision: 'none',
    position: 0,
    base: 0,
  };
  for await (const event of streams.read(stream)) {
    if (Date.parse(event.created) > moment) break;
    const { revision, position } = event;
    folded = { ...folded, state: evolveStored(decider, folded.state, event), revision, position };
  }
  return folded;
};
