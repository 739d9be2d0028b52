import { Server, ServerCredentials } from '@grpc/grpc-js';
import { lockFolder } from '../folder-lock.js';
import { loopback, type RunningServer } from '../server-thread.js';
import { admitKnown } from './grpc/admit.js';
import { gossip } from './grpc/gossip.js';
import { monitoring } from './grpc/monitoring.js';
import { operations } from './grpc/operations.js';
import { persistentSubscriptions } from './grpc/persistent-subscriptions.js';
import { projections } from './grpc/projections.js';
import { sendAhead } from './grpc/send-ahead.js';
import { serverFeatures } from './grpc/server-features.js';
import { grpcService, type Service } from './grpc/service.js';
import { streams } from './grpc/streams.js';
import { usersService } from './grpc/users.js';
import { defaults, type EventStoreOptions } from './options.js';
import { Groups } from './persistent/groups.js';
import { openStore, type Store } from './storage/store.js';
import { SystemProjections } from './storage/system-projections.js';
import { Users } from './users/users.js';

// 16 MiB less what EventStoreDB keeps for itself; a client's batch has up to 3 MiB and one event.
const maxRequestBytes = 16_767_216;
const unlimited = -1;

/**
 * Opens the folder and listens on loopback, in this thread.
 *
 * @throws FolderInUse when another server has the folder, DiskFull when a new store has no room, or
 * what the network said about the port
 */
export const serveEventStore = async (options: EventStoreOptions): Promise<RunningServer> => {
  const unlock = await lockFolder(options.dataDir);
  try {
    const store = await openStore(options.dataDir, options);
    return await serveStore(store, options, unlock);
  } catch (error) {
    await unlock();
    throw error;
  }
};

const serveStore = async (
  store: Store,
  options: EventStoreOptions,
  unlock: () => Promise<void>,
): Promise<RunningServer> => {
  const server = new Server({
    'grpc.max_receive_message_length': maxRequestBytes,
    'grpc.max_send_message_length': unlimited,
    interceptors: [sendAhead],
  });
  const groups = new Groups(store);
  const users = new Users(options.dataDir);
  // Gossip names the port, which is known once it is bound; nobody calls before that.
  const endPoint = { host: loopback, port: 0 };
  const services: readonly Service[] = [
    streams(store, options.maxAppendSize ?? defaults.maxAppendSize),
    persistentSubscriptions(groups, store.reader),
    projections(new SystemProjections(store.reader, store.writer)),
    operations(store.scavenger, groups),
    monitoring(store.reader),
    usersService(users),
    gossip(endPoint),
  ];
  const admit = admitKnown(users);
  for (const service of [...services, serverFeatures(services)])
    server.addService(...grpcService(service, admit));

  let stopped: Promise<void> | undefined;
  const stop = async () => {
    // Appends that wait are refused as unavailable; every other call ends with its connection.
    groups.close();
    await store.writer.close();
    await new Promise((resolve) => setTimeout(resolve, goodbyeMs));
    server.forceShutdown();
    await users.close();
    await store.close();
    await unlock();
  };
  const stopOnce = () => {
    stopped ??= stop();
    return stopped;
  };
  try {
    const port = await listen(server, options.port ?? 0);
    endPoint.port = port;
    return { port, stop: stopOnce };
  } catch (error) {
    await stopOnce();
    throw error;
  }
};

// Long enough for the refusals to leave.
const goodbyeMs = 20;

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.bindAsync(`${loopback}:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
