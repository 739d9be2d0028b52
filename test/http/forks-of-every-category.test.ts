import { expect, it } from '@jest/globals';
import type { Written } from './support/api.js';
import { expectProblem } from './support/expect-problem.js';
import { bodyOf, createSession, eventsOf, forkOf } from './support/making.js';
import { sharing } from './support/running.js';
import { claimTasks, submitTask } from './support/tasks.js';

const server = sharing();
const ann = server.as('ann');

type State = Readonly<Record<string, unknown>>;

const stateOf = async (stream: string, at?: number): Promise<State> => {
  const query = at === undefined ? '' : `?at=${at}`;
  return (await bodyOf(ann.get<{ state: State }>(`/v1/streams/${stream}/state${query}`))).state;
};

const shownOf = (path: string, { position }: Written): Promise<State> =>
  bodyOf(ann.get<State>(`${path}?after=${position}`));

it('forks an interrupt at every revision, open again where it was open', async () => {
  const { id: sessionId } = await createSession(ann);
  const asked = await bodyOf(
    ann.post('/v1/interrupts', {
      ...{ kind: 'confirmation', requestId: 'r-1', sessionId, message: 'Deploy?' },
    }),
  );
  await bodyOf(ann.post(`/v1/interrupts/${asked.id}/respond`, { approved: true }));
  const before = await eventsOf(ann, asked.stream);

  const open = await forkOf(ann, asked.stream, 0);
  const forkedFrom = { stream: asked.stream, revision: 0 };
  const shown = await shownOf(`/v1/interrupts/${open.id}`, open);
  expect(shown).toMatchObject({ status: 'pending', ttlSeconds: 3_600, forkedFrom });
  expect(await stateOf(open.stream)).toMatchObject({
    ...{ status: 'pending', ttlSeconds: 3_600, expiresAt: shown.expiresAt },
  });

  const closed = await forkOf(ann, asked.stream, 1);
  expect(await shownOf(`/v1/interrupts/${closed.id}`, closed)).toMatchObject({
    status: 'resolved',
  });
  expect(await stateOf(closed.stream)).not.toHaveProperty('expiresAt');

  const amendments = [{ type: 'RespondToInterrupt', approved: false }];
  const otherwise = await forkOf(ann, asked.stream, 0, { amendments });
  expect(await shownOf(`/v1/interrupts/${otherwise.id}`, otherwise)).toMatchObject({
    ...{ status: 'resolved', response: { approved: false } },
  });
  expect(await eventsOf(ann, asked.stream)).toEqual(before);
});

it('forks a task at every revision, outside its queue until it is retried', async () => {
  const task = await submitTask(ann, 'forks');
  const [held] = await claimTasks(ann, 'forks');
  const done = { leaseToken: held?.leaseToken, result: 1 };
  await bodyOf(ann.post(`/v1/tasks/${task.id}/complete`, done));
  for (const [at, status] of ['cancelled', 'cancelled', 'completed'].entries()) {
    const fork = await forkOf(ann, task.stream, at);
    expect(await shownOf(`/v1/tasks/${fork.id}`, fork)).toMatchObject({ status, inert: true });
  }
  const again = await forkOf(ann, task.stream, 1, { amendments: [{ type: 'RetryTask' }] });
  const [claimed] = await claimTasks(ann, 'forks');
  expect(claimed?.id).toBe(again.id);
});

it('forks a worker, which takes no amendments', async () => {
  const worker = await bodyOf(ann.post('/v1/workers', { id: 'w-1', queues: ['forks'] }));
  const stream = 'worker-w-1';
  const fork = await forkOf(ann, stream, 0);
  expect(await stateOf(fork.stream)).toMatchObject({ queues: ['forks'] });
  expect(worker.stream).toBe(stream);
  const amended = { at: 0, amendments: [{ type: 'StopWorker' }] };
  expectProblem(await ann.post(`/v1/streams/${stream}/forks`, amended), 'bad-request', 400);
});
