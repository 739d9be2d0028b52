import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { v4 as newId } from 'uuid';
import type { FollowUp } from '../../src/commands/follow-up.js';
import { commandHandler } from '../../src/commands/handle.js';
import type { CommandRequest } from '../../src/commands/request.js';
import { reject } from '../../src/domain/decider.js';
import { type Task, type TaskCommand, task } from '../../src/domain/task.js';
import type { EventStore } from '../../src/eventstore/event-store.js';
import { withLineage } from '../../src/eventstore/lineage.js';
import { type CountingStore, counting } from '../support/counting-store.js';
import { openStore, type TestStore } from '../support/event-stores.js';
import { all } from '../support/new-events.js';
import { admin, bob, request } from '../support/requests.js';

let opened: TestStore;
let store: CountingStore;
beforeAll(async () => {
  opened = await openStore();
  store = counting(opened.store);
});
afterAll(() => opened.stop());

let id: string;
beforeEach(() => {
  id = newId();
  store.reset();
});

/** A node: a handler with a memory of its own. */
const node = (on: EventStore = store) => commandHandler(withLineage(on), task);

const at = '2026-01-01T00:00:00.000Z';
const submit = (notBefore?: string): TaskCommand => ({
  type: 'SubmitTask',
  submitted: {
    ...{ userId: 'ann', type: 'send', queue: 'mail', priority: 5, payload: null },
    ...{ maxAttempts: 3, timeoutSeconds: 300, ...(notBefore !== undefined && { notBefore }) },
  },
  at,
});
const claim: TaskCommand = {
  ...{ type: 'ClaimTask', workerId: 'w-1', leaseToken: 'l-1', leaseSeconds: 30, at },
};

type Done = Parameters<FollowUp<TaskCommand, Task>['done']>[0];

/** A claim to follow, of another request, and what it was told. */
const following = (differences: Partial<CommandRequest> = {}) => {
  const told: Done[] = [];
  const asked = request({ requestId: 'r-2', caller: admin, causationId: 'c-2', ...differences });
  const followUp = { commands: [claim], request: asked, done: (done: Done) => told.push(done) };
  return { followUp, told, asked };
};

const eventsOf = () => all(opened.store.read(`task-${id}`));

describe('commands that follow those of another request', () => {
  it('are stored by the same append, each with the metadata of its own request', async () => {
    const { followUp, told, asked } = following();
    const first = request();
    const outcome = await node()(id, [submit()], { ...first, isNew: true }, undefined, followUp);
    expect(store.counts()).toEqual({ reads: 0, eventsRead: 0, appends: 1 });
    const [submitted, claimed, ...others] = await eventsOf();
    expect(others).toEqual([]);
    const { position, metadata } = submitted!;
    expect(outcome).toMatchObject({ id, revision: 0, position, added: 1 });
    expect(told).toMatchObject([{ id, revision: 1, position: claimed!.position, added: 1 }]);
    expect(told[0]!.state).toMatchObject({ status: 'running', lease: { token: 'l-1' } });
    const { commandId } = first;
    expect(metadata).toMatchObject({ commandId, requestId: 'r-1', userId: 'ann' });
    expect(metadata.$causationId).toBe(commandId);
    expect(claimed!.metadata).toMatchObject({
      ...{ commandId: asked.commandId, requestId: 'r-2', userId: 'root', ownerId: 'ann' },
      $causationId: 'c-2',
    });
  });

  it('leave the command before them answered by its own place, whoever is asked again', async () => {
    const { followUp, told, asked } = following();
    const first = request();
    const one = node();
    const outcome = await one(id, [submit()], first, undefined, followUp);
    const { added: _, state: __, ...place } = outcome as Done;
    for (const handler of [one, node()]) {
      const again = await handler(id, [submit()], first, undefined, following().followUp);
      expect(again).toMatchObject({ ...place, added: 0 });
      const claimed = await handler(id, [claim], asked);
      expect(claimed).toMatchObject({ position: told[0]!.position, revision: 1, added: 0 });
    }
    expect(await eventsOf()).toHaveLength(2);
  });

  it('are left out when they are turned down', async () => {
    const { followUp, told } = following();
    const outcome = await node()(
      id,
      [submit('2990-01-01T00:00:00Z')],
      request(),
      undefined,
      followUp,
    );
    expect(outcome).toMatchObject({ revision: 0, added: 1, state: { status: 'delayed' } });
    expect(told).toEqual([]);
    expect(await eventsOf()).toHaveLength(1);
  });

  it('are left out when who asks may not see what they follow', async () => {
    const { followUp, told } = following({ caller: bob });
    const outcome = await node()(id, [submit()], request(), undefined, followUp);
    expect(outcome).toMatchObject({ added: 1, state: { status: 'ready' } });
    expect(told).toEqual([]);
    expect(await eventsOf()).toHaveLength(1);
  });

  it('are left out where there is nothing to follow', async () => {
    const { followUp, told } = following();
    await node()(id, [submit()], request());
    const tasks = node();
    expect(await tasks(id, [submit()], request(), undefined, followUp)).toMatchObject({ added: 0 });
    const different = submit('2020-01-01T00:00:00Z');
    expect(await tasks(id, [different], request(), undefined, followUp)).toEqual(
      reject('task-already-exists'),
    );
    expect(told).toEqual([]);
    expect(await eventsOf()).toHaveLength(1);
  });

  it('need reads where the store does not say how an append is numbered', async () => {
    const { followUp, told } = following();
    const silent = counting({
      ...opened.store,
      append: async (...append) => {
        const { isGapless: _, ...appended } = await opened.store.append(...append);
        return appended;
      },
    });
    const first = request({ isNew: true });
    const outcome = await node(silent)(id, [submit()], first, undefined, followUp);
    expect(silent.counts()).toMatchObject({ reads: 2, appends: 1 });
    const [submitted, claimed] = await eventsOf();
    expect(outcome).toMatchObject({ revision: 0, position: submitted!.position });
    expect(told).toMatchObject([{ revision: 1, position: claimed!.position }]);
  });
});
