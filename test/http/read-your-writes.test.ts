import { describe, expect, it } from '@jest/globals';
import type { CheckpointDetail } from '../../src/queries/checkpoints.js';
import type { ExecutionView } from '../../src/queries/executions.js';
import type { Lineage } from '../../src/queries/lineage.js';
import type { MessageView } from '../../src/queries/messages.js';
import type { Page } from '../../src/queries/page.js';
import type { SessionView } from '../../src/queries/sessions.js';
import { expectProblem } from './support/expect-problem.js';
import {
  bodyOf,
  createSession,
  forkOf,
  postMessage,
  saveCheckpoint,
  startExecution,
} from './support/making.js';
import { running } from './support/running.js';

const server = running();
const ann = server.as('ann');

const found = <Body>(path: string, position: string): Promise<Body> =>
  bodyOf(ann.get<Body>(`${path}${path.includes('?') ? '&' : '?'}after=${position}`));

describe('a read after the position of a write', () => {
  it('sees the write, 200 times in a row', async () => {
    const { id } = await createSession(ann);
    const path = `/v1/sessions/${id}`;
    for (let n = 1; n <= 200; n += 1)
      if (n % 2 === 0) {
        const { position } = await bodyOf(ann.patch(path, { title: `title ${n}` }));
        expect(await found<SessionView>(path, position)).toMatchObject({ title: `title ${n}` });
      } else {
        const { id: message, position } = await postMessage(ann, id, `message ${n}`);
        const page = await found<Page<MessageView>>(`${path}/messages?at=${n}&limit=500`, position);
        expect(page.items.at(-1)!.id).toBe(message);
      }
  });

  it('sees it in every read model', async () => {
    const session = await createSession(ann, { title: 'everywhere' });
    const list = await found<Page<SessionView>>('/v1/sessions?limit=1', session.position);
    expect(list.items[0]!.id).toBe(session.id);
    const message = await postMessage(ann, session.id, 'unmistakable');
    const hits = await found<Page<{ id: string }>>(
      '/v1/messages/search?q=unmistakable',
      message.position,
    );
    expect(hits.items[0]!.id).toBe(message.id);
    const execution = await startExecution(ann, { sessionId: session.id });
    const executions = await found<Page<ExecutionView>>('/v1/executions', execution.position);
    expect(executions.items[0]!.id).toBe(execution.id);
    const saved = await saveCheckpoint(ann, execution.id, 0, { n: 1 });
    const detail = await found<CheckpointDetail>(`/v1/checkpoints/${saved.id}`, saved.position);
    expect(detail.state).toEqual({ n: 1 });
    const fork = await forkOf(ann, execution.stream, 1);
    const lineage = await found<Lineage>(`/v1/streams/${execution.stream}/lineage`, fork.position);
    expect(lineage.tree.forks[0]!.stream).toBe(fork.stream);
  });

  it('sees the writes of many at once, each its own', async () => {
    await Promise.all(
      Array.from({ length: 40 }, async (_, n) => {
        const user = server.as(`user-${n}`);
        const { id, position } = await createSession(user, { title: `of ${n}` });
        const { items } = await bodyOf(
          user.get<Page<SessionView>>(`/v1/sessions?after=${position}`),
        );
        expect(items.map((item) => item.id)).toEqual([id]);
      }),
    );
  });

  it('answers 504 when the position is not reached in time, and works again after that', async () => {
    const { id } = await createSession(ann);
    const reply = await ann.get(`/v1/sessions/${id}?after=9007199254740991`);
    expectProblem(reply, 'read-model-behind', 504);
    expect(reply.headers.get('retry-after')).toBe('1');
    expect((await ann.get(`/v1/sessions/${id}`)).status).toBe(200);
  });
});
