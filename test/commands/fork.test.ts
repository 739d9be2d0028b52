import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { v4 as newId } from 'uuid';
import { type ForkCommand, forkStream } from '../../src/commands/fork.js';
import { commandHandler } from '../../src/commands/handle.js';
import type { CommandRequest, Outcome } from '../../src/commands/request.js';
import { reject } from '../../src/domain/decider.js';
import { type SessionCommand, session } from '../../src/domain/session.js';
import type { EventStore } from '../../src/eventstore/event-store.js';
import { StreamTombstoned } from '../../src/eventstore/event-store.js';
import { fold } from '../../src/eventstore/fold.js';
import { type Streams, withLineage } from '../../src/eventstore/lineage.js';
import { openStore, type TestStore } from '../support/event-stores.js';
import { stateOf } from '../support/given.js';
import { all } from '../support/new-events.js';
import { admin, bob, request } from '../support/requests.js';
import * as facts from '../support/session-facts.js';

const { answer, create, edit, move, post, question } = facts;

let opened: TestStore;
let store: EventStore;
let streams: Streams;
beforeAll(async () => {
  opened = await openStore();
  store = opened.store;
  streams = withLineage(store);
});
afterAll(() => opened.stop());

const send = (id: string, commands: readonly SessionCommand[], asked = request()) =>
  commandHandler(streams, session)(id, commands, asked);

const fork = (
  of: string,
  at: number,
  more: Partial<ForkCommand<SessionCommand>> = {},
  asked: CommandRequest = request(),
) => forkStream(streams, session, { of, at, id: newId(), ...more }, asked);

/** Forks, and gives the fork's id; fails where the fork is turned down. */
const forked = async (...args: Parameters<typeof fork>): Promise<string> => {
  const outcome = await fork(...args);
  if ('rejected' in outcome) throw new Error(outcome.rejected);
  return outcome.id;
};

const stateIn = async (id: string) => (await fold(streams, session, `session-${id}`)).state;
const idsIn = async (id: string) =>
  (await all(streams.read(`session-${id}`))).map((event) => event.id);

const life = [create, move('active'), post(question), post(answer)];
const history = [...[facts.created, facts.activated, facts.posted(question)], facts.posted(answer)];

let parent: string;
beforeEach(async () => {
  parent = newId();
  await send(parent, life);
});

describe('forking a stream', () => {
  it.each([0, 1, 2, 3])(
    'at revision %i gives the state there, and leaves the stream',
    async (at) => {
      const before = await idsIn(parent);
      const id = newId();
      const outcome = await fork(parent, at, { id, reason: 'what if' });
      const [own, ...rest] = await all(store.read(`session-${id}`));
      expect(rest).toStrictEqual([]);
      expect(own).toMatchObject({
        type: 'StreamForked',
        revision: at + 1,
        data: {
          ancestry: [{ stream: `session-${parent}`, through: at }],
          ...{ scope: 'stream', reason: 'what if' },
        },
        metadata: { userId: 'ann', ownerId: 'ann', base: at + 1, $correlationId: id },
      });
      expect(outcome).toStrictEqual({
        ...{ id, stream: `session-${id}`, added: 1 },
        ...{ revision: at + 1, position: own!.position },
      });
      expect(await stateIn(id)).toEqual({
        ...stateOf(session, history.slice(0, at + 1)),
        forkedFrom: { stream: `session-${parent}`, revision: at },
      });
      expect(await idsIn(parent)).toStrictEqual(before);
    },
  );

  it('lets both go their own ways', async () => {
    const id = await forked(parent, 2);
    await send(id, [edit('m-1', 'here')]);
    await send(parent, [edit('m-1', 'there'), { type: 'PauseSession' }]);
    const [here, there] = [await stateIn(id), await stateIn(parent)];
    expect('messages' in here && here.messages.get('m-1')?.content).toBe('here');
    expect('messages' in there && there.messages.get('m-1')?.content).toBe('there');
    expect([here.status, there.status]).toStrictEqual(['active', 'paused']);
  });

  it('works on forks of forks, at revisions of theirs and at inherited ones', async () => {
    const child = await forked(parent, 3);
    await send(child, [edit('m-1', 'child')]);
    for (const at of [0, 2, 3, 4, 5]) {
      const grandchild = await forked(child, at);
      expect(await idsIn(grandchild)).toStrictEqual([
        ...(await idsIn(child)).slice(0, at + 1),
        ...(await all(store.read(`session-${grandchild}`))).map((event) => event.id),
      ]);
      await send(grandchild, [{ type: 'ChangeSession', title: 'grandchild' }]);
      expect(await stateIn(grandchild)).toMatchObject({
        title: 'grandchild',
        forkedFrom: { stream: `session-${at > 3 ? child : parent}`, revision: at },
      });
    }
  });

  it.each([4, 1_000, -1])('is turned down at revision %i, which is not there', async (at) => {
    const id = newId();
    expect(await fork(parent, at, { id })).toStrictEqual(reject('revision-not-found'));
    expect(await idsIn(id)).toStrictEqual([]);
  });

  it('is turned down where the id is taken, by whatever', async () => {
    const id = await forked(parent, 1);
    for (const taken of [id, parent])
      expect(await fork(parent, 1, { id: taken })).toStrictEqual(reject('fork-already-exists'));
    expect(await idsIn(id)).toHaveLength(3);
  });

  it('is for those who may see the stream', async () => {
    expect(await fork(newId(), 0)).toStrictEqual(reject('session-not-found'));
    const id = newId();
    const asked = fork(parent, 1, { id }, request({ caller: bob }));
    expect(await asked).toStrictEqual(reject('session-not-found'));
    expect(await idsIn(id)).toStrictEqual([]);
    await forked(parent, 1, { id }, request({ caller: admin }));
    expect(session.ownerOf(await stateIn(id))).toBe('ann');
  });

  it('is not possible once the stream is deleted for good', async () => {
    await store.tombstone(`session-${parent}`);
    await expect(fork(parent, 1)).rejects.toThrow(StreamTombstoned);
  });
});

describe('forking with amendments', () => {
  it('adds them with the fork, decided as of the revision', async () => {
    const id = newId();
    const amendments = [edit('m-1', 'On Tuesday?'), post({ ...answer, messageId: 'm-3' })];
    // After revision 3 the parent is paused, which takes no messages; at 3 it was not.
    await send(parent, [{ type: 'PauseSession' }]);
    const outcome = await fork(parent, 3, { id, amendments });
    expect(outcome).toMatchObject({ revision: 6, added: 3 });
    expect((await all(store.read(`session-${id}`))).map(({ type }) => type)).toStrictEqual([
      ...['StreamForked', 'MessageEdited', 'MessagePosted'],
    ]);
    const state = await stateIn(id);
    expect('messages' in state && state.messages.get('m-1')?.content).toBe('On Tuesday?');
  });

  it('that are already so adds the fork alone', async () => {
    const outcome = await fork(parent, 3, { amendments: [post(question), move('active')] });
    expect(outcome).toMatchObject({ revision: 4, added: 1 });
  });

  it('adds nothing where one of them is turned down', async () => {
    const id = newId();
    const amendments = [post({ ...question, messageId: 'm-3' }), edit('m-2', 'x')];
    expect(await fork(parent, 3, { id, amendments })).toStrictEqual(reject('message-not-editable'));
    expect(await idsIn(id)).toStrictEqual([]);
    const early = await fork(parent, 1, { id, amendments: [edit('m-1', 'x')] });
    expect(early).toStrictEqual(reject('message-not-found'));
  });
});

describe('a fork under the id of a command carried out before', () => {
  const amended = { amendments: [edit('m-1', 'On Tuesday?')] };
  it.each([{}, amended])('adds nothing and is answered alike: %j', async (more) => {
    const id = newId();
    const asked = request();
    const first = (await fork(parent, 2, { id, ...more }, asked)) as Outcome;
    const events = await idsIn(id);
    const { added: _, ...place } = first;
    expect(await fork(parent, 2, { id, ...more }, asked)).toMatchObject(place);
    await send(id, [post({ ...question, messageId: 'm-9' })]);
    await send(parent, [{ type: 'TerminateSession' }]);
    expect(await fork(parent, 2, { id, ...more }, asked)).toMatchObject(place);
    expect((await idsIn(id)).slice(0, -1)).toStrictEqual(events);
  });
});
