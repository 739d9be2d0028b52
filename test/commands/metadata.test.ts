import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v4 as newId } from 'uuid';
import { commandHandler } from '../../src/commands/handle.js';
import { type ExecutionCommand, execution } from '../../src/domain/execution.js';
import { session } from '../../src/domain/session.js';
import { withLineage } from '../../src/eventstore/lineage.js';
import { openStore, type TestStore } from '../support/event-stores.js';
import { checkpoint, save, start } from '../support/execution-facts.js';
import { all } from '../support/new-events.js';
import { admin, request } from '../support/requests.js';
import { create, post, question } from '../support/session-facts.js';

let opened: TestStore;
beforeAll(async () => {
  opened = await openStore();
});
afterAll(() => opened.stop());

const sessionsOn = () => commandHandler(withLineage(opened.store), session);
const executionsOn = () => commandHandler(withLineage(opened.store), execution);
const metadataIn = async (stream: string) =>
  (await all(opened.store.read(stream))).map(({ metadata }) => metadata);

const commandId = '0199d3a0-0000-7000-8000-000000000001';
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('the metadata of an event', () => {
  it('says who asked for it, by which command and request, and what it belongs to', async () => {
    const id = newId();
    await sessionsOn()(id, [create, post(question)], request({ commandId, traceparent }));
    const expected = {
      $correlationId: id,
      $causationId: commandId,
      commandId,
      userId: 'ann',
      ownerId: 'ann',
      requestId: 'r-1',
      traceparent,
      schemaVersion: 1,
    };
    expect(await metadataIn(`session-${id}`)).toStrictEqual([expected, expected]);
  });

  it('leaves out a trace that the request did not have', async () => {
    const id = newId();
    await sessionsOn()(id, [create], request());
    const [metadata] = await metadataIn(`session-${id}`);
    expect(metadata).not.toHaveProperty('traceparent');
  });

  it('names the owner beside the administrator who acted', async () => {
    const id = newId();
    await sessionsOn()(id, [create], request());
    await sessionsOn()(id, [post(question)], request({ caller: admin }));
    expect((await metadataIn(`session-${id}`))[1]).toMatchObject({
      ...{ userId: 'root', ownerId: 'ann' },
    });
  });

  const { sessionId: _, ...sessionless } = start;
  const { requestId: __, ...alone } = sessionless;
  const belongings: readonly (readonly [string, ExecutionCommand, string | undefined])[] = [
    ['its session', start, 's-1'],
    ['its request where it has no session', sessionless, 'r-1'],
    ['itself where it has neither', alone, undefined],
  ];
  it.each(belongings)('ties an execution to %s', async (_name, begun, correlation) => {
    const id = newId();
    await executionsOn()(id, [begun], request());
    await executionsOn()(id, [save(checkpoint('c-1', { step: 1 }))], request());
    const expected = { $correlationId: correlation ?? id };
    expect(await metadataIn(`execution-${id}`)).toMatchObject([expected, expected]);
  });
});

it('derives the ids of events from the id of their command', async () => {
  const id = newId();
  await sessionsOn()(id, [create, post(question)], request({ commandId }));
  const ids = (await all(opened.store.read(`session-${id}`))).map((event) => event.id);
  // uuid5(UUID('0199d3a0-0000-7000-8000-000000000001'), '0') and '1', by Python's uuid module.
  expect(ids).toStrictEqual([
    '42c1aaaf-c029-5620-96a9-314b5bc70e5e',
    'f7961f04-d143-5123-b42a-dd80358d3c94',
  ]);
});
