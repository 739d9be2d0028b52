import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { v4 as newId } from 'uuid';
import { ForklineClient } from '../../src/client/node-client.js';
import { forkline } from '../cli/cli.js';
import {
  type Program,
  removeFolder,
  type SharedStores,
  startProgram,
  startSharedStores,
  temporaryFolder,
} from '../support/program.js';
import { until } from '../support/until.js';
import { apiOf } from './support/api.js';
import { expectProblem } from './support/expect-problem.js';

let folder: string;
let stores: SharedStores;
let program: Program;
let eventStore: EventStoreDBClient;
beforeAll(async () => {
  folder = await temporaryFolder();
  stores = await startSharedStores(folder);
  program = await startProgram(folder, { ...stores.settings, LOG_LEVEL: 'silent' });
  eventStore = EventStoreDBClient.connectionString(stores.eventStoreUrl);
});
afterAll(async () => {
  await eventStore.dispose();
  await program.stop();
  await stores.stop();
  await removeFolder(folder);
});

const client = () => new ForklineClient({ url: program.url });

/** Puts an event behind the program's back: one that says it is of a type and is not. */
const plant = (stream: string, type: string, data: object) =>
  eventStore.appendToStream(stream, jsonEvent({ id: newId(), type, data: { ...data } }));

/** A session whose third event cannot be read, and one more that comes after it. */
const brokenSession = async () => {
  const { id, stream } = await client().sessions.create({ title: 'Before' });
  await client().sessions.patch(id, { title: 'Renamed' });
  await plant(stream, 'SessionRenamed', { colour: 'red' });
  await plant(stream, 'SessionRenamed', { title: 'After' });
  const { position } = await client().sessions.create({ title: 'Another' });
  // Whatever waits for this position waits until all read models have come by.
  await client().sessions.list({}, { after: position });
  await client().streams.lineage(stream, { after: position });
  return { id, stream };
};

/** Every parked event of a projection in a stream. */
const parkedOf = async (name: string, stream: string) => {
  const parked = [];
  for await (const event of client().operations.eachParked(name, { limit: 1 }))
    if (event.stream === stream) parked.push(event);
  return parked;
};

describe('an event that cannot be read', () => {
  it('is parked by the projections that it would concern, with those behind it in its stream', async () => {
    const { id, stream } = await brokenSession();
    for (const name of ['sessions', 'streams'])
      expect(await parkedOf(name, stream)).toMatchObject([
        {
          ...{ key: stream, revision: 2, type: 'SessionRenamed', attempts: 1 },
          error: expect.stringContaining('title'),
        },
        { key: stream, revision: 3, error: null },
      ]);
    expect(await parkedOf('messages', stream)).toEqual([]);
    expect(await client().sessions.get(id)).toMatchObject({ title: 'Renamed', revision: 1 });
    const { items } = await client().operations.projections();
    expect(items).toContainEqual(
      expect.objectContaining({ kind: 'projection', name: 'sessions', stuck: false, lagEvents: 0 }),
    );
    expect(items.find(({ name }) => name === 'sessions')?.parked).toBeGreaterThanOrEqual(2);
  });

  it('stays parked when it is retried, and makes way when it is discarded', async () => {
    const { id, stream } = await brokenSession();
    const [first] = await parkedOf('sessions', stream);
    expect(await client().operations.retryParked('sessions', first!.id)).toMatchObject({
      handled: 0,
      error: expect.stringContaining('title'),
    });
    expect(await client().operations.discardParked('sessions', first!.id)).toMatchObject({
      handled: 1,
      error: null,
    });
    expect(await parkedOf('sessions', stream)).toEqual([]);
    expect(await client().sessions.get(id)).toMatchObject({ title: 'After', revision: 3 });
  });

  it('is listed and settled with the command, also after a crash', async () => {
    const { id, stream } = await brokenSession();
    await program.kill();
    program = await startProgram(folder, { ...stores.settings, LOG_LEVEL: 'silent' });
    const { position } = await client().sessions.create({});
    await client().sessions.list({}, { after: position });
    const [first] = await parkedOf('sessions', stream);

    const listed = await forkline(program.url, ['parked', 'sessions']);
    expect(listed).toMatchObject({ code: 0, errors: '' });
    expect(listed.out).toMatch(new RegExp(`${first!.id} .*${stream}@2 .*SessionRenamed .*title`));
    expect(listed.out).toMatch(new RegExp(`${stream}@3 .*waits for an earlier one`));

    const retried = await forkline(program.url, ['parked', 'sessions', 'retry', first!.id]);
    expect(retried).toMatchObject({ code: 1, out: expect.stringMatching(/^0 events handled/) });
    expect(retried.errors).toMatch(/^error: the next one failed again: .*title/);

    const args = ['parked', 'sessions', 'discard', first!.id];
    const discarded = await forkline(program.url, [...args, '--json']);
    expect(JSON.parse(discarded.out)).toMatchObject({ handled: 1, error: null });
    expect(await client().sessions.get(id)).toMatchObject({ title: 'After' });
    expect(await forkline(program.url, args)).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/^parked-event-not-found: /),
    });

    const shown = await forkline(program.url, ['projections']);
    expect(shown.out).toMatch(/^NAME +KIND +POSITION +LAG +SECONDS +PARKED +STATE\n/);
    expect(shown.out).toMatch(/^streams v1 +projection +\d+ +\d+ +[\d.]+ +[1-9]\d* +ok$/m);
    const json = JSON.parse((await forkline(program.url, ['projections', '--json'])).out);
    expect(json).toContainEqual(expect.objectContaining({ name: 'sessions', kind: 'projection' }));
  });

  it('is parked by reactions too, each under a name that no other has', async () => {
    await client().webhooks.register({ url: 'https://example.org', topics: ['checkpoint.*'] });
    const { stream } = await brokenSession();
    const name = 'webhook-deliveries';
    await until(async () => (await parkedOf(name, stream)).length === 2);
    const [first, second] = await parkedOf(name, stream);
    expect([first, second]).toMatchObject([{ revision: 2 }, { revision: 3, error: null }]);
    const { items } = await client().operations.projections();
    expect(items).toContainEqual(
      expect.objectContaining({ kind: 'reaction', name, parked: expect.any(Number) }),
    );
    const names = items.map((each) => each.name);
    expect([...new Set(names)]).toEqual(names);
    expect(await client().operations.discardParked(name, first!.id)).toMatchObject({ handled: 1 });
    expect(await parkedOf(name, stream)).toEqual([]);
  });

  it('leaves no trace when its stream is deleted for good, discarded or parked by whomever', async () => {
    await client().webhooks.register({ url: 'https://example.org', topics: ['checkpoint.*'] });
    const { id, stream } = await brokenSession();
    const name = 'webhook-deliveries';
    await until(async () => (await parkedOf(name, stream)).length === 2);
    const [first] = await parkedOf('sessions', stream);
    await client().operations.discardParked('sessions', first!.id);
    const database = await MongoClient.connect(stores.mongoUrl);
    const traces = async () => {
      const notes = await database.db('forkline').collection('parked').find().toArray();
      const held = await database.db('forkline').collection('parked_lanes').find().toArray();
      return [...notes, ...held].filter((each) => JSON.stringify(each).includes(id));
    };
    expect((await traces()).length).toBeGreaterThan(4);
    await eventStore.tombstoneStream(stream);
    await until(async () => (await traces()).length === 0);
    expect(await parkedOf(name, stream)).toEqual([]);
    await database.close();
  });

  it('does not keep a fork from beginning before it', async () => {
    const { stream } = await brokenSession();
    const before = await client().streams.fork(stream, { at: 1 });
    const { items } = await client().sessions.list({ limit: 1 }, { after: before.position });
    expect(items).toMatchObject([{ id: before.id, title: 'Renamed' }]);
  });
});

describe('parked events', () => {
  const paths = ['/v1/projections/sessions/parked', '/v1/projections'];
  it.each(paths)('and %s are for administrators', async (path) => {
    const ann = apiOf(() => program.url, { 'x-user-id': 'ann' });
    expectProblem(await ann.get(path), 'forbidden', 403);
    expectProblem(await ann.post(`${paths[0]}/${newId()}/retry`), 'forbidden', 403);
    expectProblem(await ann.post(`${paths[0]}/${newId()}/discard`), 'forbidden', 403);
  });

  it('that are not there are not found', async () => {
    const local = apiOf(() => program.url);
    for (const action of ['retry', 'discard'])
      expectProblem(
        await local.post(`${paths[0]}/${newId()}/${action}`),
        'parked-event-not-found',
        404,
      );
    const nowhere = '/v1/projections/no-such/parked';
    expectProblem(await local.get(nowhere), 'projection-not-found', 404);
    expectProblem(await local.post(`${nowhere}/1/retry`), 'projection-not-found', 404);
    expectProblem(await local.get(`${paths[0]}?cursor=x`), 'bad-request', 400);
    expectProblem(await local.get(`${paths[0]}?colour=red`), 'bad-request', 400);
  });

  it('cannot be retried without saying which', async () => {
    expect(await forkline(program.url, ['parked', 'sessions', 'retry'])).toMatchObject({
      code: 2,
      errors: expect.stringContaining('retry needs the id of an event'),
    });
    expect(await forkline(program.url, ['parked', 'sessions', 'eat', '1'])).toMatchObject({
      code: 2,
    });
  });
});
