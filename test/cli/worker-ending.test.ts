import { spawnSync } from 'node:child_process';
import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ForklineClient } from '../../src/client/node-client.js';
import { type Program, removeFolder, startProgram, temporaryFolder } from '../support/program.js';
import { until } from '../support/until.js';
import { eventOf, scriptIn, startWorker, typesOf } from './worker-process.js';

let program: Program;
let client: ForklineClient;
let folder: string;
let gate: string;

/** One of its own for each test. */
let queue: string;
let tests = 0;

beforeAll(async () => {
  program = await startProgram(await temporaryFolder());
  client = new ForklineClient({ url: program.url });
});
afterAll(async () => {
  await program.stop();
  await removeFolder(program.dataDir);
});
beforeEach(async () => {
  folder = await temporaryFolder();
  gate = join(folder, 'gate');
  tests += 1;
  queue = `q-${tests}`;
});
afterEach(() => removeFolder(folder));

const submit = async (fields: object = {}): Promise<string> =>
  (await client.tasks.submit({ type: 'demo', queue, ...fields })).id;

const worker = (exec: string, ...args: readonly string[]) =>
  startWorker(program.url, exec, ['--queue', queue, ...args]);

/** Waits at the gate. Asked to end, it notes that and ends. */
const waiting = () =>
  scriptIn(
    folder,
    'waiting.sh',
    `trap ': > ${folder}/told; exit 1' TERM
    echo 'progress 1' >&2
    while [ -d ${folder} ] && [ ! -e ${gate} ]; do sleep 0.02; done
    echo through`,
  );

/** Whether there is such a process, and it is more than a zombie. */
const isRunning = (pid: string): boolean =>
  /^[^Z\s]/.test(spawnSync('ps', ['-o', 'stat=', '-p', pid], { encoding: 'utf8' }).stdout);

const told = () => access(join(folder, 'told'));

describe('a worker that is ended in the middle of a task', () => {
  it('lets it finish, and takes no other', async () => {
    const [first, second] = [await submit(), await submit()];
    const running = worker(await waiting(), '--id', 'w');
    await running.news('progress', first);
    running.send('SIGTERM');
    expect(await running.news('stopping')).toMatchObject({ why: 'signal', running: 1 });
    await writeFile(gate, '');
    expect(await running.ended()).toBe(0);
    expect((await typesOf(client, `task-${first}`)).at(-1)).toBe('TaskCompleted');
    expect(await typesOf(client, `task-${second}`)).toEqual(['TaskSubmitted']);
    expect(await typesOf(client, 'worker-w')).toEqual(['WorkerRegistered', 'WorkerStopped']);
  });

  it('ends the program after the grace, and gives the task back', async () => {
    const id = await submit({ maxAttempts: 10 });
    const running = worker(await waiting(), '--grace', '0');
    await running.news('progress', id);
    running.send('SIGINT');
    expect(await running.ended()).toBe(0);
    await told();
    const { data } = await eventOf(client, `task-${id}`, 'TaskAttemptFailed');
    expect(data).toMatchObject({ error: 'the worker stopped', retryAt: expect.any(String) });
  });

  it('ends the program and what it started at once when asked a second time', async () => {
    const id = await submit();
    const pids = join(folder, 'pids');
    const exec = await scriptIn(
      folder,
      'deaf.sh',
      `trap '' TERM
      sh -c 'trap "" TERM; echo $$ >> ${pids}; while :; do sleep 0.05; done' &
      echo 'progress 1' >&2; wait; while :; do sleep 0.05; done`,
    );
    const running = worker(exec);
    await running.news('progress', id);
    // What it started may begin after it has said so.
    const written = () => readFile(pids, 'utf8').catch(() => '');
    await until(async () => (await written()).endsWith('\n'));
    running.send('SIGTERM');
    await running.news('stopping');
    running.send('SIGTERM');
    expect(await running.ended()).toBe('SIGTERM');
    expect(await typesOf(client, `task-${id}`)).not.toContain('TaskAttemptFailed');
    const pid = (await readFile(pids, 'utf8')).trim();
    while (isRunning(pid)) await nextTurn();
  });

  it('stops when the server asks it to', async () => {
    const id = await submit();
    const running = worker(await waiting(), '--id', 'asked', '--heartbeat', '1');
    await running.news('progress', id);
    await client.workers.stop('asked');
    expect(await running.news('stopping')).toMatchObject({ why: 'asked' });
    await writeFile(gate, '');
    expect(await running.ended()).toBe(0);
    expect(await typesOf(client, 'worker-asked')).toEqual([
      ...['WorkerRegistered', 'WorkerStopRequested', 'WorkerStopped'],
    ]);
  });
});

describe('a task in hand', () => {
  it('is ended when somebody cancels it', async () => {
    const id = await submit();
    const running = worker(await waiting(), '--lease', '1', '--once');
    await running.news('progress', id);
    await client.tasks.cancel(id, { reason: 'not needed' });
    expect(await running.news('ending')).toMatchObject({ reason: 'cancel-requested' });
    await running.ended();
    await told();
    expect((await typesOf(client, `task-${id}`)).slice(-2)).toEqual([
      ...['TaskAttemptFailed', 'TaskCancelled'],
    ]);
  });

  it('is ended when the lease is lost, and done by who has it then', async () => {
    const id = await submit();
    const running = worker(await waiting(), '--lease', '1', '--once', '--id', 'frozen');
    await running.news('progress', id);
    running.send('SIGSTOP');
    const { data } = await eventOf(client, `task-${id}`, 'TaskLeaseExpired');
    expect(data).toEqual({ queue, workerId: 'frozen', reason: 'lease-expired' });
    const other = worker('echo other', '--once');
    await other.news('completed', id);
    running.send('SIGCONT');
    expect(await running.news('ending')).toMatchObject({ reason: 'lease-lost' });
    expect(await running.news('lost', id)).toMatchObject({ event: 'lost' });
    expect(await running.ended()).toBe(1);
    await told();
    await until(async () => (await client.tasks.get(id)).status === 'completed');
    expect((await client.tasks.get(id)).result).toBe('other');
  });

  it('goes to another worker when its own is killed', async () => {
    const id = await submit();
    const killed = worker(await waiting(), '--lease', '1', '--heartbeat', '1', '--id', 'killed');
    await killed.news('progress', id);
    killed.send('SIGKILL');
    const other = worker('echo other', '--once', '--id', 'other');
    expect(await other.news('completed', id)).toMatchObject({ attempt: 2 });
    const { data, created } = await eventOf(client, `task-${id}`, 'TaskLeaseExpired');
    expect(data).toEqual({ queue, workerId: 'killed', reason: 'lease-expired' });
    const claimed = await eventOf(client, `task-${id}`, 'TaskClaimed');
    expect(created >= String(claimed.data.leaseExpiresAt)).toBe(true);
    const lost = await eventOf(client, 'worker-killed', 'WorkerLost');
    const { tasks, status } = await client.workers.get('killed', { after: lost.position });
    expect({ status, tasks }).toEqual({
      ...{ status: 'lost', tasks: { active: 0, completed: 0, failed: 1 } },
    });
    await writeFile(gate, '');
  });

  it('is completed although the server was away when it was done', async () => {
    const id = await submit();
    const port = new URL(program.url).port;
    const running = worker(await waiting(), '--lease', '600', '--once');
    await running.news('progress', id);
    await program.kill();
    await writeFile(gate, '');
    await running.news('unreachable');
    program = await startProgram(program.dataDir, { PORT: port });
    await running.news('reachable');
    expect(await running.ended()).toBe(0);
    expect((await typesOf(client, `task-${id}`)).at(-1)).toBe('TaskCompleted');
  });
});
