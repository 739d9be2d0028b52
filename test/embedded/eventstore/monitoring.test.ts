import { createRequire } from 'node:module';
import { EventStoreDBClient } from '@eventstore/db-client';
import { credentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { all, events } from './support/events.js';
import { startTestServer, type TestServer } from './support/server.js';

const require = createRequire(import.meta.url);
const { MonitoringClient } = require('@eventstore/db-client/generated/monitoring_grpc_pb.js');
const { StatsReq } = require('@eventstore/db-client/generated/monitoring_pb.js');
const {
  ServerFeaturesClient,
} = require('@eventstore/db-client/generated/serverfeatures_grpc_pb.js');
const { Empty } = require('@eventstore/db-client/generated/shared_pb.js');

let test: TestServer;
beforeAll(async () => {
  test = await startTestServer();
});
afterAll(() => test.stop());

const address = () => `127.0.0.1:${test.server.port}`;

describe('Monitoring', () => {
  it('tells figures of the server again and again', async () => {
    const client = new MonitoringClient(address(), credentials.createInsecure());
    const request = new StatsReq();
    request.setRefreshTimePeriodInMs('100');
    const call = client.stats(request);
    const told: number[] = [];
    for await (const response of call) {
      told.push(Number(response.getStatsMap().get('es-log-last-position')));
      if (told.length === 2) break;
    }
    expect(told).toHaveLength(2);
    expect(Math.min(...told)).toBeGreaterThan(0);
    client.close();
  });
});

describe('Gossip', () => {
  it('lets a client that discovers the cluster find the one node', async () => {
    const url = `esdb+discover://${address()}?tls=false`;
    const client = EventStoreDBClient.connectionString(url);
    await client.appendToStream('discovered', events(1));
    expect(await all(client.readStream('discovered'))).toHaveLength(1);
    await client.dispose();
  });
});

describe('ServerFeatures', () => {
  it('lists the methods of the Users service', async () => {
    const client = new ServerFeaturesClient(address(), credentials.createInsecure());
    const methods = await new Promise<string[]>((resolve, reject) => {
      client.getSupportedMethods(new Empty(), (error: unknown, response: any) => {
        if (error) return reject(error);
        const listed: { serviceName: string; methodName: string }[] =
          response.toObject().methodsList;
        resolve(
          listed
            .filter(({ serviceName }) => serviceName === 'event_store.client.users.users')
            .map(({ methodName }) => methodName),
        );
      });
    });
    expect(methods.toSorted()).toEqual([
      'changepassword',
      'create',
      'delete',
      'details',
      'disable',
      'enable',
      'resetpassword',
      'update',
    ]);
    client.close();
  });
});
