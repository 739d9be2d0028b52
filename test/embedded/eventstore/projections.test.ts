import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { all } from './support/events.js';
import { startTestServer, type TestServer } from './support/server.js';

let test: TestServer;
beforeAll(async () => {
  test = await startTestServer();
});
afterAll(() => test.stop());

const names = [
  '$streams',
  '$stream_by_category',
  '$by_category',
  '$by_event_type',
  '$by_correlation_id',
];
const statusOf = async (name: string) => (await test.client.getProjectionStatus(name)).status;

describe('the system projections', () => {
  it('are listed, stopped, in a fresh store', async () => {
    const listed = await test.client.listProjections();
    expect(
      listed.map(({ name, projectionStatus, status }) => [name, projectionStatus ?? status]),
    ).toEqual(names.map((name) => [name, 'Stopped']));
  });

  it('can be switched on and off, and stay so through a restart', async () => {
    await test.client.enableProjection('$by_category');
    expect(await statusOf('$by_category')).toBe('Running');
    await test.restart();
    await all(test.client.readAll({ maxCount: 1 })).catch(() => undefined);
    expect(await statusOf('$by_category')).toBe('Running');
    await test.client.disableProjection('$by_category');
    expect(await statusOf('$by_category')).toBe('Stopped');
    await test.client.resetProjection('$by_category');
  });

  it('have no state', async () => {
    expect(await test.client.getProjectionState('$by_category')).toEqual({});
    expect(await test.client.getProjectionResult('$by_category')).toEqual({});
  });

  it.each([
    ['enable', () => test.client.enableProjection('nope')],
    ['disable', () => test.client.disableProjection('nope')],
    ['state', () => test.client.getProjectionState('nope')],
    ['status', () => test.client.getProjectionStatus('nope')],
  ])('are the only ones to be found: %s', async (_, call) => {
    const failure = await call().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 5 });
  });

  it('are the only ones that run: those of users are refused, with the reason', async () => {
    const failure = await test.client
      .createProjection('mine', 'fromAll()')
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 12 });
    expect(String(failure)).toContain('runs no foreign code');
  });
});
