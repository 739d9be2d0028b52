import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { ownerOf } from './wants.js';

/**
 * What is asked of a process that writes: so many requests that change something, and so many events a
 * second, or 0 for as many as can be.
 */
export type ToWriter = Readonly<{
  url: string;
  sessions: readonly string[];
  requests: number;
  perSecond: number;
  /** How many tasks a request submits, each of which is an event. */
  tasksTogether: number;
}>;

/** How long that took, in milliseconds. */
export type Wrote = Readonly<{ ms: number }>;

const writerCount = 20;
const agent = new Agent({ keepAlive: true, maxSockets: writerCount });

const send = (url: string, method: string, user: string, body: object): Promise<void> =>
  new Promise((resolve, reject) => {
    const headers = { 'Content-Type': 'application/json', 'X-User-Id': user };
    const sent = request(url, { method, headers, agent }, async (response) => {
      const answer = await text(response);
      if ((response.statusCode ?? 500) < 300) resolve();
      else reject(new Error(`${method} ${url}: ${answer}`));
    });
    sent.on('error', reject);
    sent.end(JSON.stringify(body));
  });

const make = async ({ url, sessions }: ToWriter): Promise<void> => {
  for (const [n, id] of sessions.entries())
    await send(`${url}/v1/sessions`, 'POST', ownerOf(n), { id });
};

/** The nth request: of the sessions in turns a message, another title, and tasks. */
const change = ({ url, sessions, tasksTogether }: ToWriter, n: number): Promise<void> => {
  const which = n % sessions.length;
  const [session, user] = [`${url}/v1/sessions/${sessions[which]}`, ownerOf(which)];
  const kind = Math.floor(n / sessions.length) % 3;
  if (kind === 0)
    return send(`${session}/messages`, 'POST', user, { role: 'user', content: 'x'.repeat(300) });
  if (kind === 1) return send(session, 'PATCH', user, { title: `${n}` });
  const task = { type: 'noted', queue: 'notes', sessionId: sessions[which], payload: { n } };
  return send(`${url}/v1/tasks`, 'POST', user, Array(tasksTogether).fill(task));
};

const write = async (asked: ToWriter): Promise<Wrote> => {
  const { requests, perSecond, tasksTogether } = asked;
  const began = performance.now();
  const eventsARequest = (2 + tasksTogether) / 3;
  const dueAt = (n: number) =>
    perSecond === 0 ? 0 : began + (n * eventsARequest * 1_000) / perSecond;
  // Each writes to sessions of its own, so that none waits for another.
  const writer = async (first: number) => {
    for (let n = first; n < requests; n += writerCount) {
      const early = dueAt(n) - performance.now();
      if (early > 1) await pause(early);
      await change(asked, n);
    }
  };
  await Promise.all(Array.from({ length: writerCount }, (_, first) => writer(first)));
  return { ms: performance.now() - began };
};

process.on('message', async (asked: ToWriter) => {
  if (asked.requests === 0) await make(asked);
  process.send?.(asked.requests === 0 ? 'made' : await write(asked));
});
process.on('disconnect', () => process.exit());
