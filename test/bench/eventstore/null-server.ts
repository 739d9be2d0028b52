import { Server, ServerCredentials } from '@grpc/grpc-js';
import { gossip } from '../../../src/embedded/eventstore/grpc/gossip.js';
import { eachMessage } from '../../../src/embedded/eventstore/grpc/messages.js';
import { Responses } from '../../../src/embedded/eventstore/grpc/responses.js';
import { serverFeatures } from '../../../src/embedded/eventstore/grpc/server-features.js';
import { grpcService, type Service } from '../../../src/embedded/eventstore/grpc/service.js';
import { batchSuccess } from '../../../src/embedded/eventstore/wire/append-responses.js';
import { readReadRequest } from '../../../src/embedded/eventstore/wire/read-request.js';
import {
  caughtUpResponse,
  confirmationResponse,
} from '../../../src/embedded/eventstore/wire/read-responses.js';
import { encodeRecorded } from '../../../src/embedded/eventstore/wire/recorded-event.js';
import type { RunningServer } from '../../../src/embedded/server-thread.js';
import { serveInThread } from '../../../src/embedded/server-thread.js';
import { ProtoReader } from '../../../src/protobuf/reader.js';

/** How many events every read and subscription gives, and the size of their data. */
export type NullOptions = Readonly<{ events: number; dataBytes: number }>;

// The least a server can do: it answers every append at once, keeps nothing, and sends the same
// event again and again to readers. What it takes is what gRPC and the client take.
const serveNull = async ({ events, dataBytes }: NullOptions): Promise<RunningServer> => {
  const event = encodeRecorded(
    {
      id: '00000000-0000-4000-8000-000000000000',
      type: 'Measured',
      isJson: true,
      customMetadata: Buffer.alloc(0),
      data: Buffer.from(JSON.stringify({ text: 'x'.repeat(dataBytes) })),
    },
    { stream: 'bench-1', revision: 1_000, position: 1_000_000, created: Date.now() },
  );
  const positions = { first: 1, last: 1 };
  const streams: Service = {
    name: 'event_store.client.streams.Streams',
    methods: {
      BatchAppend: {
        kind: 'duplex',
        serve: async (call) => {
          const responses = new Responses(call);
          await eachMessage(call, (bytes) => {
            const message = new ProtoReader(bytes);
            message.field();
            responses.send(batchSuccess(message.bytes(), 'bench', { revision: 1, positions }));
          });
        },
      },
      Read: {
        kind: 'server-stream',
        serve: async (call) => {
          const responses = new Responses(call);
          const { isSubscription } = readReadRequest(call.request);
          if (isSubscription) responses.send(confirmationResponse('null'));
          for (let sent = 0; sent < events && !responses.hasEnded; sent++)
            if (!responses.send(event)) await responses.room();
          if (!isSubscription) return;
          responses.send(caughtUpResponse);
          await new Promise<void>((resolve) => responses.onEnd(resolve));
        },
      },
    },
  };
  const server = new Server();
  const endPoint = { host: '127.0.0.1', port: 0 };
  const services = [streams, gossip(endPoint)];
  for (const service of [...services, serverFeatures(services)])
    server.addService(...grpcService(service, () => undefined));
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  endPoint.port = port;
  return { port, stop: async () => server.forceShutdown() };
};

serveInThread(serveNull);
