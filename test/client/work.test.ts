import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  ForklineClient,
  type ForklineEvent,
  TaskFailure,
  type WorkerNews,
} from '../../src/client/node-client.js';
import { type Program, removeFolder, startProgram, temporaryFolder } from '../support/program.js';

let program: Program;
let client: ForklineClient;

beforeAll(async () => {
  program = await startProgram(await temporaryFolder());
  client = new ForklineClient({ url: program.url });
});
afterAll(async () => {
  await program.stop();
  await removeFolder(program.dataDir);
});

const submit = async (queue: string, payload: number): Promise<string> =>
  (await client.tasks.submit({ type: 'double', queue, payload })).id;

const eventOf = async (id: string, type: string): Promise<ForklineEvent> => {
  for await (const event of client.feed.subscribe({ streams: [`task-${id}`] }, { from: 'start' }))
    if (event.type === type) return event;
  throw new Error('the feed ended');
};

describe('running a worker', () => {
  it('carries out tasks with a function, one call for each while it is busy', async () => {
    const calls: string[] = [];
    const counted = new ForklineClient({
      url: program.url,
      fetch: (input, init) => {
        calls.push(new URL(String(input)).pathname.replace(/[0-9a-f-]{36}/, ':id'));
        return fetch(input, init);
      },
    });
    const ids: string[] = [];
    for (let n = 0; n < 6; n += 1) ids.push(await submit('doubles', n));
    const done = await counted.workers.run(
      { id: 'doubler', queues: ['doubles'], maxTasks: 6 },
      async ({ payload }) => Number(payload) * 2,
    );
    expect(done).toEqual({ completed: 6, failed: 0, lost: 0 });
    expect(calls).toEqual([
      ...['/v1/workers', '/v1/queues/doubles/claim'],
      ...Array<string>(6).fill('/v1/tasks/:id/complete'),
      '/v1/workers/doubler/stop',
    ]);
    const last = ids.at(-1) ?? '';
    const { position } = await eventOf(last, 'TaskCompleted');
    expect((await client.tasks.get(last, { after: position })).result).toBe(10);
  });

  it.each([
    ['an error, which may be otherwise next time', new Error('no network'), false],
    ['a failure for good', new TaskFailure('no such page', false), true],
  ])('fails a task with %s', async (_, error, final) => {
    const id = await submit('failures', 1);
    const done = await client.workers.run(
      { id: 'failing', queues: ['failures'], maxTasks: 1 },
      async () => {
        throw error;
      },
    );
    expect(done).toEqual({ completed: 0, failed: 1, lost: 0 });
    const { data } = await eventOf(id, 'TaskAttemptFailed');
    expect(data).toMatchObject({ error: error.message });
    expect('final' in data).toBe(final);
  });

  it('fails a task for good whose result the server does not take', async () => {
    const id = await submit('huge', 1);
    await client.workers.run({ id: 'huge', queues: ['huge'], maxTasks: 1 }, async () =>
      'x'.repeat(300_000),
    );
    const { data } = await eventOf(id, 'TaskAttemptFailed');
    expect(data).toMatchObject({
      error: expect.stringMatching(/the result was refused: .*256 KiB at most/),
      final: true,
    });
  });

  it('stops when the server refuses it, saying so, and throws the refusal', async () => {
    const news: WorkerNews[] = [];
    const problem = { status: 403, code: 'forbidden', title: 'This is for administrators' };
    const refused = new ForklineClient({
      url: program.url,
      fetch: (input, init) =>
        String(input).includes('/claim')
          ? Promise.resolve(Response.json(problem, { status: 403 }))
          : fetch(input, init),
    });
    const options = {
      id: 'refused',
      queues: ['none'],
      onNews: (told: WorkerNews) => news.push(told),
    };
    const working = refused.workers.run(options, async () => undefined);
    await expect(working).rejects.toMatchObject({ code: 'forbidden' });
    expect(news).toEqual([
      { type: 'registered', workerId: 'refused' },
      { type: 'stopping', why: 'refused', running: 0 },
      { type: 'stopped' },
    ]);
  });

  it('registers again when the server takes it for stopped, and goes on', async () => {
    const stopping = new AbortController();
    const news: WorkerNews[] = [];
    const running = client.workers.run(
      {
        ...{ id: 'undead', queues: ['undead'], heartbeatSeconds: 1, signal: stopping.signal },
        onNews: (each) => news.push(each),
      },
      async () => 'done',
    );
    const events = client.feed.subscribe({ streams: ['worker-undead'] }, { from: 'start' });
    const types: string[] = [];
    for await (const { type } of events) {
      types.push(type);
      if (types.length === 1) await client.workers.stop('undead', { stopped: true });
      if (types.length === 3) break;
    }
    expect(types).toEqual(['WorkerRegistered', 'WorkerStopped', 'WorkerRegistered']);
    const id = await submit('undead', 1);
    await eventOf(id, 'TaskCompleted');
    stopping.abort();
    expect(await running).toEqual({ completed: 1, failed: 0, lost: 0 });
    expect(news.at(-1)).toEqual({ type: 'stopped' });
  });
});
