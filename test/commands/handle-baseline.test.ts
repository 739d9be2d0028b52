import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { v4 as newId } from 'uuid';
import { forkStream } from '../../src/commands/fork.js';
import { commandHandler } from '../../src/commands/handle.js';
import { RevisionMismatch } from '../../src/commands/request.js';
import { reject } from '../../src/domain/decider.js';
import { type SessionCommand, session } from '../../src/domain/session.js';
import type { EventStore } from '../../src/eventstore/event-store.js';
import { withLineage } from '../../src/eventstore/lineage.js';
import { openStore, type TestStore } from '../support/event-stores.js';
import { all } from '../support/new-events.js';
import { request } from '../support/requests.js';
import { answer, create, edit, move, post, question, remove } from '../support/session-facts.js';

let opened: TestStore;
let store: EventStore;
beforeAll(async () => {
  opened = await openStore();
  store = opened.store;
});
afterAll(() => opened.stop());

/** A node: a handler with a memory of its own. */
const node = () => commandHandler(withLineage(store), session);

let id: string;
beforeEach(() => {
  id = newId();
});

const typesIn = async (sessionId = id) =>
  (await all(store.read(`session-${sessionId}`))).map(({ type }) => type);

const rename = (title: string): SessionCommand => ({ type: 'ChangeSession', title });

describe('a node that has not seen what another did', () => {
  const cases: readonly (readonly [string, SessionCommand[], SessionCommand[], SessionCommand])[] =
    [
      [
        'takes a message in a resumed session',
        [{ type: 'PauseSession' }],
        [{ type: 'ResumeSession' }],
        post(question),
      ],
      ['takes an edit of a new message', [], [post(question)], edit('m-1', 'x')],
      ['renames back what was renamed', [], [rename('Bergen')], rename('Trip to Oslo')],
      [
        'pauses again what was resumed',
        [{ type: 'PauseSession' }],
        [{ type: 'ResumeSession' }],
        { type: 'PauseSession' },
      ],
      ['restores what was deleted', [], [{ type: 'DeleteSession' }], { type: 'RestoreSession' }],
      [
        'takes a message in a restored session',
        [{ type: 'DeleteSession' }],
        [{ type: 'RestoreSession' }],
        post(question),
      ],
    ];
  it.each(cases)('%s', async (_, before, meanwhile, command) => {
    const [one, other] = [node(), node()];
    await one(id, [create, move('active'), ...before], request());
    await other(id, meanwhile, request());
    expect(await one(id, [command], request())).toMatchObject({ added: 1 });
  });

  const refusals: readonly (readonly [string, SessionCommand, SessionCommand, string])[] = [
    [
      'no message in a paused session',
      { type: 'PauseSession' },
      post(answer),
      'session-not-active',
    ],
    ['no edit of a deleted message', remove('m-1'), edit('m-1', 'x'), 'message-not-found'],
    ['no message in a deleted session', { type: 'DeleteSession' }, post(answer), 'session-deleted'],
  ];
  it.each(refusals)('takes %s', async (_, meanwhile, command, reason) => {
    const [one, other] = [node(), node()];
    await one(id, [create, move('active'), post(question)], request());
    await other(id, [meanwhile], request());
    expect(await one(id, [command], request())).toStrictEqual(reject(reason));
  });
});

describe('a command for one revision only', () => {
  it('is carried out there', async () => {
    const sessions = node();
    await sessions(id, [create], request());
    const outcome = await sessions(id, [rename('x')], request({ ifRevision: 0 }));
    expect(outcome).toMatchObject({ revision: 1, added: 1 });
    expect(await sessions(id, [rename('x')], request({ ifRevision: 1 }))).toMatchObject({
      ...{ revision: 1, added: 0 },
    });
  });

  const commands = [rename('y'), rename('x'), edit('m-9', 'x')];
  it.each(commands)(
    'is not anywhere else, be it possible, done or impossible: %j',
    async (command) => {
      const sessions = node();
      await sessions(id, [create, rename('x')], request());
      for (const ifRevision of [0, 2]) {
        const mismatch = sessions(id, [command], request({ ifRevision }));
        await expect(mismatch).rejects.toThrow(RevisionMismatch);
        await expect(mismatch).rejects.toMatchObject({ currentRevision: 1 });
      }
      expect(await typesIn()).toHaveLength(2);
    },
  );

  it('knows the revision that another node made', async () => {
    const [one, other] = [node(), node()];
    await one(id, [create], request());
    await other(id, [rename('x')], request());
    await expect(one(id, [rename('y')], request({ ifRevision: 0 }))).rejects.toMatchObject({
      ...{ name: 'RevisionMismatch', currentRevision: 1 },
    });
    const outcome = await one(id, [rename('y')], request({ ifRevision: 1 }));
    expect(outcome).toMatchObject({ revision: 2, added: 1 });
  });

  it('is not carried out where the revision is lost in a race', async () => {
    const [one, other] = [node(), node()];
    await one(id, [create], request());
    const outcomes = await Promise.allSettled([
      one(id, [rename('x')], request({ ifRevision: 0 })),
      other(id, [rename('y')], request({ ifRevision: 0 })),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toStrictEqual(['fulfilled', 'rejected']);
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { name: 'RevisionMismatch', currentRevision: 1 },
    });
  });

  it('is not found where there is no stream, and does not begin one', async () => {
    const sessions = node();
    expect(await sessions(id, [rename('x')], request({ ifRevision: 0 }))).toStrictEqual(
      reject('session-not-found'),
    );
    await expect(sessions(id, [create], request({ ifRevision: 0 }))).rejects.toMatchObject({
      ...{ name: 'RevisionMismatch', currentRevision: 'none' },
    });
    expect(await typesIn()).toStrictEqual([]);
  });
});

it('goes on in a fork that came into being under its hands', async () => {
  const parent = newId();
  await node()(parent, [create, move('active'), post(question)], request());
  const streams = withLineage(store);
  const forking: EventStore = {
    ...store,
    append: async (stream, events, expected) => {
      if (expected === 'none')
        await forkStream(streams, session, { of: parent, at: 2, id }, request());
      return store.append(stream, events, expected);
    },
  };
  const sessions = commandHandler(withLineage(forking), session);
  expect(await sessions(id, [create], request())).toMatchObject({ revision: 3, added: 0 });
  expect(await sessions(id, [post(answer)], request())).toMatchObject({ revision: 4, added: 1 });
});
