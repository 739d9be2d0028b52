import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { SessionView } from '../../src/queries/sessions.js';
import { FeedClient } from '../feed/support/feed-client.js';
import type { Json } from '../support/api.js';
import { carriedOut, contractAt } from '../support/contract.js';
import {
  bodyOf,
  createSession,
  postMessage,
  saveCheckpoint,
  startExecution,
} from './support/making.js';
import { randomFrames } from './support/random-frames.js';
import { aimed, randomRequests, type Targets } from './support/random-requests.js';
import { running } from './support/running.js';
import { heldTask } from './support/tasks.js';

/** How many requests and frames are sent. */
const requests = Number(process.env.FORKLINE_FUZZ_REQUESTS ?? 1_000);
const frames = Number(process.env.FORKLINE_FUZZ_FRAMES ?? 500);
const atOnce = 20;
/** By how much the heap may have grown while three quarters were sent, in bytes. */
const mayGrow = 96 * 1024 * 1024;

const server = running({ RATE_LIMIT_BULK: '0', RATE_LIMIT_FEED: '0' });
const ann = server.as('ann');
const local = server.as();
const port = () => Number(new URL(server.url()).port);

/** Things to aim at, and their ids: some requests delete them. */
const makeTargets = async (): Promise<Targets> => {
  const session = await createSession(ann, { title: 'target' });
  const raised = { kind: 'clarification', requestId: 'r', sessionId: session.id };
  const hook = { url: 'https://forkline.invalid/hook', topics: ['nothing.*'] };
  const [message, execution, interrupt, webhook, task] = await Promise.all([
    postMessage(ann, session.id, 'word'),
    startExecution(ann, { sessionId: session.id }),
    bodyOf(ann.post('/v1/interrupts', raised)),
    bodyOf(ann.post('/v1/webhooks', hook)),
    heldTask(ann, 'fuzz-held', { sessionId: session.id }),
  ]);
  const checkpoint = await saveCheckpoint(ann, execution.id, 0, { n: 1 });
  await bodyOf(ann.get(`/v1/checkpoints/${checkpoint.id}?after=${checkpoint.position}`));
  return {
    ...{ session: session.id, message: message.id, execution: execution.id },
    ...{ checkpoint: checkpoint.id, interrupt: interrupt.id, webhook: webhook.id },
    ...{ task: task.id, leaseToken: task.leaseToken, taskStream: `task-${task.id}` },
    ...{ sessionStream: session.stream, executionStream: execution.stream },
  };
};

/** What is left in the heap after a collection: the least of what is measured while requests go on. */
const heapInUse = async (): Promise<number> => {
  let least = Number.POSITIVE_INFINITY;
  for (let looks = 0; looks < 8; looks++) {
    const { text } = await local.get('/metrics');
    least = Math.min(
      least,
      Number(/^nodejs_heap_size_used_bytes(?:\{.*\})? (\S+)$/m.exec(text)?.[1]),
    );
    await Promise.all(Array.from({ length: 10 }, () => ann.get('/v1/sessions?limit=50')));
  }
  return least;
};

describe('whatever a client sends', () => {
  it(
    `is never answered with a fault of the server, nor other than the document says, in ${requests} requests`,
    async () => {
      const contract = await contractAt(server.url());
      const seen = new Map<number, number>();
      let sent = 0;
      let heapBefore: number | undefined;
      await fc.assert(
        fc.asyncProperty(
          fc.array(randomRequests(contract), { minLength: atOnce, maxLength: atOnce }),
          async (random) => {
            const targets = await makeTargets();
            await Promise.all(
              random.map(async (each) => {
                const request = aimed(each, targets);
                // What is answered is checked against the document.
                const { status, text } = await ann.send(request.method, request.path, request);
                seen.set(status, (seen.get(status) ?? 0) + 1);
                if (status >= 500)
                  throw new Error(`${status} for ${JSON.stringify(request)}: ${text}`);
              }),
            );
            sent += atOnce;
            if (heapBefore === undefined && sent >= requests / 4) heapBefore = await heapInUse();
          },
        ),
        { numRuns: Math.ceil(requests / atOnce), endOnFailure: true },
      );
      const grown = (await heapInUse()) - (heapBefore ?? Number.NaN);
      // Had it all been refused at the door, this would have shown nothing.
      for (const status of [200, 201, 400, 404, 409])
        expect({ status, often: (seen.get(status) ?? 0) > 5 }).toEqual({ status, often: true });
      expect(carriedOut.size).toBeGreaterThan(contract.operations.length / 2);
      expect(grown).toBeLessThan(mayGrow);
    },
    120_000 + requests * 100,
  );

  it(
    `leaves the feed at work, in ${frames} frames`,
    async () => {
      const session = await createSession(ann);
      await fc.assert(
        fc.asyncProperty(fc.array(randomFrames, { minLength: 50, maxLength: 50 }), async (some) => {
          const client = await FeedClient.connect(port(), 'ann');
          for (const frame of some) client.socket.send(frame);
          client.say({ op: 'ping' });
          // A frame too large by far ends the connection; all else is answered, and then the ping.
          const pings = some.filter((frame) => frame === '{"op":"ping"}').length + 1;
          const pongs = () => client.messages.filter(({ op }) => op === 'pong').length;
          await client.until(() => client.closed !== undefined || pongs() >= pings);
          if (client.closed) expect([1009, 4008]).toContain(client.closed.code);
          for (const { op, code } of client.messages)
            if (op === 'error') expect(code).toMatch(/^[a-z-]+$/);
          client.socket.terminate();
        }),
        { numRuns: Math.ceil(frames / 50), endOnFailure: true },
      );
      const after = await FeedClient.connect(port(), 'ann');
      await after.caughtUp('a', { from: 'start', filter: { streams: [session.stream] } });
      expect(after.of('a').filter(({ op }) => op === 'event')).toHaveLength(1);
      after.socket.close();
    },
    120_000 + frames * 100,
  );

  it('leaves read models that keep up, and answers that are right', async () => {
    const { id } = await createSession(ann, { title: 'afterwards' });
    const { position } = await postMessage(ann, id, 'still here');
    const found = await bodyOf(ann.get<SessionView>(`/v1/sessions/${id}?after=${position}`));
    expect(found).toMatchObject({ title: 'afterwards', messageCount: 1 });
    const list = await bodyOf(ann.get<Json>('/v1/sessions?includeDeleted=true&limit=500'));
    expect(list.items.length).toBeGreaterThan(0);
  });
});
