import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type FeedSubscription,
  type ForklineClient,
  forklineClient,
  type Reconnection,
} from '../../src/client/client.js';
import { eventFrame, type FeedPeer, startFeedPeer } from './feed-peer.js';

let peer: FeedPeer;
let client: ForklineClient;

beforeEach(async () => {
  peer = await startFeedPeer();
  client = forklineClient({ url: peer.url, token: 't-1' });
});
afterEach(() => peer.close());

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
    const events = client.feed.subscribe({ topics: ['chat.*'] }, { from: '7' });
    const connection = await peer.connected();
    expect(connection.request.headers.authorization).toBe('Bearer t-1');
    expect(connection.socket.protocol).toBe('forkline.v1');
    expect(await connection.said()).toMatchObject({
      op: 'subscribe',
      filter: { topics: ['chat.*'] },
      from: '7',
    });
    events.close();
  });

  it('acknowledges at once, and then what the loop has taken', async () => {
    const events = client.feed.subscribe({}, { from: 'start' });
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
    const events = client.feed.subscribe();
    const connection = await peer.connected();
    const closed = new Promise<number>((resolve) => connection.socket.once('close', resolve));
    connection.say(eventFrame(1));
    await take(events, 1);
    expect(await closed).toBe(1000);
  });

  it('ends the loop, waiting events and all, when it is closed or aborted', async () => {
    const aborting = new AbortController();
    const events = client.feed.subscribe({}, { signal: aborting.signal });
    const connection = await peer.connected();
    const next = loopOf(events);
    connection.say(eventFrame(1));
    expect(await next()).toBe('1');
    const waiting = next();
    aborting.abort();
    expect(await waiting).toBeUndefined();
    await expect(events.caughtUp()).rejects.toMatchObject({ code: 'closed' });
  });
});

describe('a feed whose connection is lost', () => {
  it('goes on after the last event, and passes over what it has seen', async () => {
    const events = client.feed.subscribe({}, { from: 'start' });
    const next = loopOf(events);
    const first = await peer.connected();
    for (const position of [3, 5]) first.say(eventFrame(position));
    expect([await next(), await next()]).toEqual(['3', '5']);
    first.socket.terminate();

    const second = await peer.connected();
    expect(await second.said()).toMatchObject({ from: '5' });
    for (const position of [3, 5, 9]) second.say(eventFrame(position));
    expect(await next()).toBe('9');
    events.close();
  });

  it('compares positions as numbers however long they are', async () => {
    const events = client.feed.subscribe({}, { from: '9007199254740993' });
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
    const events = client.feed.subscribe();
    const first = await peer.connected();
    expect(await first.said()).toMatchObject({ from: 'now' });
    first.say({ op: 'caughtUp', id: 'feed', position: '41' });
    expect(await events.caughtUp()).toBe('41');
    first.socket.close(1001, 'the server stops');
    const second = await peer.connected();
    expect(await second.said()).toMatchObject({ from: '41' });
    events.close();
  });

  it('is told of, with the reason and where it will go on', async () => {
    const lost: Reconnection[] = [];
    const events = client.feed.subscribe({}, { onReconnect: (each) => lost.push(each) });
    const first = await peer.connected();
    first.say(eventFrame(7));
    const next = loopOf(events);
    await next();
    first.socket.close(1001, 'the server stops');
    await peer.connected();
    expect(lost).toHaveLength(1);
    expect(lost[0]).toMatchObject({ position: '7', reason: { code: 'disconnected' } });
    expect(lost[0]?.reason.detail).toContain('1001, the server stops');
    events.close();
  });

  it('tries again when the server says not now', async () => {
    const lost: Reconnection[] = [];
    const events = client.feed.subscribe({}, { onReconnect: (each) => lost.push(each) });
    const first = await peer.connected();
    peer.refuseNext(503, { code: 'store-unavailable', detail: 'a store cannot be reached' });
    first.socket.terminate();
    await peer.connected();
    expect(lost.map(({ reason }) => reason.code)).toEqual(['disconnected', 'store-unavailable']);
    events.close();
  });

  it('ends when the server does not let it in any more', async () => {
    const events = client.feed.subscribe();
    const first = await peer.connected();
    peer.refuseNext(401, { code: 'unauthorized', detail: 'the token has expired' });
    const next = loopOf(events);
    first.socket.terminate();
    await expect(next()).rejects.toMatchObject({ status: 401, code: 'unauthorized' });
  });

  it('takes what has arrived before it comes back, when it was too slow', async () => {
    const events = client.feed.subscribe({}, { from: 'start' });
    const first = await peer.connected();
    for (const position of [1, 2, 3]) first.say(eventFrame(position));
    first.socket.close(4008, '3');
    const next = loopOf(events);
    let isBack = false;
    const back = peer.connected().then((connection) => {
      isBack = true;
      return connection;
    });
    expect([await next(), await next()]).toEqual(['1', '2']);
    expect(isBack).toBe(false);
    expect(await next()).toBe('3');
    expect(await (await back).said()).toMatchObject({ from: '3' });
    events.close();
  });
});

describe('a feed that is refused', () => {
  it('throws what the server says of the subscription', async () => {
    const events = client.feed.subscribe({ topics: [] });
    const connection = await peer.connected();
    await connection.said();
    connection.say({ op: 'error', id: 'feed', code: 'bad-filter', detail: 'topics: too few' });
    await expect(take(events, 1)).rejects.toMatchObject({ code: 'bad-filter' });
    await expect(events.caughtUp()).rejects.toMatchObject({ detail: 'topics: too few' });
  });

  it('throws when the first connection is not let in, for now or for good', async () => {
    peer.refuseNext(503, { code: 'store-unavailable', detail: 'a store cannot be reached' });
    await expect(take(client.feed.subscribe(), 1)).rejects.toMatchObject({ status: 503 });
  });

  it('throws when nobody is there at first', async () => {
    peer.close();
    await expect(take(client.feed.subscribe(), 1)).rejects.toMatchObject({
      code: 'unreachable',
      detail: expect.stringContaining('ECONNREFUSED'),
    });
  });
});
