import type { Change } from './replay-types.js';
import type { JsonObject, JsonValue, Origin, PageQuery, Position, Written } from './types.js';

/** An event, as streams and the feed give it. */
export type ForklineEvent = Readonly<{
  id: string;
  type: string;
  /** The name that user interfaces know, such as `chat.message.created`. */
  topic: string;
  stream: string;
  revision: number;
  position: Position;
  /** When the store took it. */
  created: string;
  data: JsonObject;
  metadata: JsonObject;
}>;

/** An event as part of a stream. `origin` is where it was written, when the stream inherited it. */
export type StreamEvent = ForklineEvent & Readonly<{ origin?: Origin }>;

export type EventQuery = PageQuery &
  Readonly<{ from?: number; direction?: 'forwards' | 'backwards' }>;

/** What an event changed in the state of its stream: messages are at `/messages/<id>`, checkpoints at `/checkpoints/<id>`. */
export type Step = Omit<StreamEvent, 'data' | 'metadata'> &
  Readonly<{ changes: readonly Change[] }>;

/** Both revisions are inclusive: the first and the head by default. */
export type StepQuery = PageQuery & Readonly<{ from?: number; to?: number }>;

/** What happened in one of two streams since they parted. */
export type StreamTail = Readonly<{
  stream: string;
  /** As of which it is compared. */
  revision: number;
  /** How many events it has up to there that the other has not. */
  ownEvents: number;
  /** The first of them. */
  events: readonly StreamEvent[];
  /** The path of the events after those, also past `revision`; null when there are none. */
  more: string | null;
}>;

export type StreamComparison = Readonly<{
  /** The last event that both share; null for streams that are not related. */
  common: Origin | null;
  a: StreamTail;
  b: StreamTail;
  /** What turns a's state into b's. */
  changes: readonly Change[];
  /** Whether there may be differences of messages or checkpoints besides. */
  truncated: boolean;
}>;

export type StreamState = Readonly<{
  stream: string;
  revision: number;
  position: Position;
  state: JsonObject;
  /** What the state leaves out, by the field that has it: how many entries, and the path of their list. */
  entries?: Readonly<Record<string, Readonly<{ count: number; list: string }>>>;
}>;

/** A command carried out on a fork as it is made, such as `{ type: 'EditMessage', messageId, content }`. */
export type Amendment = Readonly<{ type: string; [field: string]: JsonValue }>;

/** What a fork of a session took along, and what it left where it was. */
export type Forked = Written &
  Readonly<{
    children?: readonly Readonly<{ stream: string; forkedFrom: Origin }>[];
    /** The first of what was finished, and how many those are. */
    shared?: readonly string[];
    sharedCount?: number;
  }>;

export type NewFork = Readonly<{
  /** The last revision that the fork inherits. */
  at: number;
  id?: string;
  /** `tree` takes along what was open in a session. */
  scope?: 'stream' | 'tree';
  /** Whether what is taken along goes on by itself. */
  resume?: boolean;
  amendments?: readonly Amendment[];
  reason?: string;
}>;

export type LineageNode = Readonly<{
  stream: string;
  /** That of its newest event. */
  revision: number;
  /** How many events it has without inherited ones. */
  ownEvents: number;
  createdAt: string;
  /** Where it was forked from, when it was detached since. */
  detachedFrom?: Origin;
  forks: readonly ForkNode[];
}>;

/** A fork, and the revision of its parent that it was forked at. */
export type ForkNode = LineageNode & Readonly<{ at: number }>;

export type Lineage = Readonly<{
  stream: string;
  /** What the stream inherits from others, oldest first. */
  ancestors: readonly Readonly<{ stream: string; through: number }>[];
  /** Where it was forked from, when it was detached since. */
  detachedFrom?: Origin;
  /** The whole family, from its oldest stream. */
  tree: LineageNode;
  /** Whether the family is larger than what is shown. */
  truncated: boolean;
}>;
