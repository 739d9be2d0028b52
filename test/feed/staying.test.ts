import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { type FeedServer, startFeedServer } from './support/feed-server.js';
import { SseClient } from './support/sse-client.js';
import { eventually } from './support/waiting.js';

let server: FeedServer;
let answer: () => Promise<boolean> = async () => true;
/** Who was asked about, one after another. */
const asked: string[] = [];

const mayStay = (user: string) => {
  asked.push(user);
  return answer();
};
beforeAll(async () => {
  server = await startFeedServer({
    webSocket: {
      mayStay: async ({ headers }, { userId }) =>
        headers['x-user-id'] === userId && mayStay(userId),
      mayStayEveryMs: 20,
    },
    sse: { mayStay: () => mayStay('sse'), mayStayEveryMs: 20 },
  });
});
afterAll(() => server.stop());

const open = async (user: string): Promise<WebSocket> => {
  const url = `ws://127.0.0.1:${server.port}/v1/feed`;
  const socket = new WebSocket(url, 'forkline.v1', { headers: { 'X-User-Id': user } });
  await once(socket, 'open');
  return socket;
};

/** Resolves once it was asked a few times more. */
const askedAgain = async (user: string): Promise<void> => {
  const before = asked.length;
  const isAgain = () => asked.slice(before).filter((each) => each === user).length >= 3;
  await eventually(isAgain, `${user} is asked about`);
};

describe('a client of the feed', () => {
  it('stays while it is who it was, and while nobody can tell', async () => {
    answer = async () => true;
    const socket = await open('ann');
    const sse = await SseClient.connect(server.port, 'ann', 'from=now');
    await askedAgain('ann');
    await askedAgain('sse');
    answer = () => Promise.reject(new Error('nobody can tell'));
    await askedAgain('ann');
    await askedAgain('sse');
    expect(socket.readyState).toBe(WebSocket.OPEN);
    expect(sse.isOver).toBe(false);
    socket.terminate();
    sse.response.destroy();
  });

  it('has to leave once it no longer is: with 4001, or the end of its events', async () => {
    answer = async () => true;
    const socket = await open('ann');
    const sse = await SseClient.connect(server.port, 'ann', 'from=now');
    const closed = once(socket, 'close');
    answer = async () => false;
    const [code, reason] = (await closed) as [number, Buffer];
    expect({ code, reason: `${reason}` }).toEqual({
      code: 4001,
      reason: 'the token is no longer taken',
    });
    await eventually(() => sse.isOver, 'the events end');
  });

  it('is asked about no more once it has gone', async () => {
    answer = async () => true;
    const socket = await open('carl');
    const other = await open('dora');
    await askedAgain('carl');
    socket.close();
    await once(socket, 'close');
    await askedAgain('dora');
    const before = asked.filter((user) => user === 'carl').length;
    await askedAgain('dora');
    expect(asked.filter((user) => user === 'carl')).toHaveLength(before);
    other.terminate();
  });
});
