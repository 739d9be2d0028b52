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

const carryOut = async ({ id, leaseToken, attempt }: Task): Promise<void> => {
  const fate = random();
  if (fate < 0.05) {
    await post(`/v1/tasks/${id}/fail`, { leaseToken, error: 'as drawn', retryAfterSeconds: 0 });
    return;
  }
  if (fate < 0.06) await delay(leaseSeconds * 1_000 + 1_500);
  const { status } = await post(`/v1/tasks/${id}/complete`, { leaseToken, result: attempt });
  if (status === 200) appendFileSync(notes, `${id} ${leaseToken}\n`);
  else if (status !== 409) throw new Error(`completing ${id} was answered with ${status}`);
};

for (;;) {
  const { body } = await post(`/v1/queues/${queue}/claim`, claim);
  await Promise.all((body.items as readonly Task[]).map(carryOut));
}
