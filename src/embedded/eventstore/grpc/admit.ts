import type { Metadata } from '@grpc/grpc-js';
import type { Users } from '../users/users.js';
import { unauthenticated } from './errors.js';

/** Checks who calls. @returns undefined at once when there is nothing to check; fails for a wrong one */
export type Admit = (metadata: Metadata) => Promise<void> | undefined;

/**
 * Lets in calls without credentials, as an insecure node does, and checks those that come with some:
 * whoever sends a wrong password should learn of it here rather than from a real cluster.
 */
export const admitKnown =
  (users: Users): Admit =>
  (metadata) => {
    const [header] = metadata.get('authorization');
    return header === undefined ? undefined : check(users, String(header));
  };

const check = async (users: Users, header: string): Promise<void> => {
  const [, encoded] = /^basic +(\S+)$/i.exec(header) ?? [];
  if (encoded === undefined) throw unauthenticated();
  const credentials = Buffer.from(encoded, 'base64').toString();
  const colon = credentials.indexOf(':');
  if (colon === -1) throw unauthenticated();
  if (!(await users.accepts(credentials.slice(0, colon), credentials.slice(colon + 1))))
    throw unauthenticated();
};
