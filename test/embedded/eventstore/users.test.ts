import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestServer, type TestServer } from './support/server.js';
import { basic, failureOf, usersClient } from './support/users-client.js';

const require = createRequire(import.meta.url);
const { StreamsClient } = require('@eventstore/db-client/generated/streams_grpc_pb.js');
const { convertToCommandError } = require('@eventstore/db-client/dist/utils/CommandError.js');

let test: TestServer;
let users: ReturnType<typeof usersClient>;
beforeAll(async () => {
  test = await startTestServer();
  users = usersClient(test.server.port);
});
afterAll(async () => {
  users.close();
  await test.stop();
});

const create = (login: string, password = 'secret', groups: readonly string[] = []) =>
  users.call('Create', {
    LoginName: login,
    Password: password,
    FullName: `${login} by name`,
    GroupsList: groups,
  });

const isAccepted = async (login: string, password: string): Promise<boolean> => {
  try {
    await users.details('admin', basic(login, password));
    return true;
  } catch (error) {
    expect((error as ServiceError).code).toBe(status.UNAUTHENTICATED);
    return false;
  }
};

describe('credentials', () => {
  it('let in admin and ops with the password that everybody knows', async () => {
    expect(await isAccepted('admin', 'changeit')).toBe(true);
    expect(await isAccepted('ops', 'changeit')).toBe(true);
  });

  it('are not needed', async () => {
    expect((await users.details()).map(({ loginName }) => loginName)).toContain('admin');
  });

  it.each([
    ['a wrong password', basic('admin', 'changed')],
    ['an unknown user', basic('nobody', 'changeit')],
    ['another scheme', withHeader('Bearer changeit')],
    ['no password', withHeader(`Basic ${Buffer.from('admin').toString('base64')}`)],
  ])('are refused when they are wrong: %s', async (_, metadata) => {
    const failure = await users.details('', metadata).then(
      () => undefined,
      (error: ServiceError) => error,
    );
    expect(failure?.code).toBe(status.UNAUTHENTICATED);
    expect(convertToCommandError(failure as ServiceError)).toMatchObject({ type: 'access-denied' });
  });

  it('are refused by calls that stream to the server too', async () => {
    const client = new StreamsClient(`127.0.0.1:${test.server.port}`, credentials.createInsecure());
    const wrong = basic('admin', 'wrong');
    const classic = await new Promise<ServiceError>((resolve) => {
      client.append(wrong, resolve);
    });
    expect(classic.code).toBe(status.UNAUTHENTICATED);
    const batch = await new Promise<ServiceError>((resolve) => {
      client.batchAppend(wrong).on('error', resolve);
    });
    expect(batch.code).toBe(status.UNAUTHENTICATED);
    client.close();
  });
});

function withHeader(value: string): Metadata {
  const metadata = new Metadata();
  metadata.set('authorization', value);
  return metadata;
}

describe('users', () => {
  it('are told of with names, groups and the time of their last change', async () => {
    const before = BigInt(Date.now()) * 10_000n;
    await create('ada', 'secret', ['writers', 'readers']);
    const after = BigInt(Date.now()) * 10_000n;
    const [ada] = await users.details('ada');
    expect(ada).toMatchObject({
      loginName: 'ada',
      fullName: 'ada by name',
      groupsList: ['writers', 'readers'],
      disabled: false,
    });
    const updated = BigInt(ada?.lastUpdated.ticksSinceEpoch ?? 0);
    expect(updated >= before && updated <= after).toBe(true);
  });

  it('can be created again as they are, and not otherwise', async () => {
    await create('same', 'secret', ['a']);
    await create('same', 'secret', ['a']);
    const conflict = {
      code: status.FAILED_PRECONDITION,
      exception: 'user-conflict',
      login: 'same',
    };
    expect(await failureOf(create('same', 'other', ['a']))).toEqual(conflict);
    expect(await failureOf(create('same', 'secret', ['b']))).toEqual(conflict);
  });

  it('get other names and groups by an update, and keep their password', async () => {
    await create('renamed');
    await users.call('Update', {
      LoginName: 'renamed',
      FullName: 'Another',
      GroupsList: ['moved'],
    });
    expect(await users.details('renamed')).toMatchObject([
      { fullName: 'Another', groupsList: ['moved'] },
    ]);
    expect(await isAccepted('renamed', 'secret')).toBe(true);
  });

  it('are not let in while they are disabled', async () => {
    await create('absent');
    expect(await isAccepted('absent', 'secret')).toBe(true);
    await users.call('Disable', { LoginName: 'absent' });
    expect(await isAccepted('absent', 'secret')).toBe(false);
    expect(await users.details('absent')).toMatchObject([{ disabled: true }]);
    await users.call('Enable', { LoginName: 'absent' });
    expect(await isAccepted('absent', 'secret')).toBe(true);
  });

  it('change their password if they know the old one', async () => {
    await create('changing');
    const change = (current: string) =>
      users.call('ChangePassword', {
        LoginName: 'changing',
        CurrentPassword: current,
        NewPassword: 'new',
      });
    expect(await failureOf(change('wrong'))).toMatchObject({
      code: status.PERMISSION_DENIED,
      exception: 'access-denied',
    });
    await change('secret');
    expect(await isAccepted('changing', 'secret')).toBe(false);
    expect(await isAccepted('changing', 'new')).toBe(true);
  });

  it('get a new password without the old one', async () => {
    await create('forgetful');
    await users.call('ResetPassword', { LoginName: 'forgetful', NewPassword: 'new' });
    expect(await isAccepted('forgetful', 'secret')).toBe(false);
    expect(await isAccepted('forgetful', 'new')).toBe(true);
  });

  it('are gone once deleted', async () => {
    await create('leaving');
    expect(await isAccepted('leaving', 'secret')).toBe(true);
    await users.call('Delete', { LoginName: 'leaving' });
    expect(await isAccepted('leaving', 'secret')).toBe(false);
    expect((await users.details()).map(({ loginName }) => loginName)).not.toContain('leaving');
  });

  it.each([
    ['Update', {}],
    ['Delete', {}],
    ['Enable', {}],
    ['Disable', {}],
    ['ChangePassword', { CurrentPassword: 'a', NewPassword: 'b' }],
    ['ResetPassword', { NewPassword: 'b' }],
  ])('that do not exist are not found: %s', async (method, fields) => {
    expect(await failureOf(users.call(method, { LoginName: 'unknown', ...fields }))).toEqual({
      code: status.NOT_FOUND,
      exception: 'user-not-found',
      login: 'unknown',
    });
  });

  it('that do not exist have no details', async () => {
    expect(await failureOf(users.details('unknown'))).toEqual({
      code: status.NOT_FOUND,
      exception: 'user-not-found',
      login: 'unknown',
    });
  });

  it('survive a restart, the changes to the first ones included', async () => {
    const own = await startTestServer();
    const before = usersClient(own.server.port);
    const fields = { LoginName: 'kept', Password: 'in the file?', FullName: '', GroupsList: [] };
    await before.call('Create', fields);
    await before.call('ResetPassword', { LoginName: 'admin', NewPassword: 'mine' });
    await before.call('Delete', { LoginName: 'ops' });
    before.close();
    await own.restart();
    const after = usersClient(own.server.port);
    const found = await after.details('', basic('kept', 'in the file?'));
    expect(found.map(({ loginName }) => loginName)).toEqual(['admin', 'kept']);
    expect(await after.details('admin', basic('admin', 'mine'))).toHaveLength(1);
    expect(await failureOf(after.details('', basic('admin', 'changeit')))).toMatchObject({
      code: status.UNAUTHENTICATED,
    });
    const stored = await readFile(join(own.dataDir, 'users.mdb'));
    expect(stored.includes('kept')).toBe(true);
    expect(stored.includes('in the file?')).toBe(false);
    after.close();
    await own.stop();
  });
});
