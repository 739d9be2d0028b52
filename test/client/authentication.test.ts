import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SignJWT } from 'jose';
import { WebSocket } from 'ws';
import { type ClientOptions, ForklineClient } from '../../src/client/node-client.js';
import { type Program, removeFolder, startProgram, temporaryFolder } from '../support/program.js';

const secret = 'a secret of thirty-two characters or more';
let program: Program;

beforeAll(async () => {
  program = await startProgram(await temporaryFolder(), { AUTH_JWT_SECRET: secret });
});
afterAll(async () => {
  await program.stop();
  await removeFolder(program.dataDir);
});

const clientOf = async (user: string, more: Partial<ClientOptions> = {}) => {
  const token = await new SignJWT()
    .setSubject(user)
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(secret));
  return new ForklineClient({ url: program.url, token, ...more });
};

describe('a client with a token', () => {
  it('acts for its user, over HTTP and on the feed', async () => {
    const [ann, bob] = [await clientOf('ann'), await clientOf('bob')];
    const events = ann.feed.subscribe();
    await events.caughtUp();
    const hidden = await bob.sessions.create({ title: 'Of Bob' });
    const { id, position } = await ann.sessions.create({ title: 'Of Ann' });
    expect(await ann.sessions.get(id, { after: position })).toMatchObject({ userId: 'ann' });
    await expect(ann.sessions.get(hidden.id)).rejects.toMatchObject({ status: 404 });
    for await (const event of events) {
      expect(event.data).toMatchObject({ title: 'Of Ann' });
      break;
    }
  });
});

describe('a client with a WebSocket such as browsers have', () => {
  it('says in the address who it is, and goes on with the feed from where it broke', async () => {
    const opened: WebSocket[] = [];
    class Observed extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        opened.push(this);
      }
    }
    const client = await clientOf('cat', { WebSocket: Observed });
    const events = client.feed.subscribe({ types: ['SessionCreated'] });
    await events.caughtUp();
    const titles: unknown[] = [];
    await client.sessions.create({ title: '1' });
    for await (const { data } of events) {
      titles.push(data.title);
      if (titles.length === 3) break;
      opened.at(-1)?.terminate();
      await client.sessions.create({ title: String(titles.length + 1) });
    }
    expect(titles).toEqual(['1', '2', '3']);
    expect(opened.length).toBe(3);
  });

  it('ends its subscriptions when it is closed', async () => {
    const client = await clientOf('cat', { WebSocket });
    const events = client.feed.subscribe();
    await events.caughtUp();
    client.close();
    for await (const event of events) throw new Error(`there is no ${event.type} to come`);
    await expect(client.sessions.list()).rejects.toMatchObject({ code: 'closed' });
  });

  it('is not let in without a token', async () => {
    const nobody = new ForklineClient({ url: program.url, WebSocket });
    const refused = { status: 0, code: 'unreachable' };
    await expect(nobody.feed.subscribe().caughtUp()).rejects.toMatchObject(refused);
    const named = new ForklineClient({ url: program.url, userId: 'cat', WebSocket });
    const unsaid = { code: 'unsupported' };
    await expect(named.feed.subscribe().caughtUp()).rejects.toMatchObject(unsaid);
  });
});

describe('a client without one', () => {
  it('is told so, over HTTP and on the feed', async () => {
    const nobody = new ForklineClient({ url: program.url });
    const refused = { status: 401, code: 'unauthorized' };
    await expect(nobody.sessions.list()).rejects.toMatchObject(refused);
    await expect(nobody.feed.subscribe().caughtUp()).rejects.toMatchObject(refused);
  });
});
