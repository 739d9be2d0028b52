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

const completeOne = async (task: Task): Promise<void> => {
  const { id, leaseToken, attempt } = task;
  const { status } = await post(`/v1/tasks/${id}/complete`, { leaseToken, result: attempt });
  if (status === 200) note(task);
  else if (status !== 409) throw new Error(`completing ${id} was answered with ${status}`);
};

/** Completes tasks together and claims as many with it. @returns those, and what could not be completed for now */
const completeTogether = async (done: readonly Task[]): Promise<readonly Task[]> => {
  const items = done.map(({ id, leaseToken, attempt }) => ({ id, leaseToken, result: attempt }));
  const next = { queue, max: 10, workerId: name, leaseSeconds };
  const { body } = await post('/v1/tasks/complete', { items, claim: next });
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

/** Carries out tasks, and completes them now one by one and now all together. @returns those that are held then */
const carryOut = async (tasks: readonly Task[]): Promise<readonly Task[]> => {
  const done: Task[] = [];
  const failing: Promise<unknown>[] = [];
  for (const task of tasks) {
    const fate = random();
    const { id, leaseToken } = task;
    const failed = { leaseToken, error: 'as drawn', retryAfterSeconds: 0 };
    if (fate < 0.05) failing.push(post(`/v1/tasks/${id}/fail`, failed));
    // The others do not wait for one that is silent beyond its lease.
    else if (fate < 0.06) void delay(leaseSeconds * 1_000 + 1_500).then(() => completeOne(task));
    else done.push(task);
  }
  const isTogether = done.length > 0 && random() < 0.5;
  const completing = isTogether
    ? completeTogether(done)
    : Promise.all(done.map(completeOne)).then(() => []);
  const [next] = await Promise.all([completing, ...failing]);
  return next;
};

for (;;) {
  const { body } = await post(`/v1/queues/${queue}/claim`, claim);
  let held = body.items as readonly Task[];
  while (held.length > 0) held = await carryOut(held);
}
