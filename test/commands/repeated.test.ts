import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { v4 as newId } from 'uuid';
import { commandHandler } from '../../src/commands/handle.js';
import type { Outcome } from '../../src/commands/request.js';
import { isRejection } from '../../src/domain/decider.js';
import { type SessionCommand, session } from '../../src/domain/session.js';
import { type EventStore, RevisionConflict } from '../../src/eventstore/event-store.js';
import { withLineage } from '../../src/eventstore/lineage.js';
import { carryOut } from '../support/carry-out.js';
import { openStore, type TestStore } from '../support/event-stores.js';
import { faulty, randomFrom } from '../support/faulty-store.js';
import { all } from '../support/new-events.js';
import { sessionLives } from '../support/random-commands.js';
import { admin, bob, request } from '../support/requests.js';
import { create, edit, move, post, question } from '../support/session-facts.js';
import { untilAnswered } from '../support/until.js';

let opened: TestStore;
let store: EventStore;
beforeAll(async () => {
  opened = await openStore();
  store = opened.store;
});
afterAll(() => opened.stop());

const node = (on: EventStore = store) => commandHandler(withLineage(on), session);
const eventsIn = (id: string) => all(store.read(`session-${id}`));
const factsIn = async (id: string) =>
  (await eventsIn(id)).map(({ type, data }) => ({ type, data }));

describe('a command under the id of one carried out before', () => {
  it('adds nothing and is answered alike, on the same node and on another', async () => {
    const [one, other] = [node(), node()];
    const id = newId();
    const asked = request();
    const first = await one(id, [create, post(question)], asked);
    for (const sessions of [one, other, node()])
      expect(await sessions(id, [create, post(question)], asked)).toStrictEqual({
        ...{ ...(first as Outcome), added: 0 },
      });
    expect(await eventsIn(id)).toHaveLength(2);
  });

  const undone: readonly (readonly [string, SessionCommand, SessionCommand])[] = [
    ['a pause', { type: 'PauseSession' }, { type: 'ResumeSession' }],
    ['a rename', { type: 'ChangeSession', title: 'x' }, { type: 'ChangeSession', title: 'y' }],
    ['an edit', edit('m-1', 'x'), edit('m-1', 'y')],
    ['a deletion', { type: 'DeleteSession' }, { type: 'RestoreSession' }],
  ];
  it.each(undone)('adds nothing after others undid it: %s', async (_, command, undoing) => {
    const [one, other] = [node(), node()];
    const id = newId();
    const asked = request();
    await one(id, [create, move('active'), post(question)], request());
    const first = (await one(id, [command], asked)) as Outcome;
    await one(id, [undoing], request());
    for (const sessions of [one, other])
      expect(await sessions(id, [command], asked)).toStrictEqual({
        ...first,
        added: 0,
        state: expect.anything(),
      });
    expect(await eventsIn(id)).toHaveLength(5);
  });

  it('is answered as done where it would now be turned down', async () => {
    const sessions = node();
    const id = newId();
    const asked = request();
    const first = (await sessions(id, [create], asked)) as Outcome;
    await sessions(id, [{ type: 'ChangeSession', title: 'x' }], request());
    expect(await sessions(id, [create], asked)).toStrictEqual({
      ...first,
      added: 0,
      state: expect.anything(),
    });
  });

  it('is answered as done though its revision has passed, by itself', async () => {
    const sessions = node();
    const id = newId();
    await sessions(id, [create], request());
    const asked = request({ ifRevision: 0 });
    const first = (await sessions(id, [move('active')], asked)) as Outcome;
    for (const handler of [sessions, node()])
      expect(await handler(id, [move('active')], asked)).toStrictEqual({
        ...first,
        added: 0,
        state: expect.anything(),
      });
  });

  it('is not found by someone who may not see it', async () => {
    const id = newId();
    const asked = request();
    await node()(id, [create], asked);
    expect(await node()(id, [create], { ...asked, caller: bob })).toMatchObject({
      rejected: 'session-not-found',
    });
    expect(await node()(id, [create], { ...asked, caller: admin })).toMatchObject({ added: 0 });
  });
});

it('adds once what nobody has sent before, though its append was carried out and said to have lost a race', async () => {
  let hasLied = false;
  const lying: EventStore = {
    ...store,
    append: async (stream, events, expected) => {
      const appended = await store.append(stream, events, expected);
      if (hasLied || expected === 'none') return appended;
      hasLied = true;
      throw new RevisionConflict(stream, expected);
    },
  };
  const sessions = node(lying);
  const id = newId();
  await sessions(id, [create], request({ isFirst: true }));
  await sessions(
    id,
    [{ type: 'PostMessage', isNew: true, ...question }],
    request({ isFirst: true }),
  );
  expect(hasLied).toBe(true);
  expect(await eventsIn(id)).toHaveLength(2);
  expect(await sessions(id, [move('active')], request({ isFirst: true }))).toMatchObject({
    revision: 2,
    added: 1,
  });
});

it('adds nothing for any command of any life that comes twice', () =>
  fc.assert(
    fc.asyncProperty(sessionLives, async (commands) => {
      const sessions = node();
      const id = newId();
      for (const command of commands) {
        const asked = request({ caller: admin });
        const first = await sessions(id, [command], asked);
        const again = await sessions(id, [command], asked);
        expect(again).toStrictEqual(
          isRejection(first) ? first : { ...first, added: 0, state: expect.anything() },
        );
      }
      expect(await factsIn(id)).toEqual(
        carryOut(session, commands).flatMap(({ events }) => events),
      );
    }),
    { numRuns: 5 },
  ));

/** Commands that undo each other, so that each could have its effect again. */
const undoing: fc.Arbitrary<SessionCommand> = fc.constantFrom(
  { type: 'PauseSession' },
  { type: 'ResumeSession' },
  { type: 'ChangeSession', title: 'x' },
  { type: 'ChangeSession', title: 'y' },
  edit('m-1', 'x'),
  edit('m-1', 'y'),
);

describe('on a store that loses appends and answers', () => {
  it('commands that are repeated until answered have the effect they have on one that does not', () =>
    fc.assert(
      fc.asyncProperty(sessionLives, fc.integer(), async (commands, seed) => {
        const sessions = node(faulty(store, seed, 0.5));
        const id = newId();
        for (const command of commands) {
          const asked = request({ caller: admin });
          await untilAnswered(() => sessions(id, [command], asked));
        }
        expect(await factsIn(id)).toEqual(
          carryOut(session, commands).flatMap(({ events }) => events),
        );
      }),
      { numRuns: 5 },
    ));

  it('commands from many callers over two nodes have one effect each', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(undoing, { minLength: 60, maxLength: 60 }),
        fc.integer(),
        async (commands, seed) => {
          const nodes = [node(faulty(store, seed, 0.4)), node(faulty(store, seed + 1, 0.4))];
          const random = randomFrom(seed);
          const id = newId();
          await node()(id, [create, move('active'), post(question)], request());
          const callers = Array.from({ length: 6 }, (_, n) => commands.slice(n * 10, n * 10 + 10));
          await Promise.all(
            callers.map(async (own) => {
              for (const command of own) {
                const asked = request({ caller: admin });
                // A repeated request may reach another node than the one that carried it out.
                await untilAnswered(() => nodes[random() < 0.5 ? 0 : 1]!(id, [command], asked));
              }
            }),
          );
          const ids = (await eventsIn(id)).map((event) => event.id);
          expect(ids).toStrictEqual([...new Set(ids)]);
        },
      ),
      { numRuns: 8 },
    ));
});
