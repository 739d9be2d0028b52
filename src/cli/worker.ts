import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { type Command, InvalidArgumentError } from 'commander';
import type { ClaimedTask, WorkerNews } from '../client/client.js';
import { CommandFailure } from './command-failure.js';
import { type Context, contextOf } from './context.js';
import { killPrograms, runProgram } from './run-program.js';
import { several } from './several.js';
import { untilSignalled } from './until-signalled.js';
import { type ProgramLine, workerLine } from './worker-line.js';

type Options = Readonly<{
  queue: readonly string[];
  exec: string;
  id?: string;
  concurrency: number;
  lease: number;
  heartbeat: number;
  grace: number;
  killAfter: number;
  once?: true;
  maxTasks?: number;
}>;

/** Adds the command `forkline worker`. */
export const registerWorker = (program: Command): void => {
  program
    .command('worker')
    .description('take tasks from queues and run a program for each, until Ctrl-C')
    .requiredOption(
      '--queue <name>',
      'to take from; mail.* for all that begin so (several times: any)',
      several,
    )
    .requiredOption(
      '--exec <command>',
      'run by sh: payload on standard input, result on standard output',
    )
    .option(
      '--id <id>',
      'of this worker, the same after a restart (the host and a random end)',
      idArgument,
    )
    .option('--concurrency <n>', 'how many tasks at once', atLeastOne, 1)
    .option(
      '--lease <seconds>',
      'after how long without a sign from here others may have a task',
      atLeastOne,
      30,
    )
    .option('--heartbeat <seconds>', 'how often to say that the worker is there', atLeastOne, 10)
    .option('--grace <seconds>', 'how long programs may go on once the worker stops', seconds, 30)
    .option(
      '--kill-after <seconds>',
      'how long a program may take to end once it is asked to',
      seconds,
      5,
    )
    .option('--once', 'end after one task')
    .option('--max-tasks <n>', 'end after so many tasks', atLeastOne)
    .addHelpText('after', about)
    .action(async (options: Options, command: Command) => {
      await runWorker(options, contextOf(command));
    });
};

const about = `
The program finds the task in FORKLINE_TASK_ID, _TASK_TYPE, _QUEUE, _ATTEMPT, _MAX_ATTEMPTS,
_SESSION_ID, _EXECUTION_ID and _WORKER_ID. On standard error, 'progress 40 reading files' says how
far it is. Exit code 0 completes the task, 65 or 78 fails it for good, any other is tried again.`;

const runWorker = async (options: Options, { client, url, isJson, terminal }: Context) => {
  const { queue: queues, exec, concurrency, once } = options;
  const id = options.id ?? ownName();
  const say = (news: WorkerNews | ProgramLine) =>
    terminal.print(isJson ? jsonLine(news) : workerLine(news, terminal));
  const stopping = new AbortController();
  void untilSignalled().then(() => stopping.abort());
  // Whatever ends this process, a second Ctrl-C above all, ends the programs.
  process.on('exit', killPrograms);
  const maxTasks = once ? 1 : options.maxTasks;

  const done = await client.workers.run(
    {
      id,
      queues,
      concurrency,
      onNews: say,
      signal: stopping.signal,
      leaseSeconds: options.lease,
      heartbeatSeconds: options.heartbeat,
      graceSeconds: options.grace,
      ...(maxTasks !== undefined && { maxTasks }),
    },
    (task, { signal, progress }) =>
      runProgram(exec, {
        input: task.payload,
        env: { ...process.env, FORKLINE_URL: url, FORKLINE_WORKER_ID: id, ...environmentOf(task) },
        signal,
        killAfterMs: options.killAfter * 1_000,
        onProgress: ({ percent, status }) => progress(percent, status),
        onLine: (line) => say({ type: 'said', task, line }),
      }),
  );
  const unsuccessful = done.failed + done.lost;
  if (maxTasks !== undefined && unsuccessful > 0)
    throw new CommandFailure(`${unsuccessful} of ${maxTasks} did not succeed`);
};

const environmentOf = (task: ClaimedTask): Readonly<Record<string, string | undefined>> => ({
  FORKLINE_TASK_ID: task.id,
  FORKLINE_TASK_TYPE: task.type,
  FORKLINE_QUEUE: task.queue,
  FORKLINE_ATTEMPT: String(task.attempt),
  FORKLINE_MAX_ATTEMPTS: String(task.maxAttempts),
  // Those of another task that this process was started for are not this one's.
  FORKLINE_SESSION_ID: task.sessionId,
  FORKLINE_EXECUTION_ID: task.executionId,
});

const jsonLine = (news: WorkerNews | ProgramLine): string => {
  const { type, ...rest } = news;
  const time = new Date().toISOString();
  if (!('task' in rest)) return JSON.stringify({ time, event: type, ...rest });
  const { task, ...more } = rest;
  const { id: taskId, type: taskType, queue, attempt } = task;
  return JSON.stringify({ time, event: type, taskId, taskType, queue, attempt, ...more });
};

const ownName = (): string => {
  const host =
    hostname()
      .replace(/[^A-Za-z0-9._-]/g, '-')
      .slice(0, 80) || 'worker';
  return `${host}-${randomBytes(4).toString('hex')}`;
};

const numberFrom =
  (least: number) =>
  (text: string): number => {
    if (!/^\d{1,6}$/.test(text) || Number(text) < least)
      throw new InvalidArgumentError(`Expected a whole number, ${least} or more.`);
    return Number(text);
  };
const seconds = numberFrom(0);
const atLeastOne = numberFrom(1);

const idArgument = (text: string): string => {
  if (!/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/.test(text))
    throw new InvalidArgumentError(
      'Expected 1 to 100 letters, digits, dots, hyphens or underscores.',
    );
  return text;
};
