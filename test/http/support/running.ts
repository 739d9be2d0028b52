import { afterAll, beforeAll, expect } from '@jest/globals';
import {
  type Program,
  removeFolder,
  startProgram,
  temporaryFolder,
} from '../../support/program.js';
import { type Api, apiOf } from './api.js';

/** The program of a test file, running while its tests do. */
export type Running = Readonly<{
  url(): string;
  /** Calls under a user's name; `local`, an administrator, is who calls without one. */
  as(userId?: string): Api;
  /** Calls with a bearer token. */
  bearing(token: string): Api;
  /** Ends the program as a power cut would, and starts it on the same data. */
  crash(): Promise<void>;
  /** Ends the program as an operator would, and starts it on the same data. */
  restart(): Promise<void>;
}>;

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
    as: (userId) => apiOf(url, userId === undefined ? {} : { 'X-User-Id': userId }),
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
