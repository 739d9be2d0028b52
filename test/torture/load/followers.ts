import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { FeedFilter } from '../../../src/client/client.js';
import { ForklineClient } from '../../../src/client/node-client.js';
import type { Log } from '../log.js';

export type FollowerOptions = Readonly<{
  name: string;
  user: string;
  filter: FeedFilter;
  urls: readonly string[];
  log: Log;
}>;

/** Somebody who follows the feed from its first event, and notes each event that comes. */
export type Follower = Readonly<{
  name: string;
  /** Position of the last event; -1 when there was none. */
  position(): number;
  stop(): void;
}>;

type Message = Readonly<{ op: string; event?: Readonly<{ id: string; position: string }> }>;

const beginning = ({ name: feed, user, filter }: FollowerOptions) =>
  ({ log: 'feed', feed, user, filter }) as const;

/**
 * Speaks the protocol itself, without the client, which would pass over what comes twice. Comes back
 * to one node after another, after the last event that came.
 */
export const startFollower = (options: FollowerOptions): Follower => {
  const { name, user, filter, urls, log } = options;
  let socket: WebSocket | undefined;
  let isStopped = false;
  let position = -1;
  log.note(beginning(options));

  const connect = (turn: number): void => {
    if (isStopped) return;
    const url = `${urls[turn % urls.length]?.replace('http', 'ws')}/v1/feed`;
    const opened = new WebSocket(url, 'forkline.v1', { headers: { 'x-user-id': user } });
    socket = opened;
    opened.on('open', () => {
      const from = position < 0 ? 'start' : `${position}`;
      opened.send(JSON.stringify({ op: 'subscribe', id: 's', filter, from }));
    });
    opened.on('message', (text) => {
      const { op, event } = JSON.parse(String(text)) as Message;
      if (op !== 'event' || !event || socket !== opened) return;
      position = Number(event.position);
      log.note({ log: 'fed', feed: name, position: event.position, id: event.id });
    });
    opened.on('error', () => {});
    opened.on('close', () => setTimeout(() => connect(turn + 1), 100));
  };
  connect(0);
  return {
    name,
    position: () => position,
    stop: () => {
      isStopped = true;
      socket?.terminate();
    },
  };
};

/** Follows by the client for TypeScript. */
export const startClientFollower = (options: FollowerOptions): Follower => {
  const { name, user, filter, urls, log } = options;
  const client = new ForklineClient({ url: urls[0] ?? '', userId: user });
  let position = -1;
  let isStopped = false;
  log.note(beginning(options));

  const follow = async (): Promise<void> => {
    while (!isStopped) {
      const from = position < 0 ? 'start' : `${position}`;
      try {
        for await (const event of client.feed.subscribe(filter, { from })) {
          position = Number(event.position);
          log.note({ log: 'fed', feed: name, position: event.position, id: event.id });
        }
      } catch {
        // The first connection may fail, as any other may: but for that the client does not try again.
        await delay(200);
      }
    }
  };
  void follow();
  return {
    name,
    position: () => position,
    stop: () => {
      isStopped = true;
      client.close();
    },
  };
};
