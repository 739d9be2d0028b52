import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type FeedFilter,
  type FeedOptions,
  type FeedSubscription,
  ForklineClient,
  type Reconnection,
} from '../../src/client/node-client.js';
import { eventFrame, type FeedPeer, startFeedPeer } from './feed-peer.js';

let peer: FeedPeer;
const open: FeedSubscription[] = [];

beforeEach(async () => {
  peer = await startFeedPeer();
});
afterEach(() => {
  for (const events of open.splice(0)) events.close();
  peer.close();
});

const subscribe = (filter?: FeedFilter, options?: FeedOptions): FeedSubscription => {
  const client = new ForklineClient({ url: peer.url, token: 't-1' });
  const events = client.feed.subscribe(filter, options);
  open.push(events);
  return events;
};

const take = async (events: FeedSubscription, amount: number): Promise<readonly string[]> => {
  const positions: string[] = [];
  for await (const { position } of events) {
    positions.push(position);
    if (positions.length === amount) break;
  }
  return positions;
};

/** Takes from a loop that goes on, without leaving it. */
const loopOf = (events: FeedSubscription) => {
  const iterator = events[Symbol.asyncIterator]();
  return async (): Promise<string | undefined> => {
    const next = await iterator.next();
    return next.done ? undefined : next.value.position;
  };
};

describe('subscribing to the feed', () => {
  it('says who it is and what it wants', async () => {
    subscribe({ topics: ['chat.*'] }, { from: '7' });
    const connection = await peer.connected();
    expect(connection.request.headers.authorization).toBe('Bearer t-1');
    expect(connection.socket.protocol).toBe('forkline.v1');
    expect(await connection.said()).toMatchObject({
      op: 'subscribe',
      filter: { topics: ['chat.*'] },
      from: '7',
    });
  });

  it('acknowledges at once, and then what the loop has taken', async () => {
    const events = subscribe({}, { from: 'start' });
    const connection = await peer.connected();
    await connection.said();
    for (const position of [1, 2, 3]) connection.say(eventFrame(position));
    await take(events, 3);
    const closed = new Promise((resolve) => connection.socket.once('close', resolve));
    await closed;
    expect(connection.acknowledged.at(0)).toBe('0');
    expect(connection.acknowledged.at(-1)).toBe('3');
  });

  it('ends the connection when the loop is left', async () => {
    const events = subscribe();
    const connection = await peer.connected();
    const closed = new Promise<number>((resolve) => connection.socket.once('close', resolve));
    connection.say(eventFrame(1));
    await take(events, 1);
    expect(await closed).toBe(1000);
  });

  it('ends the loop when it is aborted', async () => {
    const aborting = new AbortController();
    const events = subscribe({}, { signal: aborting.signal });
    const connection = await peer.connected();
    const next = loopOf(events);
    connection.say(eventFrame(1));
    expect(await next()).toBe('1');
    const waiting = next();
    aborting.abort();
    expect(await waiting).toBeUndefined();
    await expect(events.caughtUp()).rejects.toMatchObject({ code: 'closed' });
  });

  it('drops what is waiting when it is closed', async () => {
    const events = subscribe({}, { from: 'start' });
    const connection = await peer.connected();
    connection.say(eventFrame(1));
    connection.say({ op: 'caughtUp', id: 'feed', position: '1' });
    await events.caughtUp();
    events.close();
    expect(await take(events, 1)).toEqual([]);
  });
});

describe('a feed whose connection is lost', () => {
  it('goes on after the last event, and passes over what it has seen', async () => {
    const events = subscribe({}, { from: 'start' });
    const next = loopOf(events);
    const first = await peer.connected();
    for (const position of [3, 5]) first.say(eventFrame(position));
    expect([await next(), await next()]).toEqual(['3', '5']);
    first.socket.terminate();

    const second = await peer.connected();
    expect(await second.said()).toMatchObject({ from: '5' });
    for (const position of [3, 5, 9]) second.say(eventFrame(position));
    expect(await next()).toBe('9');
  });

  it('compares positions as numbers however long they are', async () => {
    const events = subscribe({}, { from: '9007199254740993' });
    const connection = await peer.connected();
    const at = (position: string) => {
      const frame = eventFrame(1);
      return { ...frame, event: { ...frame.event, position } };
    };
    for (const position of ['999', '9007199254740992', '9007199254740994', '10000000000000000'])
      connection.say(at(position));
    expect(await take(events, 2)).toEqual(['9007199254740994', '10000000000000000']);
  });

  it('begins where it had caught up, when nothing had happened since now', async () => {
    const events = subscribe();
    const first = await peer.connected();
    expect(await first.said()).toMatchObject({ from: 'now' });
    first.say({ op: 'caughtUp', id: 'feed', position: '41' });
    expect(await events.caughtUp()).toBe('41');
    first.socket.close(1001, 'the server stops');
    const second = await peer.connected();
    expect(await second.said()).toMatchObject({ from: '41' });
  });

  it('is told of, with the reason and where it will go on', async () => {
    const lost: Reconnection[] = [];
    const events = subscribe({}, { onReconnect: (each) => lost.push(each) });
    const first = await peer.connected();
    first.say(eventFrame(7));
    const next = loopOf(events);
    await next();
    first.socket.close(1001, 'the server stops');
    await peer.connected();
    expect(lost).toHaveLength(1);
    expect(lost[0]).toMatchObject({ position: '7', reason: { code: 'disconnected' } });
    expect(lost[0]?.reason.detail).toContain('1001, the server stops');
  });

  it('tries again when the server says not now', async () => {
    const lost: Reconnection[] = [];
    subscribe({}, { onReconnect: (each) => lost.push(each) });
    const first = await peer.connected();
    peer.refuseNext(503, { code: 'store-unavailable', detail: 'a store cannot be reached' });
    first.socket.terminate();
    await peer.connected();
    expect(lost.map(({ reason }) => reason.code)).toEqual(['disconnected', 'store-unavailable']);
  });

  it('ends when the server does not let it in any more', async () => {
    const events = subscribe();
    const first = await peer.connected();
    peer.refuseNext(401, { code: 'unauthorized', detail: 'the token has expired' });
    const next = loopOf(events);
    first.socket.terminate();
    await expect(next()).rejects.toMatchObject({ status: 401, code: 'unauthorized' });
  });

  it('takes what has arrived before it comes back, when it was too slow', async () => {
    const lost: Reconnection[] = [];
    const events = subscribe({}, { from: 'start', onReconnect: (each) => lost.push(each) });
    const first = await peer.connected();
    for (const position of [1, 2, 3]) first.say(eventFrame(position));
    const gone = new Promise((resolve) => first.socket.once('close', resolve));
    first.socket.close(4008, '3');
    await gone;
    const next = loopOf(events);
    expect([await next(), await next()]).toEqual(['1', '2']);
    // Turns enough for the client to see the end of the connection too.
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(lost).toEqual([]);
    expect(await next()).toBe('3');
    const second = await peer.connected();
    expect(await second.said()).toMatchObject({ from: '3' });
    expect(lost).toHaveLength(1);
  });
});

describe('a feed that is refused', () => {
  it('throws what the server says of the subscription', async () => {
    const events = subscribe({ topics: [] });
    const connection = await peer.connected();
    await connection.said();
    connection.say({ op: 'error', id: 'feed', code: 'bad-filter', detail: 'topics: too few' });
    connection.say({ op: 'error', id: 'feed', code: 'subscription-not-found', detail: 'none' });
    await expect(take(events, 1)).rejects.toMatchObject({ code: 'bad-filter' });
    await expect(events.caughtUp()).rejects.toMatchObject({ detail: 'topics: too few' });
  });

  it('throws when the first connection is not let in, for now or for good', async () => {
    peer.refuseNext(503, { code: 'store-unavailable', detail: 'a store cannot be reached' });
    await expect(take(subscribe(), 1)).rejects.toMatchObject({ status: 503 });
  });

  it('throws when nobody is there at first', async () => {
    peer.close();
    await expect(take(subscribe(), 1)).rejects.toMatchObject({
      code: 'unreachable',
      detail: expect.stringContaining('ECONNREFUSED'),
    });
  });
});
