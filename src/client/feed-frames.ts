import type { FeedFilter, FeedStart } from './feed-types.js';
import type { ForklineEvent } from './stream-types.js';
import type { Position } from './types.js';

/** What the server says. */
export type ServerFrame =
  | Readonly<{ op: 'subscribed'; id: string }>
  | Readonly<{ op: 'event'; id: string; event: ForklineEvent }>
  | Readonly<{ op: 'caughtUp'; id: string; position: Position }>
  | Readonly<{ op: 'pong' }>
  | Readonly<{ op: 'error'; id?: string; code: string; detail: string }>;

/** What the client says. */
export type ClientFrame =
  | Readonly<{ op: 'subscribe'; id: string; filter: FeedFilter; from: FeedStart }>
  | Readonly<{ op: 'ack'; id: string; position: Position }>
  | Readonly<{ op: 'ping' }>;
