import { arch, cpus, hostname, platform, release, totalmem } from 'node:os';
import type { Command } from '../context.js';
import { CommandError, unsupported } from '../errors.js';
import { maxDocumentBytes } from '../raw.js';
import { maxMessageBytes, maxWriteBatchSize } from '../wire.js';

const version = '7.0.0';

let lastConnectionId = 0;

/**
 * The command `hello`: says that this is a standalone server of the wire version of MongoDB 7.0, with
 * no extension to agree on.
 */
export const hello: Command = (_, { args, name }) => {
  if (args.speculativeAuthenticate) throw authentication();
  return {
    ...(name === 'hello' ? { isWritablePrimary: true } : { ismaster: true, helloOk: true }),
    maxBsonObjectSize: maxDocumentBytes,
    maxMessageSizeBytes: maxMessageBytes,
    maxWriteBatchSize,
    localTime: new Date(),
    logicalSessionTimeoutMinutes: 30,
    connectionId: ++lastConnectionId,
    minWireVersion: 0,
    maxWireVersion: 21,
    readOnly: false,
    ok: 1,
  };
};

const authentication = () =>
  unsupported('authentication (leave user and password out of the connection string):');

/**
 * Any command of authentication: there are no users here.
 *
 * @throws CommandError always
 */
export const refuseAuthentication: Command = () => {
  throw authentication();
};

/** The answer to commands that have nothing to do here, such as `ping` and `endSessions`. */
export const ok: Command = () => ({ ok: 1 });

/** The command `buildInfo`. */
export const buildInfo: Command = () => ({
  version,
  versionArray: [7, 0, 0, 0],
  gitVersion: 'none',
  modules: [],
  allocator: 'system',
  javascriptEngine: 'none',
  sysInfo: "Forkline's embedded MongoDB",
  bits: 64,
  debug: false,
  maxBsonObjectSize: maxDocumentBytes,
  storageEngines: ['lmdb'],
  ok: 1,
});

/** The command `connectionStatus`: nobody is ever authenticated. */
export const connectionStatus: Command = () => ({
  authInfo: { authenticatedUsers: [], authenticatedUserRoles: [], authenticatedUserPrivileges: [] },
  ok: 1,
});

/** The command `getParameter`, which knows `featureCompatibilityVersion` alone. */
export const getParameter: Command = (_, { args }) => {
  if (args.getParameter !== '*' && !args.featureCompatibilityVersion)
    throw new CommandError('InvalidOptions', 'no option found to get');
  return { featureCompatibilityVersion: { version: '7.0' }, ok: 1 };
};

/** The command `hostInfo`. */
export const hostInfo: Command = () => ({
  system: {
    currentTime: new Date(),
    hostname: hostname(),
    cpuAddrSize: 64,
    memSizeMB: Math.round(totalmem() / 1024 / 1024),
    numCores: cpus().length,
    cpuArch: arch(),
    numaEnabled: false,
  },
  os: { type: platform(), name: platform(), version: release() },
  extra: {},
  ok: 1,
});

/** The command `serverStatus`. */
export const serverStatus: Command = ({ startedAt, cursors }) => {
  const uptimeMillis = Date.now() - startedAt.getTime();
  return {
    host: hostname(),
    version,
    process: 'forkline',
    pid: process.pid,
    uptime: uptimeMillis / 1000,
    uptimeMillis,
    localTime: new Date(),
    connections: { current: 1, available: 1000 },
    metrics: { cursor: { open: { total: cursors.count } } },
    storageEngine: { name: 'lmdb', persistent: true },
    ok: 1,
  };
};
