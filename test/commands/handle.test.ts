import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { v4 as newId } from 'uuid';
import { commandHandler, type HandlerOptions } from '../../src/commands/handle.js';
import type { Outcome } from '../../src/commands/request.js';
import { reject } from '../../src/domain/decider.js';
import { type SessionCommand, session } from '../../src/domain/session.js';
import { type EventStore, RevisionConflict } from '../../src/eventstore/event-store.js';
import { withLineage } from '../../src/eventstore/lineage.js';
import { counting } from '../support/counting-store.js';
import { openStore, type TestStore } from '../support/event-stores.js';
import { all } from '../support/new-events.js';
import { admin, bob, request } from '../support/requests.js';
import { answer, create, edit, move, post, question } from '../support/session-facts.js';

let opened: TestStore;
let store: EventStore;
beforeAll(async () => {
  opened = await openStore();
  store = opened.store;
});
afterAll(() => opened.stop());

/** A node: a handler with a memory of its own. */
const node = (options?: HandlerOptions, on: EventStore = store) =>
  commandHandler(withLineage(on), session, options);

let id: string;
beforeEach(() => {
  id = newId();
});

const typesIn = async (sessionId = id) =>
  (await all(store.read(`session-${sessionId}`))).map(({ type }) => type);

const rename = (title: string): SessionCommand => ({ type: 'ChangeSession', title });
const numbered = (n: number): SessionCommand => post({ ...question, messageId: `m-${n}` });

describe('a command', () => {
  it('adds what was decided, and answers with its place', async () => {
    const outcome = await node()(id, [create], request());
    const events = await all(store.read(`session-${id}`));
    expect(events).toMatchObject([{ type: 'SessionCreated', revision: 0 }]);
    const { stream, position } = events[0]!;
    expect(outcome).toStrictEqual({
      id,
      stream,
      revision: 0,
      position,
      added: 1,
      state: expect.objectContaining({ status: 'created' }),
    });
  });

  it('that is already so adds nothing, and answers with the last place', async () => {
    const sessions = node();
    const first = (await sessions(id, [create, post(question)], request())) as Outcome;
    const again = await sessions(id, [post(question)], request());
    expect(again).toStrictEqual({ ...first, added: 0 });
    expect(await typesIn()).toStrictEqual(['SessionCreated', 'MessagePosted']);
  });

  it('that is turned down adds nothing', async () => {
    const sessions = node();
    await sessions(id, [create], request());
    expect(await sessions(id, [edit('m-1', 'x')], request())).toStrictEqual(
      reject('message-not-found'),
    );
    expect(await typesIn()).toStrictEqual(['SessionCreated']);
  });

  it('goes with others all the way or not at all, each decided after the ones before', async () => {
    const sessions = node();
    const life = [create, move('active'), post(question), edit('m-1', 'x')];
    expect(await sessions(id, life, request())).toMatchObject({ revision: 3, added: 4 });
    const refused = await sessions(id, [post(answer), edit('m-2', 'x')], request());
    expect(refused).toStrictEqual(reject('message-not-editable'));
    expect(await typesIn()).toHaveLength(4);
  });

  it('reads a stream once, and then only what is new', async () => {
    const counted = counting(store);
    const sessions = node({}, counted);
    await sessions(id, [create, move('active')], request());
    counted.reset();
    for (let n = 0; n < 5; n++) await sessions(id, [numbered(n)], request());
    expect(counted.counts()).toStrictEqual({ reads: 0, eventsRead: 0, appends: 5 });
  });
});

describe('many commands at once', () => {
  it('on one stream land in the order they came', async () => {
    const sessions = node();
    await sessions(id, [create], request());
    const numbers = Array.from({ length: 20 }, (_, n) => n);
    const outcomes = await Promise.all(numbers.map((n) => sessions(id, [numbered(n)], request())));
    expect(outcomes.map((outcome) => (outcome as Outcome).revision)).toStrictEqual(
      numbers.map((n) => n + 1),
    );
    const posted = (await all(store.read(`session-${id}`, { from: 1 }))).map(({ data }) => data);
    expect(posted).toMatchObject(numbers.map((n) => ({ messageId: `m-${n}` })));
  });

  it('on one stream from two nodes all land, once each', async () => {
    const nodes = [node(), node()];
    await nodes[0]!(id, [create], request());
    const numbers = Array.from({ length: 50 }, (_, n) => n);
    await Promise.all(numbers.map((n) => nodes[n % 2]!(id, [numbered(n)], request())));
    const posted = await all(store.read(`session-${id}`, { from: 1 }));
    const landed = posted.map(({ data }) => (data as { messageId: string }).messageId);
    expect(new Set(landed)).toStrictEqual(new Set(numbers.map((n) => `m-${n}`)));
    expect(landed).toHaveLength(50);
  });

  it('create a session once, whoever is first', async () => {
    const outcomes = await Promise.all(
      [node(), node(), node()].map((sessions) => sessions(id, [create], request())),
    );
    expect(outcomes.map((outcome) => (outcome as Outcome).added).sort()).toStrictEqual([0, 0, 1]);
    expect(await typesIn()).toStrictEqual(['SessionCreated']);
  });

  it('give up with a conflict after as many lost races as allowed', async () => {
    const counted = counting(store);
    const losing: EventStore = {
      ...counted,
      append: async (stream, events, expected) => {
        // Somebody else is always faster.
        await node()(id, [numbered(counted.counts().appends)], request());
        return counted.append(stream, events, expected);
      },
    };
    await node()(id, [create], request());
    const sessions = node({ attempts: 3 }, losing);
    await expect(sessions(id, [rename('x')], request())).rejects.toThrow(RevisionConflict);
    expect(counted.counts().appends).toBe(3);
    expect(await typesIn()).not.toContain('SessionRenamed');
  });
});

describe("another user's stream", () => {
  const commands = [create, rename('x'), post(question), { type: 'DeleteSession' } as const];
  it.each(commands)('is not found by $type, and stays as it was', async (command) => {
    const sessions = node();
    await sessions(id, [create], request());
    for (const handler of [sessions, node()])
      for (const ifRevision of [undefined, 0, 7]) {
        const asked = request({ caller: bob, ...(ifRevision !== undefined && { ifRevision }) });
        expect(await handler(id, [command], asked)).toStrictEqual(reject('session-not-found'));
      }
    expect(await typesIn()).toStrictEqual(['SessionCreated']);
  });

  it('is changed by an administrator', async () => {
    await node()(id, [create], request());
    const outcome = await node()(id, [rename('x')], request({ caller: admin }));
    expect(outcome).toMatchObject({ added: 1 });
  });
});
