import { setTimeout as delay } from 'node:timers/promises';
import { type StoredEvent, tombstoneType } from '../eventstore/event-store.js';
import { byKey } from './fold-batch.js';
import { partsAtForks } from './history.js';
import type { Failure } from './parked.js';
import { keyLane, type Lane } from './parked-documents.js';
import type { AnyProjection } from './projection.js';
import type { ReadModel } from './read-model.js';
import { isUnavailable } from './unavailable.js';

type Apart = Readonly<{
  projection: AnyProjection;
  model: ReadModel;
  /** Takes out what has to wait behind parked events. */
  admit(events: readonly StoredEvent[]): Promise<readonly StoredEvent[]>;
  /** @returns false when the event was discarded before */
  park(lane: Lane, event: StoredEvent, failure: Failure): Promise<boolean>;
}>;

type Keyed = ReadonlyMap<string, readonly StoredEvent[]>;

/** How often a key is tried before the event at which it fails is parked. */
const attempts = 3;

/** Milliseconds before the second attempt; four times as many before the third. */
const firstDelayMs = 100;

/** How many keys are folded at the same time. */
const atOnce = 8;

/**
 * Applies events of which some cannot be folded, key by key: a key that fails is tried three times,
 * then the event that fails is parked with those behind it. Between keys, order is kept only where it
 * matters: at the end of a stream, and where a fork begins with what its ancestor was.
 *
 * @throws when a store is away
 */
export const applyApart = async (apart: Apart, events: readonly StoredEvent[]): Promise<void> => {
  const { projection, model, admit } = apart;
  const applyPart = async (part: readonly StoredEvent[]): Promise<void> => {
    for (const each of projection.inherits ? partsAtForks(part) : [part])
      await applyKeys(apart, byKey(projection, await admit(each)));
  };
  let start = 0;
  for (const [index, event] of events.entries()) {
    if (event.type !== tombstoneType) continue;
    await applyPart(events.slice(start, index));
    // Not parked if it fails: what is to be gone must not stay because of that.
    await model.apply([event]);
    start = index + 1;
  }
  await applyPart(events.slice(start));
};

const applyKeys = async (apart: Apart, keyed: Keyed): Promise<void> => {
  let failing = await failingOf(apart, keyed);
  for (let attempt = 2; attempt <= attempts && failing.size > 0; attempt++) {
    await delay(firstDelayMs * 4 ** (attempt - 2));
    failing = await failingOf(apart, failing);
  }
  for (const group of groupsOf(failing))
    throwFirst(
      await Promise.allSettled(group.map(([key, events]) => parkFailing(apart, key, events))),
      () => true,
    );
};

const groupsOf = (keyed: Keyed): readonly (readonly [string, readonly StoredEvent[]][])[] => {
  const entries = [...keyed];
  const count = Math.ceil(entries.length / atOnce);
  return Array.from({ length: count }, (_, n) => entries.slice(n * atOnce, (n + 1) * atOnce));
};

const throwFirst = (
  outcomes: readonly PromiseSettledResult<void>[],
  isToThrow: (error: unknown) => boolean,
): void => {
  for (const outcome of outcomes)
    if (outcome.status === 'rejected' && isToThrow(outcome.reason)) throw outcome.reason;
};

/** Folds each key by itself. @returns those that fail */
const failingOf = async ({ model }: Apart, keyed: Keyed): Promise<Keyed> => {
  const failing = new Map<string, readonly StoredEvent[]>();
  for (const group of groupsOf(keyed)) {
    const outcomes = await Promise.allSettled(group.map(([, events]) => model.apply(events)));
    throwFirst(outcomes, isUnavailable);
    for (const [index, entry] of group.entries())
      if (outcomes[index]?.status === 'rejected') failing.set(...entry);
  }
  return failing;
};

/** Folds the events of a key one by one, and parks the first that fails and those behind it. */
const parkFailing = async (
  { model, admit, park }: Apart,
  key: string,
  events: readonly StoredEvent[],
): Promise<void> => {
  for (const [index, event] of events.entries()) {
    try {
      await model.apply([event]);
    } catch (error) {
      if (isUnavailable(error)) throw error;
      // One that a person has discarded is passed over here too.
      if (!(await park(keyLane(key), event, { error, attempts }))) continue;
      const released = await admit(events.slice(index + 1));
      for (const each of released) await model.apply([each]);
      return;
    }
  }
};
