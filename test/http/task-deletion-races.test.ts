import { expect, it } from '@jest/globals';
import { v4 } from 'uuid';
import type { Reply, Written } from './support/api.js';
import { expectProblem } from './support/expect-problem.js';
import { bodyOf, createSession } from './support/making.js';
import { sharing } from './support/running.js';
import { type ClaimedTask, claimTasks, submitTask } from './support/tasks.js';

type Bulk = Readonly<{ items: readonly Readonly<{ status: number; body: Written }>[] }>;

const server = sharing();
const ann = server.as('ann');

it('a session deleted for good leaves none of its tasks behind, and no number wrong, whatever goes on', async () => {
  const outcomes = new Set<number>();
  for (let round = 0; round < 12; round += 1) {
    const { id: sessionId } = await createSession(ann);
    const queue = v4();
    const task = { type: 't', queue, sessionId };
    await submitTask(ann, queue, { sessionId });
    await submitTask(ann, queue, { sessionId });
    const [held] = await claimTasks(ann, queue);
    const { id, leaseToken } = held!;
    const calls: readonly (() => Promise<Reply<unknown>>)[] = [
      () => ann.post('/v1/tasks', task),
      () => ann.post('/v1/tasks', [task, task, task]),
      () => ann.post(`/v1/tasks/${id}/fail`, { leaseToken, error: 'x', retryAfterSeconds: 60 }),
      () => ann.post(`/v1/queues/${queue}/claim`, { workerId: 'w-2', max: 9 }),
    ];
    const remove = async () => {
      // Other requests in between let the rest get ahead, some further than others.
      for (let ahead = round % 6; ahead > 0; ahead -= 1) await ann.get(`/v1/sessions/${sessionId}`);
      return bodyOf(ann.delete(`/v1/sessions/${sessionId}?hard=true`));
    };
    const [removed, one, many, , claimed] = await Promise.all([
      remove(),
      ...calls.map((call) => call()),
    ]);
    const made = [
      ...(one!.status === 201 ? [(one!.body as Written).id] : []),
      ...(many!.body as Bulk).items.flatMap(({ status, body }) =>
        status === 201 ? [body.id] : [],
      ),
      ...(claimed!.body as { items: readonly ClaimedTask[] }).items.map((item) => item.id),
      id,
    ];
    outcomes.add(one!.status);
    for (const gone of made) {
      const path = `/v1/tasks/${gone}?after=${removed.position}`;
      expectProblem(await ann.get(path), 'task-not-found', 404);
      expectProblem(await ann.post(`/v1/tasks/${gone}/retry`), 'task-not-found', 404);
    }
    expect(await bodyOf(ann.get(`/v1/queues/${queue}?after=${removed.position}`))).toMatchObject({
      ...{ ready: 0, delayed: 0, running: 0, dead: 0, oldestReady: null },
    });
  }
  // Before the deletion and after it.
  expect([...outcomes].sort()).toEqual([201, 404]);
});
