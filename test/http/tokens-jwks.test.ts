import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { listen, urlOf } from '../../src/http/listen.js';
import { type Program, removeFolder, startProgram, temporaryFolder } from '../support/program.js';
import { apiOf } from './support/api.js';
import { expectProblem } from './support/expect-problem.js';
import { bodyOf, createSession } from './support/making.js';

describe('with public keys for tokens configured', () => {
  let keys: Awaited<ReturnType<typeof generateKeyPair>>;
  let others: Awaited<ReturnType<typeof generateKeyPair>>;
  let program: Program;
  const issuer = createServer(async (_, response) => {
    const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'key-1', alg: 'RS256', use: 'sig' };
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ keys: [jwk] }));
  });

  beforeAll(async () => {
    [keys, others] = await Promise.all([generateKeyPair('RS256'), generateKeyPair('RS256')]);
    await listen(issuer, 0, '127.0.0.1');
    program = await startProgram(await temporaryFolder(), { AUTH_JWKS_URL: urlOf(issuer) });
  });
  afterAll(async () => {
    await program.stop();
    await removeFolder(program.dataDir);
    issuer.close();
  });

  type SigningKey = Parameters<SignJWT['sign']>[0];
  const token = (sub: string, key: SigningKey, header: { alg: string; kid: string }) =>
    new SignJWT({ sub }).setProtectedHeader(header).setExpirationTime('1h').sign(key);
  const bearing = (value: string) => apiOf(() => program.url, { Authorization: `Bearer ${value}` });

  it('a token signed with one of them names its caller', async () => {
    const header = { alg: 'RS256', kid: 'key-1' };
    const ann = bearing(await token('ann', keys.privateKey, header));
    const bob = bearing(await token('bob', keys.privateKey, header));
    const { id, position } = await createSession(ann);
    const path = `/v1/sessions/${id}?after=${position}`;
    expect(await bodyOf(ann.get(path))).toMatchObject({ userId: 'ann' });
    expectProblem(await bob.get(path), 'session-not-found', 404);
  });

  it('a token is refused that is signed with another key, or with the public one as a secret', async () => {
    const secret = new TextEncoder().encode(await exportSPKI(keys.publicKey));
    for (const forged of [
      await token('ann', others.privateKey, { alg: 'RS256', kid: 'key-1' }),
      await token('ann', others.privateKey, { alg: 'RS256', kid: 'key-2' }),
      await token('ann', secret, { alg: 'HS256', kid: 'key-1' }),
    ])
      expectProblem(await bearing(forged).get('/v1/sessions'), 'unauthorized', 401);
  });
});
