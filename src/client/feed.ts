import type { ServerFrame } from './feed-frames.js';
import type { FeedSocket, OpenFeedSocket } from './feed-socket.js';
import type { FeedFilter, FeedOptions, FeedStart, FeedSubscription } from './feed-types.js';
import { ForklineError } from './forkline-error.js';
import { inboxOf } from './inbox.js';
import { type Ending, keepConnected } from './keep-connected.js';
import type { ForklineEvent } from './stream-types.js';
import { addressOf, type ClientOptions } from './transport.js';
import type { Position } from './types.js';

/**
 * How many events the loop takes before they are acknowledged. The server holds the past back, and
 * closes the connection, by what is not acknowledged: so not much more than its window waits here.
 */
const ackEvery = 100;
const closedAsTooSlow = 4008;
/** There is one subscription a connection, so its name need not say anything. */
const id = 'feed';

export type FeedSettings = Readonly<{
  client: ClientOptions;
  openSocket: OpenFeedSocket;
  /** Ends all subscriptions. */
  closing: AbortSignal;
}>;

/** Events as they happen. */
export const feedOver = (settings: FeedSettings) => ({
  subscribe: (filter: FeedFilter = {}, options: FeedOptions = {}): FeedSubscription =>
    subscribe(settings, filter, options),
});

const subscribe = (
  { client, openSocket, closing: clientClosing }: FeedSettings,
  filter: FeedFilter,
  { from = 'now', signal, onReconnect }: FeedOptions,
): FeedSubscription => {
  const address = addressOf(client.url, '/v1/feed');
  address.protocol = address.protocol.replace('http', 'ws');
  const closing = new AbortController();
  const caughtUp = settledLater<Position>();
  let start: FeedStart = from;
  let socket: FeedSocket | undefined;
  let wasEverOpen = false;

  const close = () => {
    signal?.removeEventListener('abort', close);
    clientClosing.removeEventListener('abort', close);
    closing.abort();
    inbox.clear();
    inbox.end();
    socket?.close();
  };

  let unacknowledged = 0;
  const inbox = inboxOf<ForklineEvent>(({ position }) => {
    unacknowledged += 1;
    if (unacknowledged >= ackEvery || inbox.size() === 0) {
      socket?.send({ op: 'ack', id, position });
      unacknowledged = 0;
    }
  }, close);

  const connect = async (): Promise<Ending> => {
    let wasOfUse = false;
    let refusal: ForklineError | undefined;
    const onFrame = (frame: ServerFrame) => {
      wasOfUse = true;
      if (closing.signal.aborted) return;
      if (frame.op === 'event' && isAfter(frame.event.position, start)) {
        start = frame.event.position;
        inbox.put(frame.event);
      } else if (frame.op === 'caughtUp') {
        if (isAfter(frame.position, start)) start = frame.position;
        caughtUp.resolve(frame.position);
      } else if (frame.op === 'error') {
        // The first is the reason; others only follow from it.
        refusal ??= new ForklineError(400, frame.code, { detail: frame.detail });
        opened.close();
      }
    };
    const onOpen = () => {
      wasEverOpen = true;
      opened.send({ op: 'subscribe', id, filter, from: start });
      // The server counts from the first acknowledgement on, so it gets one at once.
      opened.send({ op: 'ack', id, position: '0' });
    };
    const opened = openSocket(address, { client, onOpen, onFrame });
    socket = opened;
    const { code, reason } = await opened.closed;
    // Whoever is too slow has to take what is there before asking for more.
    if (code === closedAsTooSlow) await inbox.drained();
    return {
      reason: refusal ?? reason,
      isFinal:
        refusal !== undefined || isRefusal(reason) || (!wasEverOpen && reason.status !== 429),
      wasOfUse,
    };
  };

  const onLost = (reason: ForklineError, waitMs: number) =>
    onReconnect?.({ reason, waitMs, position: isPosition(start) ? start : undefined });

  signal?.addEventListener('abort', close);
  clientClosing.addEventListener('abort', close);
  if (signal?.aborted || clientClosing.aborted) close();
  keepConnected(connect, onLost, closing.signal).then(
    () => caughtUp.reject(new ForklineError(0, 'closed', { detail: 'the subscription is closed' })),
    (error: unknown) => {
      caughtUp.reject(error);
      inbox.end(error);
    },
  );

  return {
    [Symbol.asyncIterator]: () => inbox[Symbol.asyncIterator](),
    caughtUp: () => caughtUp.promise,
    close,
  };
};

const isPosition = (start: FeedStart): boolean => start !== 'now' && start !== 'start';

const isAfter = (position: Position, start: FeedStart): boolean =>
  !isPosition(start) || BigInt(position) > BigInt(start);

/** An answer that says no, rather than not now. */
const isRefusal = ({ status }: ForklineError): boolean =>
  status >= 400 && status < 500 && status !== 408 && status !== 429;

const settledLater = <Value>() => {
  let resolve: (value: Value) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<Value>((resolved, rejected) => {
    resolve = resolved;
    reject = rejected;
  });
  // Nobody has to wait for it.
  promise.catch(() => {});
  return { promise, resolve, reject };
};
