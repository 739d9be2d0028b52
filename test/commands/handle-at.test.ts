import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { v4 as newId } from 'uuid';
import { commandHandler } from '../../src/commands/handle.js';
import { reject } from '../../src/domain/decider.js';
import { session } from '../../src/domain/session.js';
import { RevisionConflict } from '../../src/eventstore/event-store.js';
import { fold } from '../../src/eventstore/fold.js';
import { withLineage } from '../../src/eventstore/lineage.js';
import { type CountingStore, counting } from '../support/counting-store.js';
import { openStore, type TestStore } from '../support/event-stores.js';
import { bob, request } from '../support/requests.js';
import { create, edit, move, post, question } from '../support/session-facts.js';

let opened: TestStore;
let store: CountingStore;
beforeAll(async () => {
  opened = await openStore();
  store = counting(opened.store);
});
afterAll(() => opened.stop());

const node = () => commandHandler(withLineage(store), session);

let id: string;
beforeEach(async () => {
  id = newId();
  await node()(id, [create, move('active')], request());
});

/** The stream as it is now, as somebody knows it who has read it. */
const known = () => fold(withLineage(store), session, `session-${id}`);

describe('a command on a stream that the caller knows', () => {
  it('is carried out without a read', async () => {
    const at = await known();
    const sessions = node();
    store.reset();
    const outcome = await sessions(id, [post(question)], request(), at);
    expect(outcome).toMatchObject({ id, revision: 2, added: 1, state: { status: 'active' } });
    expect(store.counts()).toEqual({ reads: 0, eventsRead: 0, appends: 1 });
  });

  it('leaves the next command without a read as well', async () => {
    const sessions = node();
    await sessions(id, [post(question)], request(), await known());
    store.reset();
    expect(await sessions(id, [edit('m-1', 'x')], request())).toMatchObject({ revision: 3 });
    expect(store.counts()).toEqual({ reads: 0, eventsRead: 0, appends: 1 });
  });

  it('is a conflict, and not carried out, when the stream has moved on', async () => {
    const at = await known();
    await node()(id, [post(question)], request());
    await expect(node()(id, [move('processing')], request(), at)).rejects.toThrow(RevisionConflict);
    expect(await known()).toMatchObject({ revision: 2 });
  });

  it('is refused by that state', async () => {
    const at = await known();
    const edited = node()(id, [edit('m-1', 'x')], request(), at);
    expect(await edited).toStrictEqual(reject('message-not-found'));
  });

  it('is not found by who may not see it', async () => {
    const at = await known();
    expect(await node()(id, [post(question)], request({ caller: bob }), at)).toStrictEqual(
      reject('session-not-found'),
    );
  });

  it('does not make the handler forget the commands before it, once those matter', async () => {
    const first = request();
    await node()(id, [post(question)], first);
    const sessions = node();
    await sessions(id, [move('processing')], request(), await known());
    const other = { ...question, content: 'another' };
    expect(await sessions(id, [post(other)], first)).toMatchObject({ revision: 2, added: 0 });
  });
});
