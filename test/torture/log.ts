import { closeSync, openSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogLine } from './log-lines.js';

/** What the clients did and saw, a line of JSON each, in the order in which they knew it. */
export type Log = Readonly<{
  /** Is in the file when it returns, so that what is logged before a command is there before the command. */
  note(line: LogLine): void;
  close(): void;
}>;

const fileIn = (folder: string): string => join(folder, 'clients.ndjson');

export const openLog = (folder: string): Log => {
  const file = openSync(fileIn(folder), 'a');
  return {
    note: (line) => {
      writeSync(file, `${JSON.stringify({ ...line, time: new Date().toISOString() })}\n`);
    },
    close: () => closeSync(file),
  };
};

export const readLog = async (folder: string): Promise<readonly LogLine[]> =>
  (await readFile(fileIn(folder), 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LogLine);
