import type { Fact } from '../domain/decider.js';
import type { Category } from '../domain/deciders.js';
import type { Delta } from '../domain/delta.js';
import type { StoredEvent } from '../eventstore/event-store.js';
import { evolveStored } from '../eventstore/fold.js';
import { load, type Sources, withKeys } from '../eventstore/load.js';
import { beginning, type Loaded } from '../eventstore/partial.js';
import { entryChanges, fullPage, headChanges, sizeOfEntries } from './changes.js';
import { type StreamEventView, streamEventView } from './event-view.js';
import { type AnyDecider, type AnyState, deciderOf } from './state-at.js';

/** An event and what it changed in the state of its stream (RFC 6902). */
export type Step = Omit<StreamEventView, 'data' | 'metadata'> & Readonly<{ changes: Delta }>;

export type Steps = Readonly<{
  steps: readonly Step[];
  /** The revision to go on from; undefined after the last step asked for. */
  next?: number;
}>;

/** So many events are read at a time at most, and what they change looked up together. */
const batchSize = 32;

/**
 * What each event from a revision on changed in the state of its stream, messages and checkpoints
 * included, without the secrets of others. Applied in order to the whole state before `from`, or to
 * `{}` before the first event, the changes lead to the state as of the last of them.
 *
 * Costs the same wherever in a stream of whatever length: what is compared of two states is their
 * heads and the entry that the event says it changes, which is all that it may change. Large changes
 * end a page before its limit.
 *
 * @param to the last revision, inclusive
 */
export const stepsOf = async (
  sources: Sources,
  category: Category,
  stream: string,
  { from, to, limit }: Readonly<{ from: number; to: number; limit: number }>,
): Promise<Steps> => {
  const decider = deciderOf(category);
  const steps: Step[] = [];
  let size = 0;
  let before = await load(sources, decider, stream, { through: from - 1 });
  let next = from;
  while (true) {
    // One more than the page takes says whether there is another.
    const wanted = Math.min(batchSize, limit + 1 - steps.length);
    const events: StoredEvent[] = [];
    const read = sources.streams.read(stream, { from: next, through: to, limit: wanted });
    for await (const event of read) events.push(event);
    before = await withKeys(sources, decider, stream, before, knownBefore(decider, events));
    for (const event of events) {
      if (steps.length === limit || size >= fullPage) return { steps, next: event.revision };
      const keys = changedBy(decider, event);
      const after = advanced(decider, before, event);
      const changes = [
        ...headChanges(decider, before.state, after.state),
        ...entryChanges(decider, before.state, after.state, keys),
      ];
      const { data: _, metadata: __, ...view } = streamEventView(event, stream);
      const step = { ...view, changes };
      steps.push(step);
      // What the event changed had to be in memory, however little it changed of that.
      size += JSON.stringify(step).length + sizeOfEntries(decider, before.state, keys);
      before = after;
    }
    if (events.length < wanted) return { steps };
    next += wanted;
  }
};

/** The entries that an event changes: one at most. */
export const changedBy = ({ snapshots }: AnyDecider, event: StoredEvent): readonly string[] => {
  const key = snapshots?.entries?.changedBy(event as Fact);
  return key === undefined ? [] : [key];
};

/** The entries that events change and none of them begins. */
const knownBefore = (decider: AnyDecider, events: readonly StoredEvent[]): readonly string[] => {
  const begun = new Set<string>();
  const keys = new Set<string>();
  for (const event of events)
    for (const key of changedBy(decider, event)) {
      if (isBeginning(decider, event)) begun.add(key);
      if (!begun.has(key)) keys.add(key);
    }
  return [...keys];
};

const isBeginning = ({ snapshots }: AnyDecider, event: StoredEvent): boolean =>
  snapshots?.entries?.begins(event as Fact) ?? false;

const advanced = (
  decider: AnyDecider,
  before: Loaded<AnyState>,
  event: StoredEvent,
): Loaded<AnyState> => {
  const begun = isBeginning(decider, event) ? changedBy(decider, event) : [];
  const { revision, position } = event;
  return {
    ...beginning(before, new Set(begun)),
    state: evolveStored(decider, before.state, event),
    revision,
    position,
  };
};
