import { createRequire } from 'node:module';
import { credentials, Metadata, type ServiceError } from '@grpc/grpc-js';

const require = createRequire(import.meta.url);
const { UsersClient } = require('@eventstore/db-client/generated/users_grpc_pb.js');
const messages = require('@eventstore/db-client/generated/users_pb.js');

export type Details = Readonly<{
  loginName: string;
  fullName: string;
  groupsList: readonly string[];
  lastUpdated: { ticksSinceEpoch: string };
  disabled: boolean;
}>;

type Fields = Readonly<Record<string, string | readonly string[]>>;
type Request = { setOptions(options: unknown): void };

/** Metadata with the credentials of a user. */
export const basic = (login: string, password: string): Metadata => {
  const metadata = new Metadata();
  metadata.set('authorization', `Basic ${Buffer.from(`${login}:${password}`).toString('base64')}`);
  return metadata;
};

const request = (name: string, fields: Fields): Request => {
  const made = new messages[`${name}Req`]();
  const options = new messages[`${name}Req`].Options();
  for (const [field, value] of Object.entries(fields)) options[`set${field}`](value);
  made.setOptions(options);
  return made;
};

/** What a failed call told: its code and the trailers that decide which error a client raises. */
export const failureOf = async (call: Promise<unknown>) => {
  try {
    await call;
  } catch (error) {
    const { code, metadata } = error as ServiceError;
    const [exception] = metadata.get('exception');
    const [login] = metadata.get('login-name');
    return { code, exception, login };
  }
  throw new Error('expected a failure');
};

/** The Users service by its generated stubs; the client has no API for it. */
export const usersClient = (port: number) => {
  const client = new UsersClient(`127.0.0.1:${port}`, credentials.createInsecure());
  return {
    /** @param method such as `ChangePassword` @param fields by the names of their setters */
    call: (method: string, fields: Fields, metadata = new Metadata()): Promise<void> =>
      new Promise((resolve, reject) => {
        const name = method.charAt(0).toLowerCase() + method.slice(1);
        client[name](request(method, fields), metadata, (error: ServiceError | null) =>
          error ? reject(error) : resolve(),
        );
      }),
    details: async (login = '', metadata = new Metadata()): Promise<Details[]> => {
      const found: Details[] = [];
      for await (const response of client.details(
        request('Details', { LoginName: login }),
        metadata,
      ))
        found.push(response.getUserDetails().toObject());
      return found;
    },
    close: () => client.close(),
  };
};
