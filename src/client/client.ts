import { type Calls, callsOver } from './calls.js';
import type { OpenFeedSocket } from './feed-socket.js';
import { ForklineError } from './forkline-error.js';
import { latestPosition } from './latest-position.js';
import type { ClientOptions, Exchange } from './transport.js';
import type { Position } from './types.js';
import { openWebFeedSocket } from './web-feed-socket.js';

// What is exported here is all there is to `forkline/client`: the package exports this module, and
// for Node another that has the same.
export type { Calls } from './calls.js';
export type { WebSocketConstructor, WebSocketLike } from './feed-socket.js';
export type * from './feed-types.js';
export { type FieldError, ForklineError } from './forkline-error.js';
export type * from './import-types.js';
export type * from './interrupt-types.js';
export type * from './operation-types.js';
export type * from './replay-types.js';
export type { ExportQuery, Resumption } from './sessions.js';
export type * from './stream-types.js';
export type { AsOf } from './streams.js';
export { TaskFailure } from './task-failure.js';
export type * from './task-types.js';
export type { ClientOptions, ReadOptions, WriteOptions } from './transport.js';
export type * from './types.js';
export type * from './webhook-types.js';
export type * from './worker-types.js';

/**
 * Talks to a Forkline server. Holds no connection, but for those of feed subscriptions.
 *
 * Every call throws ForklineError when the server says no or cannot be reached, and with what is
 * aborted the reason of its signal. What may pass is tried again: see `retryForMs`.
 */
export class ForklineClient implements Calls {
  readonly sessions: Calls['sessions'];
  readonly messages: Calls['messages'];
  readonly executions: Calls['executions'];
  readonly checkpoints: Calls['checkpoints'];
  readonly interrupts: Calls['interrupts'];
  readonly streams: Calls['streams'];
  readonly operations: Calls['operations'];
  readonly tasks: Calls['tasks'];
  readonly queues: Calls['queues'];
  readonly workers: Calls['workers'];
  readonly webhooks: Calls['webhooks'];
  readonly feed: Calls['feed'];

  /**
   * The same calls, whose reads have seen all that was written through this client: each carries
   * the position of the newest write as `after`, and is asked again while the read model is behind,
   * for as long as `retryForMs` says.
   */
  readonly consistent: Calls;

  readonly #latest = latestPosition();
  readonly #closing = new AbortController();

  /**
   * @param platform how the feed is connected to, and whole answers are asked for; as in browsers by default
   * @throws TypeError when the address is not a URL
   */
  constructor(
    options: ClientOptions,
    {
      openSocket = openWebFeedSocket,
      exchange,
    }: Readonly<{ openSocket?: OpenFeedSocket | undefined; exchange?: Exchange }> = {},
  ) {
    const shared = { openSocket, exchange, latest: this.#latest, closing: this.#closing.signal };
    const calls = callsOver(options, { ...shared, isConsistent: false });
    this.sessions = calls.sessions;
    this.messages = calls.messages;
    this.executions = calls.executions;
    this.checkpoints = calls.checkpoints;
    this.interrupts = calls.interrupts;
    this.streams = calls.streams;
    this.operations = calls.operations;
    this.tasks = calls.tasks;
    this.queues = calls.queues;
    this.workers = calls.workers;
    this.webhooks = calls.webhooks;
    this.feed = calls.feed;
    this.consistent = callsOver(options, { ...shared, isConsistent: true });
  }

  /** The position of the newest write through this client; undefined before the first. */
  get position(): Position | undefined {
    return this.#latest.get();
  }

  /**
   * Takes note of a position from elsewhere, such as another client's: consistent reads have seen it too.
   *
   * @throws SyntaxError when it is not a number
   */
  observe(position: Position): void {
    this.#latest.see(position);
  }

  /**
   * Ends subscriptions, and stops workers as their signal does. Calls that wait before their next
   * attempt, and those made from now on, throw ForklineError `closed`; one that is under way may end.
   */
  close(): void {
    this.#closing.abort(new ForklineError(0, 'closed', { detail: 'the client is closed' }));
  }
}
