import { beforeAll, describe, expect, it } from '@jest/globals';
import { applyDelta } from '../../src/domain/delta.js';
import type { JsonObject } from '../../src/domain/json.js';
import type { Step } from '../../src/replay/steps.js';
import type { EventItem, Written } from './support/api.js';
import { expectProblem } from './support/expect-problem.js';
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
const bob = server.as('bob');

const stateOf = async (stream: string, at: number): Promise<JsonObject> => {
  const path = `/v1/streams/${stream}/state?whole=true&at=${at}`;
  return (await bodyOf(ann.get<{ state: JsonObject }>(path))).state;
};
const stepsOf = (stream: string, query = ''): Promise<readonly Step[]> =>
  everyItem<Step>(ann, `/v1/streams/${stream}/steps?${query}`);

let session: Written;
beforeAll(async () => {
  session = await longSession(ann);
});

describe('the steps of a stream', () => {
  it('say what each event changed, messages included', async () => {
    const { id, stream } = await createSession(ann, { title: 'One' });
    const message = await postMessage(ann, id, 'Why?');
    await bodyOf(ann.patch(`/v1/sessions/${id}/messages/${message.id}`, { content: 'Who?' }));
    await bodyOf(ann.patch(`/v1/sessions/${id}`, { title: 'Two' }));
    const [first, ...steps] = await stepsOf(stream);
    expect(first?.changes).toContainEqual({ op: 'add', path: '/title', value: 'One' });
    expect(first?.changes).toContainEqual({ op: 'add', path: '/messages', value: {} });
    const path = `/messages/${message.id}`;
    const posted = { role: 'user', content: 'Why?', deleted: false, postedAs: expect.any(String) };
    expect(steps.map(({ changes }) => changes)).toEqual([
      [{ op: 'add', path, value: posted }],
      [{ op: 'replace', path: `${path}/content`, value: 'Who?' }],
      [{ op: 'replace', path: '/title', value: 'Two' }],
    ]);
    const events = await eventsOf(ann, stream);
    expect([first, ...steps].map((step) => ({ ...step, changes: 0 }))).toEqual(
      events.map(({ data: _, metadata: __, ...event }) => ({ ...event, changes: 0 })),
    );
  });

  it('lead from any state to any later one, page by page, in a fork as well', async () => {
    const fork = await forkOf(ann, session.stream, 12);
    await bodyOf(ann.patch(`/v1/sessions/${fork.id}`, { title: 'Another way' }));
    for (const [stream, from, to] of [
      [session.stream, 0, 29],
      [session.stream, 7, 21],
      [fork.stream, 5, 14],
    ] as const)
      for (const limit of [1, 4, 500]) {
        const steps = await stepsOf(stream, `from=${from}&to=${to}&limit=${limit}`);
        expect(steps.map(({ revision }) => revision)).toEqual(
          Array.from({ length: to - from + 1 }, (_, n) => from + n),
        );
        const before = from === 0 ? {} : await stateOf(stream, from - 1);
        const after = steps.reduce((state, { changes }) => applyDelta(state, changes), before);
        expect(after).toEqual(await stateOf(stream, to));
      }
    const origins = (await stepsOf(fork.stream, 'from=12')).map(({ origin }) => origin);
    expect(origins).toEqual([{ stream: session.stream, revision: 12 }, undefined, undefined]);
  });

  it('keep the token of a lease from everybody', async () => {
    const queue = 'stepped';
    const { stream } = await bodyOf(ann.post('/v1/tasks', { type: 'mail', queue }));
    const claimed = await bodyOf(
      ann.post<{ items: readonly { leaseToken: string }[] }>(`/v1/queues/${queue}/claim`, {
        ...{ workerId: 'w', waitSeconds: 10 },
      }),
    );
    const steps = await stepsOf(stream);
    expect(steps.map(({ type }) => type)).toContain('TaskClaimed');
    expect(JSON.stringify(steps)).toContain('"workerId":"w"');
    expect(JSON.stringify(steps)).not.toContain(claimed.items[0]?.leaseToken);
  });

  it('are none past the head, and none of what the caller may not see', async () => {
    const path = `/v1/streams/${session.stream}/steps`;
    expect((await ann.get(`${path}?from=30`)).body).toEqual({ items: [], next: null });
    expectProblem(await bob.get(path), 'session-not-found', 404);
    expectProblem(await ann.get(`${path}?from=2&to=1`), 'bad-request', 400);
    for (const query of ['from=-1', 'to=x', 'limit=0', 'cursor=x', 'at=1'])
      expectProblem(await ann.get(`${path}?${query}`), 'bad-request', 400);
    const most = Number.MAX_SAFE_INTEGER;
    expect(await stepsOf(session.stream, `from=28&to=${most}&limit=1`)).toHaveLength(2);
  });
});

type Side = Readonly<{
  stream: string;
  revision: number;
  ownEvents: number;
  events: readonly EventItem[];
  more: string | null;
}>;
type Comparison = Readonly<{
  common: object | null;
  a: Side;
  b: Side;
  changes: Step['changes'];
  truncated: boolean;
}>;
const compare = (a: string, b: string, query = ''): Promise<Comparison> =>
  bodyOf(ann.get<Comparison>(`/v1/streams/compare?a=${a}&b=${b}&${query}`));

describe('two streams compared', () => {
  it('part where one was forked, and differ by what happened since', async () => {
    const { id, stream } = await createSession(ann, { title: 'One' });
    const first = await postMessage(ann, id, 'Why?');
    await postMessage(ann, id, 'Really?');
    const content = 'Who?';
    const amendments = [{ type: 'EditMessage', messageId: first.id, content }];
    const fork = await forkOf(ann, stream, 2, { amendments });
    const last = await postMessage(ann, id, 'Yes.');
    const found = await compare(stream, fork.stream);
    expect(found).toMatchObject({
      common: { stream, revision: 2 },
      a: { stream, revision: 3, ownEvents: 1, more: null },
      b: { stream: fork.stream, revision: 4, ownEvents: 2, more: null },
      truncated: false,
    });
    expect(found.a.events).toEqual((await eventsOf(ann, stream)).slice(3));
    expect(found.b.events).toEqual((await eventsOf(ann, fork.stream)).slice(3));
    expect(found.changes).toEqual([
      { op: 'add', path: '/forkedFrom', value: { stream, revision: 2 } },
      { op: 'remove', path: `/messages/${last.id}` },
      { op: 'replace', path: `/messages/${first.id}/content`, value: content },
    ]);
  });

  it('have differences that turn the one state into the other, as of any revisions', async () => {
    const fork = await forkOf(ann, session.stream, 12);
    const child = await forkOf(ann, fork.stream, 10);
    const places = [
      [session.stream, 29],
      [session.stream, 9],
      [fork.stream, 13],
      [fork.stream, 4],
      [child.stream, 11],
    ] as const;
    for (const [one, atOne] of places)
      for (const [other, atOther] of places) {
        const { changes, ...found } = await compare(`${one}@${atOne}`, `${other}@${atOther}`);
        expect(found).toMatchObject({ a: { revision: atOne }, b: { revision: atOther } });
        const turned = applyDelta(await stateOf(one, atOne), changes);
        expect(turned).toEqual(await stateOf(other, atOther));
      }
  });

  it('say where the rest of a long tail is', async () => {
    const fork = await forkOf(ann, session.stream, 1);
    const { a, b } = await compare(session.stream, fork.stream, 'limit=10');
    expect(a).toMatchObject({ ownEvents: 28 });
    expect(b.more).toBeNull();
    const rest = await bodyOf(ann.get<{ items: readonly EventItem[] }>(a.more ?? ''));
    expect([...a.events, ...rest.items]).toEqual((await eventsOf(ann, session.stream)).slice(2));
  });

  it('may be strangers, of which the heads are compared', async () => {
    const [a, b] = [
      await startExecution(ann, { input: 1 }),
      await startExecution(ann, { input: 2 }),
    ];
    expect(await compare(a.stream, b.stream)).toMatchObject({
      ...{ common: null, truncated: false },
      changes: [{ op: 'replace', path: '/input', value: 2 }],
    });
    await saveCheckpoint(ann, b.id, 0, {});
    expect(await compare(a.stream, b.stream)).toMatchObject({ common: null, truncated: true });
  });

  it('are refused unless both are there, the caller’s, and of one category', async () => {
    const mine = session.stream;
    const path = '/v1/streams/compare';
    const theirs = (await createSession(bob)).stream;
    const missing = 'session-0199c0de-0000-7000-8000-0000000000ff';
    for (const other of [theirs, missing])
      for (const [a, b] of [
        [mine, other],
        [other, mine],
      ])
        expectProblem(await ann.get(`${path}?a=${a}&b=${b}`), 'session-not-found', 404);
    expectProblem(await ann.get(`${path}?a=${mine}&b=x`), 'stream-not-found', 404);
    expectProblem(await ann.get(`${path}?a=${mine}@30&b=${mine}`), 'revision-not-found', 404);
    const run = await startExecution(ann);
    expectProblem(await ann.get(`${path}?a=${mine}&b=${run.stream}`), 'bad-request', 400);
    expectProblem(await ann.get(`${path}?a=${mine}`), 'bad-request', 400);
    expect((await server.as().get(`${path}?a=${mine}&b=${theirs}`)).status).toBe(200);
  });
});
