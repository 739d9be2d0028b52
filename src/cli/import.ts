import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { type Command, Option } from 'commander';
import {
  type ForklineClient,
  ForklineError,
  type ImportStep,
  type RecordingFormat,
} from '../client/client.js';
import { untilServed } from '../client/until-served.js';
import { CommandFailure } from './command-failure.js';
import { contextOf } from './context.js';
import { importDisplay } from './import-display.js';
import { importTally } from './import-tally.js';
import { inParallel } from './in-parallel.js';
import { recordingFiles } from './recording-files.js';

type Options = Readonly<{ format?: RecordingFormat; verbose?: boolean }>;

const formats: readonly RecordingFormat[] = [
  'openai-messages',
  'swe-agent',
  'mini-swe-agent',
  'tau-bench',
  'forkline',
];
const filesAtOnce = 4;
const warningsShown = 10;

/** Adds the command `forkline import`. */
export const registerImport = (program: Command): void => {
  program
    .command('import')
    .description('bring in recorded runs: each becomes a session and an execution')
    .argument('<path...>', 'files, gzip or plain, or folders of them')
    .addOption(
      new Option('--format <format>', 'recognised from the content by default').choices(formats),
    )
    .option('--verbose', 'show every warning')
    .action(importFiles);
};

const importFiles = async (
  paths: readonly string[],
  { format, verbose }: Options,
  command: Command,
): Promise<void> => {
  const { client, isJson, terminal } = contextOf(command);
  const began = performance.now();
  const files = await recordingFiles(paths);
  if (files.length === 0) throw new CommandFailure(`there is no recording in ${paths.join(', ')}`);
  const tally = importTally();
  const display = importDisplay(files.length, terminal);
  let done = 0;

  try {
    await inParallel(files, filesAtOnce, async (file) => {
      await importFile(client, file, format, (step) => {
        tally.take(file, step);
        if (isJson && 'item' in step) terminal.print(JSON.stringify({ file, ...step.item }));
        display.update(done, tally.counts());
      }).catch((error: unknown) => tally.failed(file, reasonOf(error)));
      done += 1;
      display.update(done, tally.counts());
      display.fileDone(tally.lineFor(file));
    });
  } finally {
    display.end();
  }

  const seconds = (performance.now() - began) / 1000;
  const say = isJson ? terminal.note : terminal.print;
  for (const line of tally.summary(seconds, verbose ? Number.POSITIVE_INFINITY : warningsShown))
    say(line);
  if (tally.hasFailures()) process.exitCode = 1;
};

const importFile = async (
  client: ForklineClient,
  file: string,
  format: RecordingFormat | undefined,
  onStep: (step: ImportStep) => void,
): Promise<void> => {
  const options = { onStep, name: basename(file), ...(format && { format }) };
  const sendFile = async () => {
    const source = createReadStream(file);
    // fetch cannot tell a file that cannot be read from a server that cannot be reached.
    let unreadable: Error | undefined;
    source.on('error', (error) => {
      unreadable = error;
    });
    const recording = Readable.toWeb(source) as ReadableStream<Uint8Array>;
    await client.sessions.import(recording, options).catch((error: unknown) => {
      throw unreadable ?? error;
    });
  };
  // Only while there are too many requests: what else is wrong is told at once.
  await untilServed(sendFile, { retryForMs: 0, isRepeatable: false });
};

/**
 * Why a file did not come in.
 *
 * @throws the error when it says nothing of the file: then the next files would fare no better
 */
const reasonOf = (error: unknown): string => {
  if (error instanceof ForklineError) {
    if (error.status === 0 || error.status === 401 || error.status === 403) throw error;
    return `${error.code}: ${error.detail}`;
  }
  if (error instanceof Error && 'syscall' in error) return error.message;
  throw error;
};
