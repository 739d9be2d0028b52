import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from '../../src/queries/page.js';
import type { EventItem, Written } from './support/api.js';
import { expectProblem } from './support/expect-problem.js';
import { longSession } from './support/long-session.js';
import { bodyOf, everyItem, forkOf, postMessage } from './support/making.js';
import { sharing } from './support/running.js';

const server = sharing();
const ann = server.as('ann');

const revisions = async (stream: string, query: string): Promise<readonly number[]> =>
  (await everyItem<EventItem>(ann, `/v1/streams/${stream}/events?${query}`)).map(
    ({ revision }) => revision,
  );

const upTo = (last: number, first = 0) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

describe('the events of a stream', () => {
  let session: Written;
  let fork: Written;
  let forkOfFork: Written;

  beforeAll(async () => {
    session = await longSession(ann);
    fork = await forkOf(ann, session.stream, 12, { reason: 'another way' });
    await bodyOf(ann.patch(`/v1/sessions/${fork.id}`, { title: 'Fork' }));
    forkOfFork = await forkOf(ann, fork.stream, 14);
    await bodyOf(ann.patch(`/v1/sessions/${forkOfFork.id}`, { title: 'Fork of fork' }));
  });

  it('are given oldest first, with everything that is known of them', async () => {
    const { items, next } = await bodyOf(
      ann.get<Page<EventItem>>(`/v1/streams/${session.stream}/events`),
    );
    expect(next).toBe(null);
    expect(items.map(({ revision }) => revision)).toEqual(upTo(29));
    expect(items[0]).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      type: 'SessionCreated',
      topic: 'chat.session.created',
      stream: session.stream,
      revision: 0,
      position: expect.stringMatching(/^\d+$/),
      created: expect.stringMatching(/^\d{4}-.*Z$/),
      data: { userId: 'ann', title: 'Long', mode: 'interactive', metadata: { a: 1 } },
      metadata: {
        $correlationId: session.id,
        $causationId: items[0]!.metadata.commandId,
        commandId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        userId: 'ann',
        ownerId: 'ann',
        requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        schemaVersion: 1,
      },
    });
    const positions = items.map(({ position }) => BigInt(position));
    expect(positions).toEqual([...positions].sort((a, b) => (a < b ? -1 : 1)));
  });

  it('are paged through in both directions, whatever the size of a page', async () => {
    for (const [stream, last] of [
      [session.stream, 29],
      [fork.stream, 14],
      [forkOfFork.stream, 16],
    ] as const)
      for (const limit of [1, 4, 13, 14, 500]) {
        expect(await revisions(stream, `limit=${limit}`)).toEqual(upTo(last));
        expect(await revisions(stream, `limit=${limit}&direction=backwards`)).toEqual(
          upTo(last).reverse(),
        );
      }
  });

  it('start where asked, in both directions and in inherited parts alike', async () => {
    for (const from of [0, 5, 12, 13, 14, 15, 16]) {
      const query = `from=${from}&limit=3`;
      expect(await revisions(forkOfFork.stream, query)).toEqual(upTo(16, from));
      expect(await revisions(forkOfFork.stream, `${query}&direction=backwards`)).toEqual(
        upTo(from).reverse(),
      );
    }
  });

  it('are none after the end, and all when read backwards from there', async () => {
    for (const stream of [session.stream, forkOfFork.stream])
      for (const from of [30, 1_000, Number.MAX_SAFE_INTEGER]) {
        expect(await revisions(stream, `from=${from}`)).toEqual([]);
        expect(await revisions(stream, `from=${from}&direction=backwards&limit=7`)).toEqual(
          await revisions(stream, 'direction=backwards'),
        );
      }
  });

  it('of a fork say where they were inherited from', async () => {
    const items = await everyItem<EventItem>(
      ann,
      `/v1/streams/${forkOfFork.stream}/events?limit=6`,
    );
    expect(items.every(({ stream }) => stream === forkOfFork.stream)).toBe(true);
    const origins = items.map(({ origin, revision }) => [revision, origin]);
    expect(origins).toEqual([
      ...upTo(12).map((revision) => [revision, { stream: session.stream, revision }]),
      [13, { stream: fork.stream, revision: 13 }],
      [14, { stream: fork.stream, revision: 14 }],
      [15, undefined],
      [16, undefined],
    ]);
    expect(items[13]!.data).toEqual({
      ancestry: [{ stream: session.stream, through: 12 }],
      reason: 'another way',
      scope: 'stream',
    });
    expect(items[15]!.data).toEqual({
      ancestry: [
        { stream: session.stream, through: 12 },
        { stream: fork.stream, through: 14 },
      ],
      scope: 'stream',
    });
    const parent = await everyItem<EventItem>(ann, `/v1/streams/${session.stream}/events?limit=13`);
    const inherited = items.slice(0, 13).map(({ origin: _, ...event }) => event);
    expect(inherited).toEqual(
      parent.slice(0, 13).map((event) => ({ ...event, stream: forkOfFork.stream })),
    );
  });

  it('keep their place while events are added', async () => {
    const { id, stream } = await forkOf(ann, session.stream, 9);
    const path = `/v1/streams/${stream}/events?limit=5`;
    const first = await bodyOf(ann.get<Page<EventItem>>(path));
    const backwards = await bodyOf(ann.get<Page<EventItem>>(`${path}&direction=backwards`));
    for (let n = 0; n < 3; n += 1) await postMessage(ann, id, `later ${n}`);
    const seen = async ({ items, next }: Page<EventItem>) =>
      [...items, ...(await everyItem<EventItem>(ann, path, next))].map(({ revision }) => revision);
    expect(await seen(first)).toEqual(upTo(13));
    expect(await seen(backwards)).toEqual(upTo(10).reverse());
  });

  it('are not there for others, nor for names that are no streams', async () => {
    const bob = server.as('bob');
    const missing = '0c9a5c1e-6d0b-4c5e-9d5a-0d4ad3a1f001';
    expectProblem(await bob.get(`/v1/streams/${fork.stream}/events`), 'session-not-found', 404);
    for (const [name, code] of [
      [`session-${missing}`, 'session-not-found'],
      [`execution-${missing}`, 'execution-not-found'],
      ['session-', 'stream-not-found'],
      ['session', 'stream-not-found'],
      [session.id, 'stream-not-found'],
      [`unknown-${session.id}`, 'stream-not-found'],
      [`Session-${session.id}`, 'stream-not-found'],
      ['%24all', 'stream-not-found'],
      ['%24ce-session', 'stream-not-found'],
      [`%24%24${session.stream}`, 'stream-not-found'],
      ['__proto__-x', 'stream-not-found'],
      ['constructor-x', 'stream-not-found'],
      ['session-%00', 'session-not-found'],
      ['session-%F0%9F%9A%80', 'session-not-found'],
      [`session-${'x'.repeat(280)}`, 'session-not-found'],
    ] as const)
      for (const rest of ['events', 'events?direction=backwards&from=3', 'state', 'lineage'])
        expectProblem(await server.as().get(`/v1/streams/${name}/${rest}`), code, 404);
    const tooLong = `/v1/streams/session-${'x'.repeat(300)}/events`;
    expectProblem(await ann.get(tooLong), 'bad-request', 400);
  });
});
