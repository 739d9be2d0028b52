import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Command, Option } from 'commander';
import type { ExportQuery } from '../client/client.js';
import { contextOf } from './context.js';
import { revisionArgument, sessionArgument } from './stream-reference.js';

type Options = Readonly<{ format: 'json' | 'txt' | 'md'; at?: number; output?: string }>;

/** `forkline export` */
export const registerExport = (program: Command): void => {
  program
    .command('export')
    .description('write a session with its messages to a file, or to standard output')
    .argument('<session>', 'session-<uuid>, or the UUID alone', sessionArgument)
    .addOption(
      new Option('--format <format>', 'how').choices(['json', 'txt', 'md']).default('json'),
    )
    .option('--at <revision>', 'as of this revision', revisionArgument)
    .option('-o, --output <file>', 'write to this file')
    .action(async (id: string, { format, at, output }: Options, command: Command) => {
      const { client } = contextOf(command);
      const query: ExportQuery = { format, ...(at !== undefined && { at }) };
      const body = Readable.fromWeb(await client.sessions.export(id, query));
      if (output === undefined) await pipeline(body, process.stdout, { end: false });
      else await writeWhole(body, output);
    });
};

/** Writes a file that is there only once it is complete. */
const writeWhole = async (body: Readable, file: string): Promise<void> => {
  const partial = `${file}.part`;
  try {
    await pipeline(body, createWriteStream(partial));
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
};
