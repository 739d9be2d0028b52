import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { commandHandler } from '../../src/commands/handle.js';
import type { Outcome } from '../../src/commands/request.js';
import { deciders } from '../../src/domain/deciders.js';
import type { StoredEvent } from '../../src/eventstore/event-store.js';
import type { Runner } from '../../src/projecting/runner.js';
import { collectionsOf } from '../../src/queries/collections.js';
import { sessionEnded } from '../../src/reactions/session-ended.js';
import { startTestRunner } from '../projecting/support/runners.js';
import { startTestStores, type TestStores } from '../projecting/support/stores.js';
import { accepted } from '../projecting/support/traffic.js';
import { raised } from '../support/interrupt-facts.js';
import { request } from '../support/requests.js';
import { create } from '../support/session-facts.js';
import { typesOf } from './support/deadline-nodes.js';

let stores: TestStores;
let runner: Runner;
beforeAll(async () => {
  stores = await startTestStores();
  runner = await startTestRunner(stores);
});
afterAll(async () => {
  await runner.stop();
  await stores.close();
});

const at = '2026-01-01T00:00:00.000Z';

/** Begins two of each thing that can be open in a session; the second is settled, where it can be. */
const beginIn = async (sessionId: string): Promise<void> => {
  const { streams } = stores;
  const run = <Command>(
    handle: (
      id: string,
      commands: readonly Command[],
      asked: ReturnType<typeof request>,
    ) => unknown,
    id: string,
    ...commands: readonly Command[]
  ) => accepted(handle(`${id}-${sessionId}`, commands, request()) as Promise<Outcome>);
  const interrupts = commandHandler(streams, deciders.interrupt);
  const executions = commandHandler(streams, deciders.execution);
  const tasks = commandHandler(streams, deciders.task);
  const { expiresAt: _, ttlSeconds: __, ...asked } = raised.data;
  const raise = { ...asked, sessionId, type: 'RaiseInterrupt' } as const;
  await run(interrupts, 'open', raise);
  await run(interrupts, 'settled', raise, { type: 'CancelInterrupt' });
  const start = { type: 'StartExecution', userId: 'ann', sessionId, input: null } as const;
  await run(executions, 'open', start);
  await run(executions, 'settled', start, { type: 'CompleteExecution' });
  const submitted = {
    ...{ userId: 'ann', sessionId, type: 'mail', queue: 'q', priority: 5, payload: null },
    ...{ maxAttempts: 3, timeoutSeconds: 60 },
  };
  const submit = { type: 'SubmitTask', submitted, at } as const;
  const lease = { workerId: 'w', leaseToken: 't', leaseSeconds: 60, at };
  await run(tasks, 'open', submit);
  await run(tasks, 'running', submit, { type: 'ClaimTask', ...lease });
};

const endOf = async (sessionId: string): Promise<StoredEvent> => {
  const sessions = commandHandler(stores.streams, deciders.session);
  await accepted(sessions(sessionId, [create, { type: 'TerminateSession' }], request()));
  for await (const event of stores.store.read(`session-${sessionId}`, { from: 1 })) return event;
  throw new Error('the session has no end');
};

const lastOf = async (stream: string) => (await typesOf(stores, stream)).at(-1);

it('cancels what is open in the session, once, and nothing else', async () => {
  await beginIn('a');
  await beginIn('b');
  const ended = await endOf('a');
  const { streams, db } = stores;
  const reaction = sessionEnded({
    interrupts: commandHandler(streams, deciders.interrupt),
    executions: commandHandler(streams, deciders.execution),
    tasks: commandHandler(streams, deciders.task),
    collections: collectionsOf(db),
    runner,
  });
  await reaction.handle(ended);
  await reaction.handle(ended);
  expect(await typesOf(stores, 'interrupt-open-a')).toEqual([
    ...['InterruptRaised', 'InterruptCancelled'],
  ]);
  expect(await typesOf(stores, 'execution-open-a')).toEqual([
    ...['ExecutionStarted', 'ExecutionCancelled'],
  ]);
  expect(await typesOf(stores, 'task-open-a')).toEqual(['TaskSubmitted', 'TaskCancelled']);
  expect(await typesOf(stores, 'task-running-a')).toEqual([
    ...['TaskSubmitted', 'TaskClaimed', 'TaskCancelRequested'],
  ]);
  expect(await lastOf('execution-settled-a')).toBe('ExecutionCompleted');
  expect((await typesOf(stores, 'interrupt-settled-a')).length).toBe(2);
  for (const open of ['interrupt-open-b', 'execution-open-b', 'task-open-b'])
    expect((await typesOf(stores, open)).length).toBe(1);
  for await (const { metadata } of stores.store.read('interrupt-open-a', { from: 1 }))
    expect(metadata).toMatchObject({
      ...{ $causationId: ended.id, userId: 'forkline', requestId: 'session-ended' },
    });
});

it('does nothing after other events of sessions', async () => {
  await beginIn('c');
  const ended = await endOf('c');
  const reaction = sessionEnded({
    interrupts: () => Promise.reject(new Error('asked')),
    executions: () => Promise.reject(new Error('asked')),
    tasks: () => Promise.reject(new Error('asked')),
    collections: collectionsOf(stores.db),
    runner,
  });
  await reaction.handle({ ...ended, type: 'SessionPaused' });
  await expect(reaction.handle(ended)).rejects.toThrow('asked');
});
