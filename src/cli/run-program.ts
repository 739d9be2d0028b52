import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type JsonValue, TaskFailure } from '../client/client.js';
import { jsonOrText } from './json-or-text.js';
import { lineSplitter } from './line-splitter.js';
import { type ProgressReport, progressIn } from './progress-line.js';
import { tailOf } from './tail-of.js';

export type ProgramOptions = Readonly<{
  /** Goes to the program's standard input, as JSON. */
  input: JsonValue;
  env: NodeJS.ProcessEnv;
  /** Ends the program when aborted. */
  signal: AbortSignal;
  /** How long it may take to end once it was asked to, in milliseconds. */
  killAfterMs: number;
  onProgress(report: ProgressReport): void;
  /** Told each other line of its standard error. */
  onLine(line: string): void;
}>;

/** The most that a task's result may have. */
const largestResult = 256 * 1024;
/** The same as the program prints it: with spaces, and escaped as it likes. */
const largestOutput = 4 * largestResult;
/** What is kept of standard error to say why a program failed. */
const tailLength = 4_000;
/** How long what the program left behind may keep its output open. */
const straggleMs = 1_000;

/** Of sysexits.h: what is wrong is the task itself, or how things are set up, which trying again does not change. */
const notRetryable: ReadonlySet<number> = new Set([65, 78]);

const groups = new Set<number>();

/**
 * Runs a command line in a shell, as a process group of its own so that what it starts ends with it.
 *
 * @returns what it printed: as JSON if it is that, or else as text; undefined when it printed nothing
 * @throws TaskFailure when it did not end with exit code 0, or printed too much
 */
export const runProgram = async (
  command: string,
  { input, env, signal, killAfterMs, onProgress, onLine }: ProgramOptions,
): Promise<JsonValue | undefined> => {
  const child = spawn('/bin/sh', ['-c', command], { env, detached: true });
  const { pid } = child;
  if (pid === undefined) throw await failureToStart(child);
  groups.add(pid);

  let killing: NodeJS.Timeout | undefined;
  const end = () => {
    signalGroup(pid, 'SIGTERM');
    killing ??= setTimeout(() => signalGroup(pid, 'SIGKILL'), killAfterMs);
  };
  if (signal.aborted) end();
  signal.addEventListener('abort', end);

  const output = collect(child, end);
  const tail = tailOf(tailLength);
  const lines = lineSplitter((line) => {
    const report = progressIn(line);
    if (report) return onProgress(report);
    tail.add(line);
    onLine(line);
  });
  child.stderr.setEncoding('utf8').on('data', lines.take);
  // A program that reads no input, or has ended, is none the worse for it.
  child.stdin.on('error', () => {});
  child.stdin.end(`${JSON.stringify(input)}\n`);

  try {
    const closed = once(child, 'close');
    await once(child, 'exit');
    const straggling = setTimeout(() => {
      signalGroup(pid, 'SIGKILL');
      child.stdout.destroy();
      child.stderr.destroy();
    }, straggleMs);
    await closed;
    clearTimeout(straggling);
  } finally {
    lines.end();
    clearTimeout(killing);
    signal.removeEventListener('abort', end);
    signalGroup(pid, 'SIGKILL');
    groups.delete(pid);
  }
  if (output.isTooLarge()) throw tooLarge(`more than ${largestOutput / 1024} KiB`);
  if (child.exitCode !== 0) throw failureOf(child, tail.text());
  return resultIn(output.text());
};

/** Kills every program at once, and what they started. */
export const killPrograms = (): void => {
  for (const pid of groups) signalGroup(pid, 'SIGKILL');
};

const signalGroup = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody of the group is left.
  }
};

const collect = ({ stdout }: ChildProcess, onTooLarge: () => void) => {
  const chunks: Buffer[] = [];
  let size = 0;
  stdout?.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= largestOutput) chunks.push(chunk);
    else onTooLarge();
  });
  return {
    isTooLarge: () => size > largestOutput,
    text: () => Buffer.concat(chunks).toString('utf8'),
  };
};

const resultIn = (text: string): JsonValue | undefined => {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  const result = jsonOrText(trimmed);
  const size = Buffer.byteLength(JSON.stringify(result));
  if (size > largestResult) throw tooLarge(`${Math.ceil(size / 1024)} KiB`);
  return result;
};

const tooLarge = (size: string): TaskFailure =>
  new TaskFailure(
    `the result has ${size}, and ${largestResult / 1024} KiB is the most: put it somewhere and answer where it is`,
    false,
  );

const failureOf = ({ exitCode, signalCode }: ChildProcess, tail: string): TaskFailure => {
  const ending = exitCode === null ? `ended by ${signalCode}` : `exit code ${exitCode}`;
  const isRetryable = exitCode === null || !notRetryable.has(exitCode);
  return new TaskFailure(tail === '' ? ending : `${ending}\n${tail}`, isRetryable);
};

const failureToStart = async (child: ChildProcess): Promise<TaskFailure> => {
  const [error] = (await once(child, 'error')) as [Error];
  return new TaskFailure(`the program could not be started: ${error.message}`);
};
