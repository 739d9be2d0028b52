import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Written } from './support/api.js';
import { expectProblem } from './support/expect-problem.js';
import { longSession } from './support/long-session.js';
import {
  bodyOf,
  createSession,
  eventsOf,
  forkOf,
  postMessage,
  saveCheckpoint,
  startExecution,
} from './support/making.js';
import { running } from './support/running.js';

const server = running();
const ann = server.as('ann');

type Message = Readonly<{ role: string; content: unknown; deleted: boolean }>;
type StateBody = Readonly<{
  stream: string;
  revision: number;
  position: string;
  state: Readonly<Record<string, unknown>> & { messages?: Readonly<Record<string, Message>> };
}>;

const stateOf = (stream: string, at?: number | string): Promise<StateBody> =>
  bodyOf(
    ann.get<StateBody>(
      `/v1/streams/${stream}/state?whole=true${at === undefined ? '' : `&at=${encodeURIComponent(at)}`}`,
    ),
  );

const contents = ({ state }: StateBody) =>
  Object.values(state.messages ?? {}).flatMap(({ content, deleted }) => (deleted ? [] : [content]));

describe('the state of a session', () => {
  let session: Written;
  beforeAll(async () => {
    session = await longSession(ann);
  });

  it('is that of the head when nothing else is asked for', async () => {
    const reply = await ann.get<StateBody>(`/v1/streams/${session.stream}/state?whole=true`);
    expect(reply.headers.get('etag')).toBe('"29"');
    const { state, ...place } = reply.body;
    expect(place).toEqual({ stream: session.stream, revision: 29, position: session.position });
    expect(state).toMatchObject({
      status: 'completed',
      title: 'Longer',
      metadata: { b: [1] },
      archived: false,
      deleted: false,
      userId: 'ann',
    });
    expect(contents(reply.body)).toEqual([
      'question 2',
      'question 3',
      'question 4',
      'question 5',
      'question 6, edited',
      'question 7',
      'question 8',
      'question 9',
      'question 10',
    ]);
  });

  it('is that as of any revision', async () => {
    expect((await stateOf(session.stream, 0)).state).toMatchObject({
      status: 'created',
      title: 'Long',
      messages: {},
    });
    expect((await stateOf(session.stream, 10)).state).toMatchObject({ status: 'paused' });
    expect((await stateOf(session.stream, 11)).state).toMatchObject({ title: 'Longer' });
    expect((await stateOf(session.stream, 22)).state).toMatchObject({ deleted: true });
    expect(contents(await stateOf(session.stream, 6))).toHaveLength(5);
    expect(contents(await stateOf(session.stream, 7))[0]).toBe('question 0, edited');
    expect(contents(await stateOf(session.stream, 29))).toEqual(
      contents(await stateOf(session.stream)),
    );
  });

  it('is that as of the time of each event, and of times between', async () => {
    for (const { created } of await eventsOf(ann, session.stream)) {
      const at = await stateOf(session.stream, created);
      const events = await eventsOf(ann, session.stream);
      const last = events.findLast((event) => event.created <= created)!;
      expect(at.revision).toBe(last.revision);
      expect(at).toEqual(await stateOf(session.stream, last.revision));
    }
    expect((await stateOf(session.stream, '2999-01-01T00:00:00Z')).revision).toBe(29);
    const [first] = await eventsOf(ann, session.stream);
    const withOffset = first!.created.replace('Z', '+00:00');
    expect((await stateOf(session.stream, withOffset)).state).toMatchObject({ status: 'created' });
  });

  it('is not there before the first event, nor after the last', async () => {
    const path = `/v1/streams/${session.stream}/state`;
    for (const at of ['30', '99999', String(Number.MAX_SAFE_INTEGER), '1999-12-31T23:59:59Z'])
      expectProblem(await ann.get(`${path}?at=${at}`), 'revision-not-found', 404);
  });

  it('of a fork has its own identity and what it inherited', async () => {
    const fork = await forkOf(ann, session.stream, 8);
    const { state, ...place } = await stateOf(fork.stream);
    expect(place).toEqual({ stream: fork.stream, revision: 9, position: fork.position });
    const { state: inherited } = await stateOf(session.stream, 8);
    expect(state).toEqual({
      ...inherited,
      forkedFrom: { stream: session.stream, revision: 8 },
    });
    for (const at of [0, 3, 8])
      expect((await stateOf(fork.stream, at)).state).toEqual(
        (await stateOf(session.stream, at)).state,
      );
    expectProblem(
      await ann.get(`/v1/streams/${fork.stream}/state?at=10`),
      'revision-not-found',
      404,
    );
  });
});

describe('the state without its entries', () => {
  type HeadBody = StateBody &
    Readonly<{ entries?: Readonly<Record<string, Readonly<{ count: number; list: string }>>> }>;
  const headOf = (stream: string, query = '') =>
    bodyOf(ann.get<HeadBody>(`/v1/streams/${stream}/state${query}`));

  it('is the whole one but for the messages, of which it has the number and the list', async () => {
    const session = await longSession(ann);
    for (const at of [0, 1, 6, 15, 29]) {
      const { state: whole, ...place } = await stateOf(session.stream, at);
      const { messages, ...rest } = whole;
      const list = `/v1/sessions/${session.id}/messages?includeDeleted=true&at=${at}`;
      const count = Object.keys(messages ?? {}).length;
      expect(await headOf(session.stream, `?at=${at}`)).toEqual({
        ...{ ...place, state: rest },
        entries: { messages: { count, list } },
      });
      const listed = await ann.get<{ items: unknown[] }>(`${list}&after=${session.position}`);
      expect(listed.body.items).toHaveLength(count);
    }
    const last = await headOf(session.stream);
    expect(last).toEqual(await headOf(session.stream, '?at=29'));
    const [, second] = await eventsOf(ann, session.stream);
    const atTime = await headOf(session.stream, `?at=${encodeURIComponent(second!.created)}`);
    expect(atTime.revision).toBeGreaterThanOrEqual(1);
  });

  it('is the whole one but for the checkpoints, in a fork as well', async () => {
    const { id, stream } = await startExecution(ann, { input: 'go' });
    for (const n of [0, 1, 2]) await saveCheckpoint(ann, id, n, { n });
    const fork = await forkOf(ann, stream, 2);
    const { state: whole } = await stateOf(fork.stream);
    const { checkpoints, ...rest } = whole;
    const list = `/v1/executions/${fork.id}/checkpoints?at=3`;
    expect(await headOf(fork.stream)).toMatchObject({
      ...{ state: rest, revision: 3 },
      entries: { checkpoints: { count: 2, list } },
    });
    expect(Object.keys(checkpoints as object)).toHaveLength(2);
    const listed = await ann.get<{ items: unknown[] }>(`${list}&after=${fork.position}`);
    expect(listed.body.items).toHaveLength(2);
  });

  it('is that of a session of hundreds of messages as of each revision', async () => {
    const { id, stream } = await createSession(ann, {});
    for (let n = 0; n < 150; n += 1) await postMessage(ann, id, `question ${n}`);
    for (const at of [0, 62, 63, 64, 127, 128, 150])
      expect(await headOf(stream, `?at=${at}`)).toMatchObject({
        ...{ revision: at, state: { status: 'created' } },
        entries: { messages: { count: at } },
      });
    await server.restart();
    expect(await headOf(stream)).toMatchObject({ entries: { messages: { count: 150 } } });
    await postMessage(ann, id, 'after the restart');
    expect(await headOf(stream)).toMatchObject({ entries: { messages: { count: 151 } } });
  });
});

describe('the state of an execution', () => {
  it('has its checkpoints by id and the newest in full', async () => {
    const { id, stream } = await startExecution(ann, { input: 'go' });
    const state = { text: 'so long that a difference is stored '.repeat(3), n: 0 };
    const first = await saveCheckpoint(ann, id, 0, state);
    const second = await saveCheckpoint(ann, id, 1, { ...state, n: 1 });
    await bodyOf(ann.post(`/v1/executions/${id}/complete`, { output: [1] }));
    const at = async (revision: number) => (await stateOf(stream, revision)).state;
    expect(await at(0)).toMatchObject({ status: 'running', input: 'go', checkpoints: {} });
    expect(await at(1)).toMatchObject({ latest: { checkpointId: first.id, state } });
    expect(await at(2)).toMatchObject({ latest: { checkpointId: second.id, state: { n: 1 } } });
    const { checkpoints, ...end } = await at(3);
    expect(end).toMatchObject({ status: 'completed', output: [1] });
    expect(Object.keys(checkpoints as object)).toEqual([first.id, second.id]);
  });
});
