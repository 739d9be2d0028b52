import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { json } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import type { ExecutionView } from '../../src/queries/executions.js';
import type { MessageView } from '../../src/queries/messages.js';
import type { SessionView } from '../../src/queries/sessions.js';
import { type Program, removeFolder, startProgram, temporaryFolder } from '../support/program.js';
import { type Api, apiOf, type EventItem, type Reply, type Written } from './support/api.js';
import { expectProblem } from './support/expect-problem.js';
import {
  createSession,
  eventsOf,
  everyItem,
  forkOf,
  postMessage,
  saveCheckpoint,
  startExecution,
} from './support/making.js';
import { startWithoutStore } from './support/run-to-end.js';

let program: Program;
const ann: Api = apiOf(() => program.url, { 'X-User-Id': 'ann' });
const local: Api = apiOf(() => program.url);

const start = async (settings: Readonly<Record<string, string>> = {}): Promise<void> => {
  program = await startProgram(await temporaryFolder(), settings);
};
const startAgain = async (): Promise<void> => {
  program = await startProgram(program.dataDir);
};
afterEach(async () => {
  await program.stop();
  await removeFolder(program.dataDir);
});

/** The largest of the positions of writes. */
const lastOf = (writes: readonly Written[]): string =>
  String(Math.max(...writes.map(({ position }) => Number(position))));

const run = { messages: [{ role: 'user', content: 'Hello' }] };

/** An import whose file is only half there. */
const heldImport = async () => {
  const url = `${program.url}/v1/sessions/import`;
  const sent = request(url, { method: 'POST', headers: { 'X-User-Id': 'ann' } });
  const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
  const text = JSON.stringify(run);
  await new Promise<void>((resolve) => sent.write(text.slice(0, 10), () => resolve()));
  return {
    finish: async () => {
      sent.end(text.slice(10));
      const [response] = await answered;
      return { status: response.statusCode, headers: response.headers, body: await json(response) };
    },
  };
};

/** Asks until the answer has a status. */
const untilAnswered = async (path: string, status: number) => {
  for (;;) {
    const reply = await local.get(path);
    if (reply.status === status) return reply;
  }
};

describe('SIGTERM', () => {
  it('lets what is in flight finish, refuses what is new, and ends with 0', async () => {
    await start();
    const held = await heldImport();
    const claim = ann.post<{ items: unknown[] }>('/v1/queues/none/claim', {
      ...{ workerId: 'w', waitSeconds: 30 },
    });
    const address = `${program.url.replace('http', 'ws')}/v1/feed`;
    const socket = new WebSocket(address);
    await once(socket, 'open');
    const closed = once(socket, 'close');
    const events = await fetch(`${program.url}/v1/feed/sse?from=now`);
    const exited = once(program.process, 'exit');
    program.process.kill('SIGTERM');

    const refused = await untilAnswered('/v1/sessions', 503);
    expectProblem(refused, 'stopping', 503);
    expect(refused.headers.get('Retry-After')).toBe('1');
    expect(refused.headers.get('Connection')).toBe('close');
    expectProblem(await local.get('/readyz'), 'stopping', 503);
    expect((await local.get('/healthz')).status).toBe(200);
    const [, response] = (await once(new WebSocket(address), 'unexpected-response')) as [
      unknown,
      IncomingMessage,
    ];
    expect(response.statusCode).toBe(503);
    response.resume();

    // Those who wait are told at once, and go on elsewhere.
    expect(await claim).toMatchObject({ status: 200, body: { items: [] } });
    expect((await closed)[0]).toBe(1001);
    await events.text();

    const answer = await held.finish();
    expect(answer).toMatchObject({ status: 200, headers: { connection: 'close' } });
    expect(answer.body).toMatchObject({ items: [{ messages: 1 }] });
    expect(await exited).toEqual([0, null]);
    await expect(fetch(program.url)).rejects.toThrow();
  });

  it('first has load balancers look elsewhere where told to; a second one ends it at once', async () => {
    await start({ DRAIN_SECONDS: '60' });
    const exited = once(program.process, 'exit');
    program.process.kill('SIGTERM');
    expectProblem(await untilAnswered('/readyz', 503), 'stopping', 503);
    expect((await local.get('/healthz')).status).toBe(200);
    await createSession(ann);
    program.process.kill('SIGTERM');
    expect(await exited).toEqual([null, 'SIGTERM']);
  });

  it('ends a start that waits for its stores', async () => {
    await start();
    const { port } = new URL(program.url);
    await program.stop();
    const env = { PORT: port, DATA_DIR: program.dataDir, LOG_LEVEL: 'silent' };
    const starting = startWithoutStore(env);
    const exited = once(starting, 'exit');
    let told: Reply<unknown> | undefined;
    while (told === undefined) told = await local.get('/readyz').catch(() => undefined);
    expectProblem(told, 'starting', 503);
    expect((await local.get('/healthz')).status).toBe(200);
    starting.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });
});

describe('SIGINT', () => {
  it('ends it with 0; what it acknowledged is kept, and nothing else', async () => {
    await start();
    const { id, stream } = await createSession(ann);
    const exited = once(program.process, 'exit');
    const sent = Array.from({ length: 30 }, (_, n) =>
      ann
        .post(`/v1/sessions/${id}/messages`, { role: 'user', content: `${n}` })
        .catch(() => undefined),
    );
    await Promise.race(sent);
    program.process.kill('SIGINT');
    const answers = (await Promise.all(sent)).filter((reply) => reply !== undefined);
    expect(await exited).toEqual([0, null]);
    expect(answers.filter(({ status }) => status !== 201 && status !== 503)).toEqual([]);
    await startAgain();
    const posted = (await eventsOf(ann, stream)).filter(({ type }) => type === 'MessagePosted');
    const acknowledged = answers.filter(({ status }) => status === 201);
    expect(posted.map(({ revision }) => revision).sort(ascending)).toEqual(
      acknowledged.map(({ body }) => body.revision).sort(ascending),
    );
  });
});

const ascending = (a: number, b: number): number => a - b;

describe('kill -9', () => {
  it('loses nothing that was acknowledged, and read models come to agree with it', async () => {
    await start();
    const acknowledged: Written[] = [];
    for (let round = 0; round < 3; round += 1) {
      const session = await createSession(ann, { title: `round ${round}` });
      const execution = await startExecution(ann, { sessionId: session.id });
      acknowledged.push(session, execution);
      const forked = forkOf(ann, session.stream, 0).catch(() => undefined);
      const writers = Array.from({ length: 4 }, async (_, writer) => {
        for (let n = 0; ; n += 1) {
          const write =
            writer === 3
              ? saveCheckpoint(ann, execution.id, n, { n, text: 'long and the same '.repeat(9) })
              : postMessage(ann, session.id, `${writer} ${n}`);
          acknowledged.push(await write);
          if (acknowledged.length > 40 * (round + 1)) return;
        }
      });
      await Promise.race(writers);
      await program.kill();
      await Promise.allSettled([...writers, forked]);
      await startAgain();
    }
    const after = lastOf(acknowledged);
    const sessions = await everyItem<SessionView>(ann, `/v1/sessions?after=${after}`);
    for (const { id, revision } of sessions) {
      const events = await eventsOf(ann, `session-${id}`);
      expect(revision).toBe(events.at(-1)!.revision);
      const posted = events.filter(({ type }) => type === 'MessagePosted');
      const listed = await everyItem<MessageView>(ann, `/v1/sessions/${id}/messages?limit=100`);
      expect(listed.map(({ content }) => content)).toEqual(posted.map(({ data }) => data.content));
    }
    for (const { id, revision, checkpointCount } of await everyItem<ExecutionView>(
      ann,
      '/v1/executions?limit=100',
    )) {
      const events = await eventsOf(ann, `execution-${id}`);
      expect(revision).toBe(events.at(-1)!.revision);
      expect(checkpointCount).toBe(events.length - 1);
    }
    const kept = new Map<string, readonly EventItem[]>();
    for (const { stream, revision, position } of acknowledged) {
      const events = kept.get(stream) ?? (await eventsOf(ann, stream));
      kept.set(stream, events);
      expect(events[revision]?.position).toBe(position);
    }
  }, 180_000);
});
