import { createRequire } from 'node:module';
import { credentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { all, errorOf, event, events, freshStream, numbers, revisions } from './support/events.js';
import { startTestServer, type TestServer } from './support/server.js';

// The client has no call for these, only its generated stubs do, and they are CommonJS.
const require = createRequire(import.meta.url);
const grpc = require('@eventstore/db-client/generated/operations_grpc_pb.js');
const messages = require('@eventstore/db-client/generated/operations_pb.js');

type Scavenge = { id: string; result: number };

let test: TestServer;
beforeAll(async () => {
  test = await startTestServer();
});
afterAll(() => test.stop());

const call = <Response>(method: string, request: unknown): Promise<Response> =>
  new Promise((resolve, reject) => {
    const address = `127.0.0.1:${test.server.port}`;
    const client = new grpc.OperationsClient(address, credentials.createInsecure());
    client[method](request, (error: Error | null, response: Response) => {
      client.close();
      if (error) reject(error);
      else resolve(response);
    });
  });

type ScavengeResponse = { getScavengeId(): string; getScavengeResult(): number };

const start = async (): Promise<Scavenge> => {
  const request = new messages.StartScavengeReq();
  request.setOptions(new messages.StartScavengeReq.Options());
  const response = await call<ScavengeResponse>('startScavenge', request);
  return { id: response.getScavengeId(), result: response.getScavengeResult() };
};
const stop = async (id: string): Promise<ScavengeResponse> => {
  const request = new messages.StopScavengeReq();
  const options = new messages.StopScavengeReq.Options();
  options.setScavengeId(id);
  request.setOptions(options);
  return call('stopScavenge', request);
};

const revisionsIn$all = async (stream: string) =>
  revisions((await all(test.client.readAll())).filter((r) => r.event?.streamId === stream));

const scavengedTo = async (stream: string, left: number) => {
  const limit = Date.now() + 30_000;
  await start();
  while ((await revisionsIn$all(stream)).length !== left)
    if (Date.now() > limit) throw new Error(`${await revisionsIn$all(stream)} are left`);
};

describe('a scavenge', () => {
  it('takes out what metadata hides and leaves the rest as it was', async () => {
    const [stream, other] = [freshStream(), freshStream()];
    const proposed = events(10);
    await test.client.appendToStream(stream, proposed);
    await test.client.appendToStream(other, events(3));
    await test.client.setStreamMetadata(stream, { maxCount: 4 });
    await scavengedTo(stream, 4);
    expect(await revisionsIn$all(stream)).toEqual([6, 7, 8, 9]);
    expect(numbers(await all(test.client.readStream(stream)))).toEqual([6, 7, 8, 9]);
    expect(numbers(await all(test.client.readStream(other)))).toEqual([0, 1, 2]);
    const { nextExpectedRevision } = await test.client.appendToStream(stream, [event(10)], {
      expectedRevision: 9n,
    });
    expect(nextExpectedRevision).toBe(10n);
  });

  it('leaves the newest event of a deleted stream, and the tombstone of an ended one', async () => {
    const [deleted, ended] = [freshStream(), freshStream()];
    for (const stream of [deleted, ended]) await test.client.appendToStream(stream, events(5));
    await test.client.deleteStream(deleted);
    await test.client.tombstoneStream(ended);
    await scavengedTo(deleted, 1);
    await scavengedTo(ended, 1);
    expect(await errorOf(all(test.client.readStream(deleted)))).toBe('stream-not-found');
    expect(await errorOf(all(test.client.readStream(ended)))).toBe('stream-deleted');
    await test.client.appendToStream(deleted, [event(5)]);
    expect(revisions(await all(test.client.readStream(deleted)))).toEqual([5]);
  });

  it('holds through a restart', async () => {
    const stream = freshStream();
    await test.client.appendToStream(stream, events(6));
    await test.client.setStreamMetadata(stream, { truncateBefore: 5 });
    await scavengedTo(stream, 1);
    await test.restart();
    await all(test.client.readAll({ maxCount: 1 })).catch(() => undefined);
    expect(await revisionsIn$all(stream)).toEqual([5]);
    expect(numbers(await all(test.client.readStream(stream)))).toEqual([5]);
  });

  it('is known by its id, and stopping another one fails', async () => {
    const { id, result } = await start();
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect([0, 1]).toContain(result);
    const failure = await stop('no-such-scavenge').catch((error) => error);
    expect(failure.metadata.get('exception')).toEqual(['scavenge-not-found']);
    expect(failure.metadata.get('scavenge-id')).toEqual(['no-such-scavenge']);
  });
});
