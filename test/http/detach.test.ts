import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v4 as newId } from 'uuid';
import { commandHandler } from '../../src/commands/handle.js';
import { session } from '../../src/domain/session.js';
import { connectEventStore } from '../../src/eventstore/db-client-event-store.js';
import type { EventStore } from '../../src/eventstore/event-store.js';
import { withLineage } from '../../src/eventstore/lineage.js';
import type { CheckpointDetail } from '../../src/queries/checkpoints.js';
import type { Lineage } from '../../src/queries/lineage.js';
import { Follower } from '../support/follower.js';
import { all } from '../support/new-events.js';
import {
  type Program,
  removeFolder,
  type SharedStores,
  startProgram,
  startSharedStores,
  temporaryFolder,
} from '../support/program.js';
import { request } from '../support/requests.js';
import { create, post, question } from '../support/session-facts.js';
import { type Api, apiOf, type Written } from './support/api.js';
import { expectProblem } from './support/expect-problem.js';
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

let folder: string;
let stores: SharedStores;
let store: EventStore;
let program: Program;
const start = async () => {
  program = await startProgram(folder, { ...stores.settings, LOG_LEVEL: 'silent' });
};
beforeAll(async () => {
  folder = await temporaryFolder();
  stores = await startSharedStores(folder);
  store = connectEventStore(stores.eventStoreUrl);
  await start();
});
afterAll(async () => {
  expect(await program.stop()).toBe(0);
  await store.close();
  expect(await stores.stop()).toBe(0);
  await removeFolder(folder);
});

const as = (userId: string): Api => apiOf(() => program.url, { 'X-User-Id': userId });
const ann = as('ann');

const detach = (api: Api, stream: string, headers: Record<string, string> = {}) =>
  api.post<Written>(`/v1/streams/${stream}/detach`, undefined, headers);
const detached = (stream: string): Promise<Written> => bodyOf(detach(ann, stream));

const lineageOf = (stream: string, after: string): Promise<Lineage> =>
  bodyOf(ann.get<Lineage>(`/v1/streams/${stream}/lineage?after=${after}`));

/** Everything that can be read of a stream as of each of its first revisions. */
const readAt = async (stream: string, list: string, through: number, after: string) => {
  const read = [];
  for (let at = 0; at <= through; at++) {
    const { text: state } = await ann.get(`/v1/streams/${stream}/state?at=${at}&whole=true`);
    const items = await everyItem(ann, `${list}?at=${at}&limit=2&after=${after}`);
    read.push({ state, items });
  }
  return read;
};

/** A session with an execution, and a fork of both, with what can be read of the fork. */
const makeFork = async () => {
  const root = await createSession(ann, { title: 'Original' });
  const first = await postMessage(ann, root.id, 'Where do albatrosses breed?');
  const execution = await startExecution(ann, { sessionId: root.id });
  const saved = await saveCheckpoint(ann, execution.id, 0, { found: ['a'.repeat(300)] });
  await saveCheckpoint(ann, execution.id, 1, { found: ['a'.repeat(300), 'b'] });
  const { revision } = await postMessage(ann, root.id, 'On islands.', { role: 'assistant' });
  const fork = await forkOf(ann, root.stream, revision, { scope: 'tree' });
  const [child] = (fork as unknown as { children: readonly { stream: string }[] }).children;
  const path = `/v1/sessions/${fork.id}/messages/${first.id}`;
  const { position } = await bodyOf(ann.patch(path, { content: 'Where do petrels breed?' }));
  return { root, fork, child: child!.stream, saved, position };
};

/** A session with so many messages, written by another node. */
const longSession = async (messages: number) => {
  const id = newId();
  const sessions = commandHandler(withLineage(store), session);
  const posts = Array.from({ length: messages }, (_, n) =>
    post({ ...question, messageId: newId(), content: `${n} `.repeat(800) }),
  );
  await sessions(id, [create], request());
  for (let n = 0; n < messages; n += 150) await sessions(id, posts.slice(n, n + 150), request());
  return { id, stream: `session-${id}` };
};

describe('a fork that was detached', () => {
  it('is what it was, at every revision, once what it was forked from is deleted for good', async () => {
    const { root, fork, child, saved, position } = await makeFork();
    const grandchild = await forkOf(ann, fork.stream, 4);
    const messages = `/v1/sessions/${fork.id}/messages`;
    const checkpoints = `/v1/${child.replace('-', 's/')}/checkpoints`;
    const look = async (after: string) => ({
      events: (await eventsOf(ann, fork.stream)).slice(0, 5),
      heir: await eventsOf(ann, grandchild.stream),
      messages: await readAt(fork.stream, messages, 4, after),
      checkpoints: await readAt(child, checkpoints, 3, after),
      steps: (await ann.get(`/v1/streams/${fork.stream}/steps?to=4`)).text,
      checkpoint: await bodyOf(
        ann.get<CheckpointDetail>(`/v1/checkpoints/${saved.id}?executionId=${child.slice(10)}`),
      ),
      compared: (
        await ann.get(
          `/v1/streams/compare?a=${fork.stream}@4&b=${grandchild.stream}&after=${after}`,
        )
      ).text,
    });
    const before = await look(grandchild.position);

    const refused = await ann.delete(`/v1/sessions/${root.id}?hard=true`);
    expect(expectProblem(refused, 'stream-has-forks', 409).forks).toContainEqual({
      ...{ stream: fork.stream, at: 2 },
    });
    const done = await detached(fork.stream);
    expect(done).toMatchObject({ id: fork.id, stream: fork.stream, revision: 5 });
    const { position: last } = await detached(child);
    expect(await look(last)).toEqual(before);
    const gone = await bodyOf(ann.delete(`/v1/sessions/${root.id}?hard=true`));
    expect(await look(gone.position)).toEqual(before);
    expect(position).not.toBe(last);

    const later = await forkOf(ann, fork.stream, 1);
    const forkedFrom = { stream: fork.stream, revision: 1 };
    const shown = await ann.get(`/v1/sessions/${later.id}?after=${later.position}`);
    expect(shown.body).toMatchObject({ title: 'Original', forkedFrom });
    expect((await eventsOf(ann, later.stream)).at(2)!.data).toMatchObject({
      ancestry: [{ stream: fork.stream, through: 1 }],
    });
  });
});

describe('detaching', () => {
  it("is turned down for what is no fork, was detached, or is not one's own", async () => {
    const root = await createSession(ann);
    const fork = await forkOf(ann, root.stream, 0);
    expectProblem(await detach(ann, root.stream), 'stream-not-forked', 409);
    expectProblem(await detach(as('bob'), fork.stream), 'session-not-found', 404);
    expectProblem(await detach(ann, 'session-none'), 'session-not-found', 404);
    expectProblem(await detach(ann, `archive-${fork.stream}`), 'stream-not-found', 404);
    await detached(fork.stream);
    expectProblem(await detach(ann, fork.stream), 'stream-already-detached', 409);
  });

  it('is for administrators too', async () => {
    const root = await createSession(ann);
    const fork = await forkOf(ann, root.stream, 0);
    expect(
      (
        await detach(
          apiOf(() => program.url),
          fork.stream,
        )
      ).status,
    ).toBe(200);
  });

  it('happens at the revision asked for, and once under an idempotency key', async () => {
    const root = await createSession(ann);
    const fork = await forkOf(ann, root.stream, 0);
    const stale = await detach(ann, fork.stream, { 'If-Match': '"0"' });
    expect(expectProblem(stale, 'revision-mismatch', 412).currentRevision).toBe(1);
    expect(await all(store.read(`archive-${fork.stream}`))).toEqual([]);
    const headers = { 'If-Match': '"1"', 'Idempotency-Key': 'detach once' };
    const first = await detach(ann, fork.stream, headers);
    const again = await detach(ann, fork.stream, headers);
    expect([first.status, again.status]).toEqual([200, 200]);
    expect(first.headers.get('etag')).toBe('"2"');
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.body).toEqual(first.body);
  });

  it('makes the fork the oldest of a family of its own', async () => {
    const root = await createSession(ann);
    await postMessage(ann, root.id, 'one');
    const fork = await forkOf(ann, root.stream, 1);
    const before = await forkOf(ann, fork.stream, 2);
    await detached(fork.stream);
    const after = await forkOf(ann, fork.stream, 0);
    const detachedFrom = { stream: root.stream, revision: 1 };
    for (const { stream, at } of [
      { stream: before.stream, at: 2 },
      { stream: after.stream, at: 0 },
    ]) {
      const { ancestors, tree } = await lineageOf(stream, after.position);
      expect(ancestors).toEqual([{ stream: fork.stream, through: at }]);
      expect(tree).toMatchObject({ stream: fork.stream, detachedFrom });
      expect(tree.forks.map((each) => each.stream).sort()).toEqual(
        [before.stream, after.stream].sort(),
      );
    }
    expect(await lineageOf(fork.stream, after.position)).toMatchObject({
      ...{ ancestors: [], detachedFrom },
    });
    const { tree } = await lineageOf(root.stream, after.position);
    expect(tree).toMatchObject({ stream: root.stream, forks: [] });
  });

  it('leaves one answer of a search, and still leaves it without the original', async () => {
    const root = await createSession(ann);
    await postMessage(ann, root.id, 'A wandering quetzalcoatlus');
    const fork = await forkOf(ann, root.stream, 1);
    const { position } = await detached(fork.stream);
    const found = async (after: string) => {
      const path = `/v1/messages/search?q=quetzalcoatlus&after=${after}`;
      const { items } = await bodyOf(ann.get<{ items: { sessionId: string }[] }>(path));
      return items.map(({ sessionId }) => sessionId);
    };
    expect(await found(position)).toEqual([root.id]);
    const gone = await bodyOf(ann.delete(`/v1/sessions/${root.id}?hard=true`));
    expect(await found(gone.position)).toEqual([fork.id]);
  });

  it('takes the copies along when the fork is deleted for good', async () => {
    const root = await createSession(ann);
    await postMessage(ann, root.id, 'kept by the original alone');
    const fork = await forkOf(ann, root.stream, 1);
    await detached(fork.stream);
    const heir = await forkOf(ann, fork.stream, 0);
    const refused = await ann.delete(`/v1/sessions/${fork.id}?hard=true`);
    expect(expectProblem(refused, 'stream-has-forks', 409).forks).toEqual([
      { stream: heir.stream, at: 0 },
    ]);
    await bodyOf(ann.delete(`/v1/sessions/${heir.id}?hard=true`));
    await bodyOf(ann.delete(`/v1/sessions/${fork.id}?hard=true`));
    for (const stream of [fork.stream, `archive-${fork.stream}`])
      await expect(all(store.read(stream))).rejects.toThrow('deleted for good');
    const path = `/v1/streams/${fork.stream}/events?limit=1`;
    expectProblem(await ann.get(path), 'session-not-found', 404);
    expect(await eventsOf(ann, root.stream)).toHaveLength(2);
  });

  it('tells the feed of one event, and of no copies', async () => {
    const root = await createSession(ann);
    await postMessage(ann, root.id, 'told once');
    const fork = await forkOf(ann, root.stream, 1);
    const follower = new Follower(() => program.url);
    const { position } = await detached(fork.stream);
    await follower.seen(Number(position));
    follower.close();
    const told = follower.events.filter(({ position }) => Number(position) > Number(fork.position));
    expect(told).toMatchObject([{ type: 'StreamDetached', topic: 'stream.detached' }]);
    const streams = new Set(follower.events.map(({ stream }) => stream));
    expect([...streams].filter((stream) => stream.startsWith('archive-'))).toEqual([]);
  });

  it('goes on where it was when the program was killed in the middle', async () => {
    const messages = 600;
    const root = await longSession(messages);
    const fork = await forkOf(ann, root.stream, messages);
    const archive = `archive-${fork.stream}`;
    const read = () => all(withLineage(store).read(fork.stream));
    const before = await read();

    const cutOff = detach(ann, fork.stream).then(
      () => 'answered',
      () => 'cut off',
    );
    for await (const item of store.subscribe(Number(fork.position)))
      if ('stream' in item && item.stream === archive) break;
    await program.kill();
    expect(await cutOff).toBe('cut off');
    const copied = await all(store.read(archive));

    await start();
    await detached(fork.stream);
    const copies = await all(store.read(archive));
    expect(copies.slice(0, copied.length)).toEqual(copied);
    expect(copies).toHaveLength(messages + 1);
    const gone = await bodyOf(ann.delete(`/v1/sessions/${root.id}?hard=true`));
    const after = await read();
    expect(after.slice(0, -1)).toEqual(before);
    expect(after.at(-1)).toMatchObject({ type: 'StreamDetached', revision: messages + 2 });
    const path = `/v1/sessions/${fork.id}/messages?limit=500&after=${gone.position}`;
    expect(await everyItem(ann, path)).toHaveLength(messages);
  }, 240_000);
});
