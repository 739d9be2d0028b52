import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  ForklineClient,
  type ForklineEvent,
  TaskFailure,
  type WorkerNews,
} from '../../src/client/node-client.js';
import { type Program, removeFolder, startProgram, temporaryFolder } from '../support/program.js';
import { until } from '../support/until.js';

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
  it('carries out tasks with a function, by two calls for each', async () => {
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
    expect(calls.slice(0, 2)).toEqual(['/v1/workers', '/v1/queues/doubles/claim']);
    expect(calls.slice(2, -1).sort()).toEqual([
      ...Array<string>(5).fill('/v1/queues/doubles/claim'),
      ...Array<string>(6).fill('/v1/tasks/:id/complete'),
    ]);
    expect(calls.at(-1)).toBe('/v1/workers/doubler/stop');
    const last = ids.at(-1) ?? '';
    const { position } = await eventOf(last, 'TaskCompleted');
    expect((await client.tasks.get(last, { after: position })).result).toBe(10);
  });

  it('claims the next while it tells of those that are done, and holds no more than twice as many as it works at', async () => {
    let answer = () => {};
    const answering = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const slow = new ForklineClient({
      url: program.url,
      fetch: async (input, init) => {
        if (String(input).includes('/complete')) await answering;
        return fetch(input, init);
      },
    });
    for (let n = 0; n < 9; n += 1) await submit('slow', n);
    const held: number[] = [];
    let atWork = 0;
    let mostAtWork = 0;
    const told: WorkerNews['type'][] = [];
    const options = { id: 'slow', queues: ['slow'], concurrency: 2, maxTasks: 9 };
    const working = slow.workers.run(
      { ...options, onNews: ({ type }) => told.push(type) },
      async ({ payload }) => {
        held.push(Number(payload));
        atWork += 1;
        mostAtWork = Math.max(mostAtWork, atWork);
        await new Promise((resolve) => setTimeout(resolve, 5));
        atWork -= 1;
      },
    );
    await until(() => held.length === 4 && atWork === 0);
    // One that asked for more would be given it at once.
    const { items } = await client.queues.claim('slow', { workerId: 'another', max: 1 });
    expect(items.map(({ payload }) => payload)).toEqual([4]);
    expect(told.filter((type) => type === 'completed')).toEqual([]);
    expect(held).toEqual([0, 1, 2, 3]);
    const [taken] = items;
    await client.tasks.fail(taken!.id, {
      leaseToken: taken!.leaseToken,
      error: 'not mine',
      retryAfterSeconds: 0,
    });
    answer();
    expect(await working).toEqual({ completed: 9, failed: 0, lost: 0 });
    expect(mostAtWork).toBe(2);
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
