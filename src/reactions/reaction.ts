import type { StoredEvent } from '../eventstore/event-store.js';

/** Something that follows from events: a command, a call to the outside world. */
export type Reaction = Readonly<{
  /** What operators know it by, and what it parks is kept under. No projection has it: both are named in the same places. */
  name: string;
  /**
   * Names the persistent subscription group: `forkline-<group>`; as the reaction by default. What the
   * group takes in is fixed when it is first made: a reaction whose types change, or whose categories
   * where it has no types, needs another one.
   */
  group?: string;
  /** Streams of these categories only. Every category when absent. */
  categories?: readonly string[];
  /** Events of these types only: the store does not send others. */
  types?: readonly string[];
  /**
   * Resolves once there may be something to react to, or when told to stop waiting: a node takes part
   * only then. At once by default.
   */
  awaited?: (signal: AbortSignal) => Promise<void>;
  /** Where a reaction begins that has never run on this event store; the start by default. */
  from?: 'start' | 'end';
  /**
   * Events of one key are handled one at a time and parked together. Default: event.stream.
   *
   * Nodes share the events so that those of a stream go to the same node, or those of a
   * `$correlationId` where `together` says so. A key that crosses these bounds keeps its events in
   * order on each node, but not between nodes.
   */
  key?: (event: StoredEvent) => string;
  together?: 'stream' | 'correlation';
  /**
   * Whether it is known, without asking anybody, that nothing follows from an event: then it is passed
   * by, whatever is parked. By default of none.
   */
  ignores?: (event: Pick<StoredEvent, 'type' | 'stream'>) => boolean;
  /** How many events a node handles at a time; 16 by default. */
  concurrency?: number;
  /**
   * Acts on an event; called again with the same event after a failure or a crash, so what it does
   * must be idempotent. It bounds its own waiting: after a minute it counts as failed.
   * Tombstones, copies in archives and events that cannot be read never get here.
   */
  handle(event: StoredEvent): Promise<void>;
}>;
