import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v4 as newId } from 'uuid';
import { ForklineClient } from '../../src/client/node-client.js';
import { connectEventStore } from '../../src/eventstore/db-client-event-store.js';
import { forkline } from '../cli/cli.js';
import { freshStream, newEvents } from '../support/new-events.js';
import {
  type Program,
  removeFolder,
  type SharedStores,
  startProgram,
  startSharedStores,
  temporaryFolder,
} from '../support/program.js';
import { apiOf } from './support/api.js';
import { expectProblem } from './support/expect-problem.js';

let folder: string;
let stores: SharedStores;
let program: Program;
const start = () => startProgram(folder, { ...stores.settings, LOG_LEVEL: 'silent' });
beforeAll(async () => {
  folder = await temporaryFolder();
  stores = await startSharedStores(folder);
  program = await start();
});
afterAll(async () => {
  await program.stop();
  await stores.stop();
  await removeFolder(folder);
});

const client = () => new ForklineClient({ url: program.url });
const local = apiOf(() => program.url);

const projection = async (wanted: string) => {
  const { items } = await client().operations.projections();
  return items.filter((item) => item.kind === 'projection').find(({ name }) => name === wanted)!;
};

/** Resolves once a projection is as is asked for; it is looked at again and again. */
const once = async (
  name: string,
  holds: (found: Awaited<ReturnType<typeof projection>>) => boolean,
) => {
  for (let tries = 0; tries < 2_000; tries++) {
    const found = await projection(name);
    if (holds(found)) return found;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`${name} is not so: ${holds}`);
};

describe('a rebuild', () => {
  it('is begun over HTTP, followed there, and taken back', async () => {
    const { id } = await client().sessions.create({ title: 'Trip' });
    const begun = await local.post('/v1/projections/sessions/rebuild');
    expect(begun).toMatchObject({
      status: 202,
      body: { state: 'building', names: ['sessions'], collection: 'sessions_v2_2', poison: null },
    });
    expect(begun.headers.get('location')).toBe('/v1/projections');
    const done = await once('sessions', ({ serving }) => serving?.collection === 'sessions_v2_2');
    expect(done).toMatchObject({
      previous: { collection: 'sessions_v2', version: 2 },
      rebuild: { id: (begun.body as { id: string }).id, state: 'switched' },
    });
    expect(await client().sessions.get(id)).toMatchObject({ title: 'Trip' });

    await client().operations.rollBack('sessions');
    await once('sessions', ({ serving }) => serving?.collection === 'sessions_v2');
    const { position } = await client().sessions.patch(id, { title: 'Renamed' });
    expect(await client().sessions.get(id, { after: position })).toMatchObject({
      title: 'Renamed',
    });
    for (;;) {
      const dropped = await local.post('/v1/projections/sessions/drop');
      if (dropped.status === 200) break;
      expectProblem(dropped, 'previous-model-in-use', 409);
    }
    expect((await projection('sessions')).previous).toBeNull();
    expectProblem(
      await local.post('/v1/projections/sessions/rollback'),
      'previous-model-not-found',
      404,
    );
  });

  it('is for administrators, of projections that there are', async () => {
    const ann = apiOf(() => program.url, { 'x-user-id': 'ann' });
    for (const action of ['rebuild', 'rollback', 'drop']) {
      expectProblem(await ann.post(`/v1/projections/sessions/${action}`), 'forbidden', 403);
      expectProblem(
        await local.post(`/v1/projections/no-such/${action}`),
        'projection-not-found',
        404,
      );
    }
    expectProblem(await ann.delete('/v1/projections/sessions/rebuild'), 'forbidden', 403);
    expectProblem(await local.delete('/v1/projections/sessions/rebuild'), 'rebuild-not-found', 404);
    for (const body of [{}, { names: [] }, { names: ['sessions'], skip: ['x'] }])
      expectProblem(await local.post('/v1/projections/rebuild', body), 'bad-request', 400);
  });

  it('is followed by the command to its end', async () => {
    const shown = await forkline(program.url, ['rebuild', 'messages', 'streams']);
    expect(shown).toMatchObject({ code: 0, errors: '' });
    expect(shown.out).toMatch(/^messages, streams: switched, [\d,]+ events? read\n$/);
    expect((await projection('streams')).serving?.collection).toBe('streams_v1_2');
    const json = await forkline(program.url, ['rebuild', 'messages', '--json']);
    expect(JSON.parse(json.out)).toMatchObject({ state: 'switched', names: ['messages'] });
    const back = await forkline(program.url, ['rebuild', 'messages', '--rollback']);
    expect(back).toMatchObject({
      code: 0,
      out: 'messages: messages_v2_2 serves, messages_v2_3 is kept\n',
    });
    expect(await forkline(program.url, ['rebuild', 'no-such'])).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/^projection-not-found: /),
    });
    expect(await forkline(program.url, ['rebuild', 'tasks', '--drop', '--cancel'])).toMatchObject({
      code: 2,
    });
  });

  it('goes on after a crash, and has what was there and what came', async () => {
    const store = connectEventStore(stores.eventStoreUrl);
    for (let n = 0; n < 30; n++)
      await store.append(freshStream('crash'), newEvents(1_000, 0), 'none');
    await store.close();
    const names = ['sessions', 'messages', 'streams'];
    const begun = await client().operations.rebuild(names);
    expectProblem(await local.post('/v1/projections/tasks/rebuild'), 'rebuild-under-way', 409);
    await once('streams', ({ rebuild }) => (rebuild?.events ?? 0) > 0);
    await program.kill();
    program = await start();
    const { rebuild } = await projection('streams');
    expect(rebuild).toMatchObject({ id: begun.id, state: 'building' });
    const { id, position } = await client().sessions.create({ title: 'Meanwhile' });
    // The lease of the killed process has to end, and thousands of events to be folded before this one.
    await once('sessions', (found) => Number(found.position) >= Number(position));
    expect(await client().sessions.get(id, { after: position })).toMatchObject({
      title: 'Meanwhile',
    });
    const done = await once('sessions', ({ serving }) => serving?.collection === begun.collection);
    expect(done.rebuild).toMatchObject({ id: begun.id, state: 'switched' });
    expect(await client().sessions.get(id)).toMatchObject({ title: 'Meanwhile' });
  });

  it('names the event that it cannot fold, and passes it over when told to', async () => {
    const { stream } = await client().sessions.create({ title: 'Before' });
    const eventStore = EventStoreDBClient.connectionString(stores.eventStoreUrl);
    const planted = jsonEvent({ id: newId(), type: 'SessionRenamed', data: { colour: 'red' } });
    await eventStore.appendToStream(stream, planted);
    await eventStore.dispose();
    const stopped = await forkline(program.url, ['rebuild', 'sessions']);
    expect(stopped).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^sessions: stopped, /),
      errors: expect.stringContaining(`sessions cannot fold event ${planted.id}, ${stream}@1: `),
    });
    const { poison } = (await projection('sessions')).rebuild!;
    expect(poison).toMatchObject({ eventId: planted.id, stream, type: 'SessionRenamed' });
    expect((await forkline(program.url, ['projections'])).out).toMatch(
      /^sessions v2 .* ok, rebuild stopped$/m,
    );
    const args = ['rebuild', 'sessions', '--skip', planted.id];
    expect(await forkline(program.url, args)).toMatchObject({ code: 0 });
  });

  it('keeps nothing of the event it stopped at once its stream is deleted for good', async () => {
    const { stream } = await client().sessions.create({ title: 'Before' });
    const eventStore = EventStoreDBClient.connectionString(stores.eventStoreUrl);
    const planted = jsonEvent({ id: newId(), type: 'SessionRenamed', data: { colour: 'green' } });
    await eventStore.appendToStream(stream, planted);
    expect(await forkline(program.url, ['rebuild', 'sessions'])).toMatchObject({ code: 1 });
    expect((await projection('sessions')).rebuild?.poison).toMatchObject({ stream });
    const other = await client().sessions.create({ title: 'Another' });
    const { position } = await client().sessions.remove(other.id, { hard: true });
    const later = await once('sessions', (found) => Number(found.position) >= Number(position));
    expect(later.rebuild?.poison).toMatchObject({ stream });

    await eventStore.tombstoneStream(stream);
    await eventStore.dispose();
    const ended = await once('sessions', ({ rebuild }) => rebuild?.poison === null);
    expect(ended.rebuild?.state).toBe('stopped');
  });
});
