import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SignJWT } from 'jose';
import { ForklineClient } from '../../src/client/node-client.js';
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

const clientOf = async (user: string) => {
  const token = await new SignJWT()
    .setSubject(user)
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(secret));
  return new ForklineClient({ url: program.url, token });
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

describe('a client without one', () => {
  it('is told so, over HTTP and on the feed', async () => {
    const nobody = new ForklineClient({ url: program.url });
    const refused = { status: 401, code: 'unauthorized' };
    await expect(nobody.sessions.list()).rejects.toMatchObject(refused);
    await expect(nobody.feed.subscribe().caughtUp()).rejects.toMatchObject(refused);
  });
});
