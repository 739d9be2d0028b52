import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freshStream, write } from './support/events.js';
import type { FeedClient } from './support/feed-client.js';
import { type FeedServer, startFeedServer } from './support/feed-server.js';

let server: FeedServer;
beforeAll(async () => {
  server = await startFeedServer();
});
afterAll(() => server.stop());

const told = async (message: unknown): Promise<object> => {
  const client = await server.connect('ann');
  client.say(message);
  const error = await client.error();
  await goesOn(client);
  await client.end();
  return error;
};

/** What was refused has no effect on anything else. */
const goesOn = async (client: FeedClient) => {
  const stream = freshStream();
  await client.caughtUp('next', { filter: { streams: [stream] } });
  await write(server.store, stream, 1);
  await client.told('next', 1);
};

const subscribing = (more: object) => ({
  op: 'subscribe',
  id: 'a',
  filter: {},
  from: 'now',
  ...more,
});

describe('a message is refused, and the connection goes on, when', () => {
  it('it is not JSON', async () => {
    const error = { op: 'error', code: 'malformed-json', detail: 'a message is one JSON object' };
    expect(await told('{"op":')).toEqual(error);
    expect(await told('[]')).toEqual(error);
    expect(await told('null')).toEqual(error);
  });

  it('its op is unknown', async () => {
    expect(await told({ op: 'shout', id: 'a' })).toEqual({
      op: 'error',
      id: 'a',
      code: 'unknown-op',
      detail: 'op is one of subscribe, unsubscribe, ack, ping',
    });
    expect(await told({ op: 'constructor' })).toMatchObject({ code: 'unknown-op' });
    expect(await told({})).toMatchObject({ code: 'unknown-op' });
  });

  it('its filter has an unknown field', async () => {
    expect(await told(subscribing({ filter: { stream: 'a-1' } }))).toEqual({
      op: 'error',
      id: 'a',
      code: 'bad-filter',
      detail: 'filter: Unrecognized key: "stream"',
    });
  });

  it('its filter asks for nothing, or for what is no name', async () => {
    const refused = { op: 'error', id: 'a', code: 'bad-filter' };
    expect(await told(subscribing({ filter: { types: [] } }))).toMatchObject(refused);
    expect(await told(subscribing({ filter: { types: 'Counted' } }))).toMatchObject(refused);
    expect(await told(subscribing({ filter: { streams: [''] } }))).toMatchObject(refused);
    expect(await told(subscribing({ filter: { sessionId: 7 } }))).toMatchObject(refused);
    expect(await told(subscribing({ filter: [] }))).toMatchObject(refused);
  });

  it('it begins nowhere', async () => {
    const refused = {
      op: 'error',
      id: 'a',
      code: 'bad-message',
      detail: 'from: must be "now", "start" or a position',
    };
    expect(await told(subscribing({ from: 'yesterday' }))).toEqual(refused);
    expect(await told(subscribing({ from: '-1' }))).toEqual(refused);
    expect(await told(subscribing({ from: 12 }))).toEqual(refused);
    expect(await told(subscribing({ from: '9999999999999999' }))).toEqual(refused);
  });

  it('it has an unknown field, or none it needs', async () => {
    expect(await told(subscribing({ until: '9' }))).toMatchObject({ code: 'bad-message' });
    expect(await told({ op: 'subscribe' })).toMatchObject({ code: 'bad-message' });
    expect(await told({ op: 'ack', id: 'a' })).toMatchObject({ code: 'bad-message', id: 'a' });
    expect(await told({ op: 'subscribe', id: '' })).toMatchObject({ code: 'bad-message' });
  });

  it('it is about a subscription that there is not', async () => {
    const refused = { op: 'error', id: 'b', code: 'subscription-not-found' };
    expect(await told({ op: 'unsubscribe', id: 'b' })).toMatchObject(refused);
    expect(await told({ op: 'ack', id: 'b', position: '7' })).toMatchObject(refused);
  });

  it('its id is in use', async () => {
    const stream = freshStream();
    const client = await server.connect('ann');
    await client.caughtUp('a', { filter: { streams: [stream] } });
    client.subscribe('a', { from: 'start' });
    expect(await client.error()).toMatchObject({ id: 'a', code: 'duplicate-subscription' });
    await write(server.store, stream, 1);
    expect(await client.told('a', 1)).toHaveLength(1);
    await client.end();
  });

  it('there are a thousand subscriptions already', async () => {
    const client = await server.connect('ann');
    for (let n = 1; n <= 1_001; n++) client.subscribe(`s${n}`, {});
    expect(await client.error()).toEqual({
      op: 'error',
      id: 's1001',
      code: 'too-many-subscriptions',
      detail: 'the limit is 1000',
    });
    await client.until(({ messages }) => messages.length === 2_001);
    client.say({ op: 'unsubscribe', id: 's1' });
    await client.caughtUp('s1001', {});
    await client.end();
  });

  it('it has more than 64 KiB', async () => {
    const padded = (size: number) => `{"op":"ping"}`.padEnd(size);
    expect(await told(padded(64 * 1024 + 1))).toEqual({
      op: 'error',
      code: 'message-too-large',
      detail: 'a message has at most 65536 bytes',
    });
    const client = await server.connect('ann');
    client.say(padded(64 * 1024));
    await client.until(({ messages }) => messages.some(({ op }) => op === 'pong'));
    await client.end();
  });
});

describe('a connection', () => {
  it('ends when a message is larger than anything sensible', async () => {
    const client = await server.connect('ann');
    client.say('x'.repeat(1024 * 1024 + 1));
    await client.until(({ closed }) => closed !== undefined);
    expect(client.closed?.code).toBe(1009);
  });

  it('answers a ping', async () => {
    const client = await server.connect('ann');
    client.say({ op: 'ping' });
    await client.until(({ messages }) => messages.length > 0);
    expect(client.messages).toEqual([{ op: 'pong' }]);
    await client.end();
  });
});
