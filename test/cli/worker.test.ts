import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ForklineClient } from '../../src/client/node-client.js';
import { type Program, removeFolder, startProgram, temporaryFolder } from '../support/program.js';
import { forkline } from './cli.js';
import { eventOf, scriptIn, startWorker, typesOf } from './worker-process.js';

let program: Program;
let client: ForklineClient;
let folder: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  program = await startProgram(join(folder, 'data'));
  client = new ForklineClient({ url: program.url });
});
afterAll(async () => {
  expect(await program.stop()).toBe(0);
  await removeFolder(folder);
});

const submit = async (queue: string, fields: object = {}): Promise<string> =>
  (await client.tasks.submit({ type: 'demo', queue, ...fields })).id;

const worker = (queue: string, exec: string, ...args: readonly string[]) =>
  startWorker(program.url, exec, ['--queue', queue, ...args]);

/** What a script waits for: `wait_for <file>`. */
const waitFor = 'wait_for() { while [ ! -e "$1" ]; do sleep 0.02; done; }';

describe('a task done by a program', () => {
  it('is given on standard input and in the environment, and its result taken as JSON', async () => {
    const sessionId = (await client.sessions.create()).id;
    const id = await submit('results', { payload: { n: 1 }, sessionId, type: 'add' });
    const exec = await scriptIn(
      folder,
      'result.sh',
      `printf '{"payload": %s, "env": "%s"}' "$(cat)" \\
        "$FORKLINE_TASK_ID $FORKLINE_TASK_TYPE $FORKLINE_QUEUE $FORKLINE_ATTEMPT/$FORKLINE_MAX_ATTEMPTS $FORKLINE_SESSION_ID $FORKLINE_EXECUTION_ID $FORKLINE_WORKER_ID"`,
    );
    const running = worker('results', exec, '--once', '--id', 'one');
    expect(await running.ended()).toBe(0);
    const { position } = await eventOf(client, `task-${id}`, 'TaskCompleted');
    const { status, result, workerId } = await client.tasks.get(id, { after: position });
    expect({ status, result, workerId }).toEqual({
      ...{ status: 'completed', workerId: 'one' },
      result: { payload: { n: 1 }, env: `${id} add results 1/3 ${sessionId}  one` },
    });
    const { tasks, status: standing } = await client.workers.get('one', { after: position });
    expect(tasks).toEqual({ active: 0, completed: 1, failed: 0 });
    expect(['active', 'stopped']).toContain(standing);
    expect(await typesOf(client, 'worker-one')).toEqual(['WorkerRegistered', 'WorkerStopped']);
  });

  it.each([
    ['text that is not JSON', 'echo "two words"', 'two words'],
    ['nothing', 'exit 0', undefined],
  ])('may have as its result %s', async (_, exec, expected) => {
    const id = await submit('texts');
    expect(await worker('texts', exec, '--once').ended()).toBe(0);
    const { position } = await eventOf(client, `task-${id}`, 'TaskCompleted');
    expect((await client.tasks.get(id, { after: position })).result).toBe(expected);
  });

  it('shows how far it is, by words or by JSON on standard error', async () => {
    const id = await submit('slow');
    const gate = join(folder, 'gate');
    const exec = await scriptIn(
      folder,
      'progress.sh',
      `${waitFor}
      echo 'progress 40 reading files' >&2; echo 'no report' >&2; wait_for ${gate}
      echo '{"progress": 100, "status": "all read"}' >&2; wait_for ${gate}-2`,
    );
    const running = worker('slow', exec, '--once');
    const { position } = await eventOf(client, `task-${id}`, 'TaskProgressed');
    expect((await client.tasks.get(id, { after: position })).progress).toEqual({
      ...{ percent: 40, status: 'reading files' },
    });
    expect(await running.news('said')).toMatchObject({ taskId: id, line: 'no report' });
    await writeFile(gate, '');
    let last = {};
    for await (const { type, data } of client.feed.subscribe(
      { streams: [`task-${id}`] },
      { from: position },
    ))
      if (type === 'TaskProgressed') {
        last = data;
        break;
      }
    expect(last).toMatchObject({ percent: 100, status: 'all read' });
    await writeFile(`${gate}-2`, '');
    expect(await running.ended()).toBe(0);
  });

  it('is tried again after a failure, whose end of standard error is kept', async () => {
    const id = await submit('shaky');
    const exec = `[ $FORKLINE_ATTEMPT = 2 ] || { echo first >&2; echo 'no network' >&2; exit 3; }`;
    const running = worker('shaky', exec, '--max-tasks', '2');
    expect(await running.ended()).toBe(1);
    const { data } = await eventOf(client, `task-${id}`, 'TaskAttemptFailed');
    expect(data).toMatchObject({
      error: 'exit code 3\nfirst\nno network',
      retryAt: expect.any(String),
    });
    expect(await running.news('failed', id)).toMatchObject({ attempt: 1, retryable: true });
    expect(await running.news('completed', id)).toMatchObject({ attempt: 2 });
    expect((await typesOf(client, `task-${id}`)).at(-1)).toBe('TaskCompleted');
  });

  it.each([
    ['that says so by exit code 65', 'exit 65', 'exit code 65'],
    [
      'by a result that is too large',
      'head -c 300000 /dev/zero | tr "\\0" x',
      'the result has 293 KiB',
    ],
    ['by output without end', 'yes', 'the result has more than 1024 KiB'],
  ])('is given up at once after a failure %s', async (_, exec, error) => {
    const id = await submit('hopeless');
    expect(await worker('hopeless', exec, '--once').ended()).toBe(1);
    const { data } = await eventOf(client, `task-${id}`, 'TaskAttemptFailed');
    expect(data).toMatchObject({ error: expect.stringContaining(error), final: true });
    expect((await eventOf(client, `task-${id}`, 'TaskDeadLettered')).data).toMatchObject({
      reason: 'not-retryable',
    });
  });
});

describe('a worker', () => {
  it('does as many tasks at once as it may, and no more', async () => {
    const meeting = join(folder, 'meeting');
    await mkdir(meeting);
    // Each waits until three are there.
    const exec = await scriptIn(
      folder,
      'meet.sh',
      `: > ${meeting}/$FORKLINE_TASK_ID
      while [ $(ls ${meeting} | wc -l) -lt 3 ]; do sleep 0.02; done
      ls ${meeting} | wc -l`,
    );
    const ids = await Promise.all([1, 2, 3].map(() => submit('meeting')));
    const running = worker('meeting', exec, '--concurrency', '3', '--max-tasks', '3');
    expect(await running.ended()).toBe(0);
    expect((await readdir(meeting)).sort()).toEqual([...ids].sort());

    const alone = join(folder, 'alone');
    const single = await scriptIn(
      folder,
      'alone.sh',
      `mkdir ${alone} && sleep 0.1 && rmdir ${alone}`,
    );
    await Promise.all([1, 2, 3].map(() => submit('alone')));
    expect(await worker('alone', single, '--max-tasks', '3').ended()).toBe(0);
  });

  it('takes from several queues, and from all whose names begin alike', async () => {
    const running = startWorker(program.url, 'echo done', [
      ...['--queue', 'mail.*', '--queue', 'web', '--max-tasks', '3', '--heartbeat', '1'],
    ]);
    await running.news('registered');
    const ids = [await submit('web'), await submit('mail.in'), await submit('mail.out')];
    expect(await running.ended()).toBe(0);
    for (const id of ids)
      expect((await typesOf(client, `task-${id}`)).at(-1)).toBe('TaskCompleted');
  });

  it('says what is wrong with how it is called', async () => {
    const { code, errors } = await forkline(program.url, ['worker', '--exec', 'true']);
    expect(code).toBe(2);
    expect(errors).toContain("required option '--queue <name>' not specified");
    const wrong = await forkline(program.url, [
      'worker',
      '--queue',
      'q',
      '--exec',
      'true',
      '--concurrency',
      '0',
    ]);
    expect(wrong.code).toBe(2);
  });

  it('is refused under an id that somebody else has', async () => {
    await new ForklineClient({ url: program.url, userId: 'ann' }).workers.register({
      ...{ id: 'anns', queues: ['q'] },
    });
    const env = { FORKLINE_USER_ID: 'bob' };
    const args = ['worker', '--queue', 'q', '--exec', 'true', '--id', 'anns'];
    const { code, errors } = await forkline(program.url, args, env);
    expect({ code, errors }).toEqual({
      code: 1,
      errors: 'worker-already-exists: There is another worker with this id\n',
    });
  });
});
