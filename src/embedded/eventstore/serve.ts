import { Server, ServerCredentials } from '@grpc/grpc-js';
import { lockFolder } from '../folder-lock.js';
import type { RunningServer } from '../server-thread.js';
import { gossip } from './grpc/gossip.js';
import { persistentSubscriptions } from './grpc/persistent-subscriptions.js';
import { serverFeatures } from './grpc/server-features.js';
import { grpcService, type Service } from './grpc/service.js';
import { streams } from './grpc/streams.js';
import { DEFAULT_MAX_APPEND_SIZE, type EventStoreOptions } from './options.js';
import { Groups } from './persistent/groups.js';
import { openStore } from './storage/store.js';

const HOST = '127.0.0.1';
// 16 MiB less what EventStoreDB keeps for itself; a client's batch has up to 3 MiB and one event.
const MAX_REQUEST_BYTES = 16_767_216;
const UNLIMITED = -1;

/**
 * Opens the folder and listens on loopback, in this thread.
 *
 * @throws FolderInUse when another server has the folder
 */
export const serveEventStore = async (options: EventStoreOptions): Promise<RunningServer> => {
  const unlock = await lockFolder(options.dataDir);
  const store = await openStore(options.dataDir);
  const groups = new Groups(store);
  const server = new Server({
    'grpc.max_receive_message_length': MAX_REQUEST_BYTES,
    'grpc.max_send_message_length': UNLIMITED,
  });
  // Gossip names the port, which is known once it is bound; nobody calls before that.
  const endPoint = { host: options.advertisedHost ?? HOST, port: options.advertisedPort ?? 0 };
  const services: readonly Service[] = [
    streams(store, options.maxAppendSize ?? DEFAULT_MAX_APPEND_SIZE),
    persistentSubscriptions(groups, store.reader),
    gossip(endPoint),
  ];
  for (const service of [...services, serverFeatures(services)])
    server.addService(...grpcService(service));
  const port = await listen(server, options.port ?? 0);
  endPoint.port ||= port;

  let stopped: Promise<void> | undefined;
  const stop = async () => {
    // Appends that wait are refused as unavailable; every other call ends with its connection.
    groups.close();
    await store.writer.close();
    await new Promise((resolve) => setTimeout(resolve, GOODBYE_MS));
    server.forceShutdown();
    await store.close();
    await unlock();
  };
  return {
    port,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
};

// Long enough for the refusals to leave.
const GOODBYE_MS = 20;

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.bindAsync(`${HOST}:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
