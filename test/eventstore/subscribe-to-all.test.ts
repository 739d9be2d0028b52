import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import {
  grpcService,
  type ServerStream,
  type Service,
} from '../../src/embedded/eventstore/grpc/service.js';
import { caughtUpResponse } from '../../src/embedded/eventstore/wire/read-responses.js';
import { connectEventStore } from '../../src/eventstore/db-client-event-store.js';
import { type EventStore, StoreUnavailable } from '../../src/eventstore/event-store.js';
import { all } from '../support/new-events.js';

// A server over gRPC that does what the embedded one does not: it ends subscriptions, breaks them off, and
// sends what is no message.

let answer: (call: ServerStream) => void;
let under: Set<ServerStream>;
let server: Server;
let store: EventStore;
beforeEach(async () => {
  under = new Set();
  const streams: Service = {
    name: 'event_store.client.streams.Streams',
    methods: {
      Read: {
        kind: 'server-stream',
        serve: (call) =>
          new Promise((resolve) => {
            under.add(call);
            for (const end of ['finish', 'close', 'error', 'cancelled'])
              call.on(end, () => {
                under.delete(call);
                resolve();
              });
            answer(call);
          }),
      },
    },
  };
  server = new Server();
  server.addService(...grpcService(streams, () => undefined));
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  store = connectEventStore(`esdb://127.0.0.1:${port}?tls=false`);
});
afterEach(async () => {
  await store.close();
  server.forceShutdown();
});

it.each<[string, (call: ServerStream) => void]>([
  ['ends it', (call) => call.end()],
  ['breaks it off', (call) => call.emit('error', { code: status.UNAVAILABLE })],
])('a server that %s tells whoever reads, also behind what came before', async (_, end) => {
  answer = end;
  await expect(all(store.subscribe('start'))).rejects.toThrow(StoreUnavailable);
  answer = (call) => {
    call.write(caughtUpResponse);
    end(call);
  };
  const told = store.subscribe('start')[Symbol.asyncIterator]();
  expect(await told.next()).toEqual({ done: false, value: { type: 'caughtUp' } });
  await expect(told.next()).rejects.toThrow(StoreUnavailable);
});

it('what is no message ends it, there too', async () => {
  answer = (call) => call.write(Buffer.from([0x0a, 0xff]));
  await expect(all(store.subscribe('start'))).rejects.toThrow('malformed protobuf message');
  while (under.size > 0) await new Promise(setImmediate);
});

it('is cancelled when it is closed, read or not, and says no more', async () => {
  answer = () => {};
  const unread = store.subscribe('start');
  const read = store.subscribe('start');
  const reading = all(read);
  while (under.size < 2) await new Promise(setImmediate);
  unread.close();
  read.close();
  expect(await reading).toEqual([]);
  expect(await all(unread)).toEqual([]);
  while (under.size > 0) await new Promise(setImmediate);
});

it('is cancelled when it is closed before there is a connection', async () => {
  answer = (call) => call.write(caughtUpResponse);
  const early = store.subscribe('start');
  early.close();
  expect(await all(early)).toEqual([]);
  while (under.size > 0) await new Promise(setImmediate);
});
