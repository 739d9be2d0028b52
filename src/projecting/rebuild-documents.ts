import type { Built } from './models.js';

/** The event that a rebuild could not fold, and why. */
export type Poison = Readonly<{
  projection: string;
  eventId: string;
  stream: string;
  revision: number;
  position: number;
  type: string;
  error: string;
}>;

/** How far a rebuild is. */
export type RebuildProgress = Readonly<{
  /** Up to which position events are folded; -1 before the first. */
  position: number;
  /** Position of the newest event there is. */
  head: number;
  /** How many events were read. */
  events: number;
  /** How many of them a second, since it was begun or went on on another node; null at first. */
  eventsPerSecond: number | null;
}>;

/** A model that is built anew. */
export type Rebuilt = Readonly<{
  name: string;
  version: number;
  collection: string;
  /** What served when it was begun. */
  replaces: Built;
}>;

/** The one rebuild there is at a time, or the last there was. */
export type Rebuild = RebuildProgress &
  Readonly<{
    _id: 'rebuild';
    /** Tells it from the one before. */
    id: string;
    /** Until it is switching it can be cancelled. Stopped is one that met an event which it could not fold. */
    state: 'building' | 'switching' | 'switched' | 'stopped' | 'cancelled';
    models: readonly Rebuilt[];
    /** Ids of events that it passes over when they cannot be folded. */
    skip: readonly string[];
    poison: Poison | null;
    /** ISO 8601 UTC. */
    startedAt: string;
    /** The node that builds, and until when that is believed. */
    heldBy: string | null;
    heldUntil: number;
    /** Collections that are to be removed when nobody reads them any more. */
    litter: readonly string[];
  }>;

/** A model is being built anew already: only one rebuild goes on at a time. */
export class RebuildUnderWay extends Error {
  override readonly name = 'RebuildUnderWay';

  constructor(readonly names: readonly string[]) {
    super(`${names.join(', ')}: a rebuild is under way`);
  }
}

/** There is no collection kept that a model could go back to. */
export class NothingKept extends Error {
  override readonly name = 'NothingKept';
}

/** The collection kept was made by another version of the projection, which this release cannot carry on. */
export class OtherVersion extends Error {
  override readonly name = 'OtherVersion';
}

/** A collection is to be removed that a node still reads. */
export class StillRead extends Error {
  override readonly name = 'StillRead';
}
