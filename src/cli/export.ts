import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Command, Option } from 'commander';
import type { ExportQuery } from '../client/client.js';
import { contextOf } from './context.js';
import {
  revisionArgument,
  type StreamReference,
  sessionPlaceArgument,
} from './stream-reference.js';

type Options = Readonly<{ format: 'json' | 'txt' | 'md'; at?: number; output?: string }>;

/** Adds the command `forkline export`. */
export const registerExport = (program: Command): void => {
  program
    .command('export')
    .description('write a session with its messages to a file, or to standard output')
    .argument(
      '<session>',
      'session-<uuid>, or the UUID alone; with @<revision>, as of there',
      sessionPlaceArgument,
    )
    .addOption(
      new Option('--format <format>', 'how').choices(['json', 'txt', 'md']).default('json'),
    )
    .option('--at <revision>', 'as of this revision', revisionArgument)
    .option('-o, --output <file>', 'write to this file')
    .action(async (place: StreamReference, options: Options, command: Command) => {
      const { client } = contextOf(command);
      const { format, at = place.revision, output } = options;
      const query: ExportQuery = { format, ...(at !== undefined && { at }) };
      const body = Readable.fromWeb(await client.sessions.export(idIn(place), query));
      if (output === undefined) await pipeline(body, process.stdout, { end: false });
      else await writeWhole(body, output);
    });
};

const idIn = ({ stream }: StreamReference): string => stream.slice('session-'.length);

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
