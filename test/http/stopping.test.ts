import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ExecutionView } from '../../src/queries/executions.js';
import type { MessageView } from '../../src/queries/messages.js';
import type { SessionView } from '../../src/queries/sessions.js';
import { type Program, removeFolder, startProgram, temporaryFolder } from '../support/program.js';
import { type Api, apiOf, type EventItem, type Written } from './support/api.js';
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

let program: Program;
const ann: Api = apiOf(() => program.url, { 'X-User-Id': 'ann' });

beforeEach(async () => {
  program = await startProgram(await temporaryFolder());
});
afterEach(async () => {
  await program.stop();
  await removeFolder(program.dataDir);
});

const startAgain = async (): Promise<void> => {
  program = await startProgram(program.dataDir);
};

const takesRequests = (): Promise<boolean> =>
  fetch(`${program.url}/healthz`, { headers: { Connection: 'close' } }).then(
    () => true,
    () => false,
  );

/** The largest of the positions of writes. */
const lastOf = (writes: readonly Written[]): string =>
  String(Math.max(...writes.map(({ position }) => Number(position))));

describe('SIGTERM', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'or SIGINT ends the program with 0: %s',
    async (signal) => {
      const exited = once(program.process, 'exit');
      program.process.kill(signal);
      expect(await exited).toEqual([0, null]);
      await expect(fetch(program.url)).rejects.toThrow();
    },
  );

  it('lets a request in flight finish, and takes no more', async () => {
    const { id } = await createSession(ann);
    // It waits for what never comes, until its patience is over.
    let isWaiting = true;
    const waiting = ann.get(`/v1/sessions/${id}?after=9007199254740991`).finally(() => {
      isWaiting = false;
    });
    await ann.get('/healthz');
    const exited = once(program.process, 'exit');
    program.process.kill('SIGTERM');
    while (await takesRequests());
    expect(isWaiting).toBe(true);
    expectProblem(await waiting, 'read-model-behind', 504);
    expect(await exited).toEqual([0, null]);
  });

  it('acknowledges what it has carried out, and keeps it', async () => {
    const { id, stream } = await createSession(ann);
    const exited = once(program.process, 'exit');
    const sent = Array.from({ length: 30 }, (_, n) =>
      ann
        .post(`/v1/sessions/${id}/messages`, { role: 'user', content: `${n}` })
        .catch(() => undefined),
    );
    await Promise.race(sent);
    program.process.kill('SIGTERM');
    const answers = (await Promise.all(sent)).filter((reply) => reply !== undefined);
    expect(await exited).toEqual([0, null]);
    expect(answers.every(({ status }) => status === 201)).toBe(true);
    await startAgain();
    const kept = (await eventsOf(ann, stream)).map(({ revision }) => revision);
    expect(kept).toEqual(expect.arrayContaining(answers.map(({ body }) => body.revision)));
  });
});

describe('kill -9', () => {
  it('loses nothing that was acknowledged, and read models come to agree with it', async () => {
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
  });
});
