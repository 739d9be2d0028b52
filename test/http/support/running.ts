import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect } from '@jest/globals';
import {
  type Program,
  removeFolder,
  startProgram,
  temporaryFolder,
} from '../../support/program.js';
import { type Api, apiOf } from './api.js';

/** A program that runs while a file's tests do. */
export type Shared = Readonly<{
  url(): string;
  /** Calls under a user's name; `local`, an administrator, is who calls without one. */
  as(userId?: string): Api;
}>;

/** The program of a test file alone. */
export type Running = Shared &
  Readonly<{
    /** Calls with a bearer token. */
    bearing(token: string): Api;
    /** Ends the program as a power cut would, and starts it on the same data. */
    crash(): Promise<void>;
    /** Ends the program as an operator would, and starts it on the same data. */
    restart(): Promise<void>;
  }>;

/**
 * The program that test files share, several at a time: for files whose tests look only at what they made themselves,
 * by its ids, and whose queues, workers and idempotency keys have names that no other such file uses.
 */
export const sharing = (): Shared => {
  let url = '';
  beforeAll(async () => {
    url = await text(connect(Number(process.env.FORKLINE_TEST_DESK), '127.0.0.1'));
    expect(url).toMatch(/^http:/);
  });
  return { url: () => url, as: (userId) => callsUnder(() => url, userId) };
};

const callsUnder = (url: () => string, userId?: string): Api =>
  apiOf(url, userId === undefined ? {} : { 'X-User-Id': userId });

/** Starts the program before a file's tests, on an empty folder, and ends it after them. */
export const running = (settings: Readonly<Record<string, string>> = {}): Running => {
  let program: Program;
  beforeAll(async () => {
    program = await startProgram(await temporaryFolder(), settings);
  });
  afterAll(async () => {
    expect(await program.stop()).toBe(0);
    await removeFolder(program.dataDir);
  });
  const url = () => program.url;
  return {
    url,
    as: (userId) => callsUnder(url, userId),
    bearing: (token) => apiOf(url, { Authorization: `Bearer ${token}` }),
    crash: async () => {
      await program.kill();
      program = await startProgram(program.dataDir, settings);
    },
    restart: async () => {
      await program.stop();
      program = await startProgram(program.dataDir, settings);
    },
  };
};
