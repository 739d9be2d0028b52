import { appendFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { randomFrom } from '../../support/faulty-store.js';

// A worker as users write them, over HTTP alone, on several nodes that may be away. It fails some
// attempts, is silent beyond its lease in others, and notes down each completion that was confirmed.
// Arguments: name, queue, seed, file to note in, addresses of the nodes.

type Task = Readonly<{ id: string; leaseToken: string; attempt: number }>;
type Answer = Readonly<{ status: number; body: Record<string, unknown> }>;

const [name = '', queue = '', seed = '', notes = '', ...nodes] = process.argv.slice(2);
const random = randomFrom(Number(seed));
const leaseSeconds = 2;
const claim = { max: 10, workerId: name, leaseSeconds, waitSeconds: 5 };

/** Asks one node after another until one answers. */
const post = async (path: string, body: object): Promise<Answer> => {
  for (let attempt = Math.floor(random() * nodes.length); ; attempt++) {
    try {
      const response = await fetch(`${nodes[attempt % nodes.length]}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      const answer = (await response.json()) as Record<string, unknown>;
      if (response.status < 500) return { status: response.status, body: answer };
    } catch {
      // The node is away: another one may be there.
    }
    await delay(50);
  }
};

const note = ({ id, leaseToken }: Task): void => appendFileSync(notes, `${id} ${leaseToken}\n`);

/** Completes tasks, now one by one and now all together, with which the next ones may be claimed. */
const complete = async (done: readonly Task[]): Promise<readonly Task[]> => {
  const items = done.map(({ id, leaseToken, attempt }) => ({ id, leaseToken, result: attempt }));
  if (items.length === 0 || random() < 0.5) {
    const completing = items.map(async ({ id, ...completion }, index) => {
      const { status } = await post(`/v1/tasks/${id}/complete`, completion);
      if (status === 200) note(done[index] as Task);
      else if (status !== 409) throw new Error(`completing ${id} was answered with ${status}`);
    });
    await Promise.all(completing);
    return [];
  }
  const { waitSeconds: _, ...next } = claim;
  const { body } = await post('/v1/tasks/complete', { items, claim: { queue, ...next } });
  const left: Task[] = [];
  for (const [index, { status }] of (body.items as readonly Answer[]).entries()) {
    const task = done[index] as Task;
    if (status === 200) note(task);
    else if (status >= 500) left.push(task);
    else if (status !== 409) throw new Error(`completing ${task.id} was answered with ${status}`);
  }
  const { items: claimed } = body.claimed as { items: readonly Task[] };
  return [...left, ...claimed];
};

/** Draws what becomes of an attempt. @returns the task, if it is to be completed */
const carryOut = async (task: Task): Promise<readonly Task[]> => {
  const fate = random();
  if (fate < 0.05) {
    const { id, leaseToken } = task;
    await post(`/v1/tasks/${id}/fail`, { leaseToken, error: 'as drawn', retryAfterSeconds: 0 });
    return [];
  }
  if (fate < 0.06) await delay(leaseSeconds * 1_000 + 1_500);
  return [task];
};

for (;;) {
  const { body } = await post(`/v1/queues/${queue}/claim`, claim);
  let held = body.items as readonly Task[];
  while (held.length > 0) held = await complete((await Promise.all(held.map(carryOut))).flat());
}
