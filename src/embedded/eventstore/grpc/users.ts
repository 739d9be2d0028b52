import { status } from '@grpc/grpc-js';
import { bytesField, emptyMessage, stringField, uintField } from '../../../protobuf/writer.js';
import type { User } from '../users/user.js';
import type { UserRefusal, Users } from '../users/users.js';
import { ticksPerMs } from '../wire/ticks.js';
import { readUserRequest } from '../wire/user-requests.js';
import { CallFailed, invalidArgument } from './errors.js';
import { Responses } from './responses.js';
import type { ServerStream, Service, UnaryCall } from './service.js';

/** The Users service. On an insecure node everybody may do everything here too. */
export const usersService = (users: Users): Service => {
  const create = async ({ request }: UnaryCall) => {
    const { login, second: password, third: fullName, groups } = readUserRequest(request);
    if (!login) throw invalidArgument('the user has no login name');
    return answer(login, await users.create({ login, password, fullName, groups }));
  };
  // As in EventStoreDB, the password that this request has room for is not looked at.
  const update = async ({ request }: UnaryCall) => {
    const { login, third: fullName, groups } = readUserRequest(request);
    return answer(login, await users.update(login, { fullName, groups }));
  };
  const remove = async ({ request }: UnaryCall) => {
    const { login } = readUserRequest(request);
    return answer(login, await users.delete(login));
  };
  const disable =
    (isDisabled: boolean) =>
    async ({ request }: UnaryCall) => {
      const { login } = readUserRequest(request);
      return answer(login, await users.update(login, { isDisabled }));
    };
  const changePassword = async ({ request }: UnaryCall) => {
    const { login, second: current, third: next } = readUserRequest(request);
    return answer(login, await users.changePassword(login, current, next));
  };
  const resetPassword = async ({ request }: UnaryCall) => {
    const { login, second: next } = readUserRequest(request);
    return answer(login, await users.resetPassword(login, next));
  };
  const details = async (call: ServerStream) => {
    const { login } = readUserRequest(call.request);
    const found = login ? [users.get(login)] : users.all();
    const responses = new Responses(call);
    for (const user of found) {
      if (!user) throw failureOf(login, 'user-not-found');
      responses.send(bytesField(1, userDetails(user)));
    }
  };
  return {
    name: 'event_store.client.users.Users',
    methods: {
      Create: { kind: 'unary', serve: create },
      Update: { kind: 'unary', serve: update },
      Delete: { kind: 'unary', serve: remove },
      Disable: { kind: 'unary', serve: disable(true) },
      Enable: { kind: 'unary', serve: disable(false) },
      Details: { kind: 'server-stream', serve: details },
      ChangePassword: { kind: 'unary', serve: changePassword },
      ResetPassword: { kind: 'unary', serve: resetPassword },
    },
  };
};

const answer = (login: string, refusal: UserRefusal | undefined): Buffer => {
  if (refusal) throw failureOf(login, refusal);
  return emptyMessage;
};

const failureOf = (login: string, refusal: UserRefusal): CallFailed => {
  switch (refusal) {
    case 'user-not-found':
      return new CallFailed(status.NOT_FOUND, `User '${login}' is not found.`, {
        exception: refusal,
        'login-name': login,
      });
    case 'user-conflict':
      return new CallFailed(status.FAILED_PRECONDITION, `User '${login}' exists.`, {
        exception: refusal,
        'login-name': login,
      });
    case 'wrong-password':
      return new CallFailed(status.PERMISSION_DENIED, 'The current password is another one.', {
        exception: 'access-denied',
      });
  }
};

const userDetails = ({ login, fullName, groups, updatedAt, isDisabled }: User): Buffer =>
  Buffer.concat([
    stringField(1, login),
    stringField(2, fullName),
    ...groups.map((group) => stringField(3, group)),
    bytesField(4, uintField(1, updatedAt * ticksPerMs)),
    uintField(5, isDisabled ? 1 : 0),
  ]);
