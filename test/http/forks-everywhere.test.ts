import { beforeAll, describe, expect, it } from '@jest/globals';
import type { CheckpointView } from '../../src/queries/checkpoints.js';
import type { ExecutionView } from '../../src/queries/executions.js';
import type { MessageView } from '../../src/queries/messages.js';
import type { SessionView } from '../../src/queries/sessions.js';
import type { Written } from './support/api.js';
import { longSession } from './support/long-session.js';
import {
  bodyOf,
  createSession,
  eventsOf,
  everyItem,
  forkOf,
  postMessage,
  saveCheckpoint,
  startExecution,
} from './support/making.js';
import { sharing } from './support/running.js';

const server = sharing();
const ann = server.as('ann');

type State = Readonly<Record<string, unknown>>;

const stateOf = async (stream: string, at: number): Promise<State> =>
  (await bodyOf(ann.get<{ state: State }>(`/v1/streams/${stream}/state?whole=true&at=${at}`)))
    .state;

/** An item of a list as it would be shown by another stream that has it too. */
const bare = <Item extends object>(item: Item) =>
  Object.fromEntries(
    Object.entries(item).filter(([key]) => key !== 'origin' && key !== 'executionId'),
  );

describe('a session of 30 events', () => {
  let session: Written;
  beforeAll(async () => {
    session = await longSession(ann);
  });

  const messagesOf = async (id: string, query: string) =>
    (await everyItem<MessageView>(ann, `/v1/sessions/${id}/messages?${query}`)).map(bare);

  it.each(Array.from({ length: 30 }, (_, at) => at))('forks at revision %i', async (at) => {
    const fork = await forkOf(ann, session.stream, at);
    expect(fork.revision).toBe(at + 1);
    const forkedFrom = { stream: session.stream, revision: at };
    const then = await stateOf(session.stream, at);
    expect(await stateOf(fork.stream, at + 1)).toEqual({ ...then, forkedFrom });
    expect((await eventsOf(ann, fork.stream)).map(({ revision }) => revision)).toEqual(
      Array.from({ length: at + 2 }, (_, revision) => revision),
    );
    const shown = await bodyOf(
      ann.get<SessionView>(`/v1/sessions/${fork.id}?after=${fork.position}`),
    );
    const { title, status, metadata, archived, deleted } = then;
    const expected = await messagesOf(session.id, `at=${at}`);
    expect(shown).toMatchObject({ title, status, metadata, archived, deleted, forkedFrom });
    expect(shown).toMatchObject({ revision: at + 1, messageCount: expected.length });
    expect(await messagesOf(fork.id, '')).toEqual(expected);
    expect(await messagesOf(fork.id, 'includeDeleted=true')).toEqual(
      await messagesOf(session.id, `at=${at}&includeDeleted=true`),
    );
  });
});

describe('an execution of 14 events', () => {
  let execution: Written;
  beforeAll(async () => {
    execution = await startExecution(ann, { input: { n: 1 } });
    const text = 'the same in all states, and long '.repeat(5);
    for (let n = 0; n < 12; n += 1) await saveCheckpoint(ann, execution.id, n, { text, n });
    await bodyOf(ann.post(`/v1/executions/${execution.id}/complete`, { output: 'done' }));
  });

  const checkpointsOf = async (id: string, query: string) =>
    (await everyItem<CheckpointView>(ann, `/v1/executions/${id}/checkpoints?${query}`)).map(bare);

  it.each(Array.from({ length: 14 }, (_, at) => at))('forks at revision %i', async (at) => {
    const fork = await forkOf(ann, execution.stream, at);
    const forkedFrom = { stream: execution.stream, revision: at };
    const then = await stateOf(execution.stream, at);
    expect(await stateOf(fork.stream, at + 1)).toEqual({ ...then, forkedFrom });
    const shown = await bodyOf(
      ann.get<ExecutionView>(`/v1/executions/${fork.id}?after=${fork.position}`),
    );
    expect(shown).toMatchObject({
      status: at === 13 ? 'completed' : 'running',
      checkpointCount: Math.min(at, 12),
      forkedFrom,
      revision: at + 1,
    });
    expect(await checkpointsOf(fork.id, '')).toEqual(await checkpointsOf(execution.id, `at=${at}`));
  });
});

describe('forks of forks of forks', () => {
  it('read through all generations, and descend from whoever wrote the revision', async () => {
    let { id, stream } = await createSession(ann, { title: 'Generation 0' });
    const generations = [stream];
    let position = '';
    for (let generation = 1; generation <= 6; generation += 1) {
      const { revision } = await postMessage(ann, id, `generation ${generation}`);
      ({ id, stream, position } = await forkOf(ann, stream, revision));
      generations.push(stream);
    }
    // 0 creates; then each generation posts, and its fork's first event follows.
    const path = `/v1/sessions/${id}/messages?after=${position}`;
    const listed = await everyItem<MessageView>(ann, path);
    expect(listed.map(({ content, origin }) => [content, origin?.stream])).toEqual(
      generations.slice(0, 6).map((from, index) => [`generation ${index + 1}`, from]),
    );
    for (const [at, parent] of [
      [0, 0],
      [1, 0],
      [2, 1],
      [5, 2],
      [12, 6],
    ] as const) {
      const fork = await forkOf(ann, stream, at);
      const found = await bodyOf(
        ann.get<SessionView>(`/v1/sessions/${fork.id}?after=${fork.position}`),
      );
      expect(found.forkedFrom).toEqual({ stream: generations[parent], revision: at });
      expect(found.messageCount).toBe(Math.ceil(at / 2));
    }
  });
});
