import type { PasswordHash } from './password.js';

/** Somebody whose credentials the server checks. */
export type User = Readonly<{
  login: string;
  fullName: string;
  groups: readonly string[];
  isDisabled: boolean;
  /** Milliseconds since 1970. */
  updatedAt: number;
  password: PasswordHash;
}>;

// The hash of `changeit`, which is no secret: a new store is spared the work of making it.
const hashOfChangeit: PasswordHash = {
  salt: 'Zm9ya2xpbmUgZGVmYXVsdA==',
  hash: '765RRlqity87DCJRUZC8IrUlZMzy2tLZ2T5WruqjpEc=',
};

/** The users that every EventStoreDB begins with, with the password that it documents. */
export const firstUsers = (now: number): readonly User[] => [
  {
    login: 'admin',
    fullName: 'Event Store Administrator',
    groups: ['$admins'],
    isDisabled: false,
    updatedAt: now,
    password: hashOfChangeit,
  },
  {
    login: 'ops',
    fullName: 'Event Store Operations',
    groups: ['$ops'],
    isDisabled: false,
    updatedAt: now,
    password: hashOfChangeit,
  },
];
