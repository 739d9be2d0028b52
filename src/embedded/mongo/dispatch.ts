import { aggregate } from './commands/aggregating.js';
import { explain } from './commands/explaining.js';
import { findAndModify } from './commands/find-and-modify.js';
import * as greeting from './commands/greeting.js';
import * as reading from './commands/reading.js';
import * as schema from './commands/schema.js';
import { collStats, dbStats } from './commands/statistics.js';
import * as writing from './commands/writing.js';
import type { Command, Context } from './context.js';
import { CommandError, errorReply } from './errors.js';
import type { Reply, Request } from './wire.js';

/** Every command that is answered, by its name on the wire. */
const commands: ReadonlyMap<string, Command> = new Map<string, Command>(
  Object.entries({
    hello: greeting.hello,
    isMaster: greeting.hello,
    ismaster: greeting.hello,
    ping: greeting.ok,
    buildInfo: greeting.buildInfo,
    buildinfo: greeting.buildInfo,
    endSessions: greeting.ok,
    killSessions: greeting.ok,
    refreshSessions: greeting.ok,
    connectionStatus: greeting.connectionStatus,
    getParameter: greeting.getParameter,
    hostInfo: greeting.hostInfo,
    serverStatus: greeting.serverStatus,
    saslStart: greeting.refuseAuthentication,
    authenticate: greeting.refuseAuthentication,
    insert: writing.insert,
    update: writing.update,
    delete: writing.remove,
    findAndModify,
    findandmodify: findAndModify,
    find: reading.find,
    getMore: reading.getMore,
    killCursors: reading.killCursors,
    count: reading.count,
    distinct: reading.distinct,
    aggregate,
    explain,
    create: schema.create,
    drop: schema.drop,
    dropDatabase: schema.dropDatabase,
    renameCollection: schema.renameCollection,
    listCollections: schema.listCollections,
    listDatabases: schema.listDatabases,
    createIndexes: schema.createIndexes,
    listIndexes: schema.listIndexes,
    dropIndexes: schema.dropIndexes,
    collStats,
    dbStats,
  } satisfies Record<string, Command>),
);

/** Carries out a command; every failure becomes a reply too. */
export const dispatch = async (context: Context, request: Request): Promise<Reply> => {
  try {
    const command = commands.get(request.name);
    if (!command) throw new CommandError('CommandNotFound', `no such command: '${request.name}'`);
    if (request.args.startTransaction !== undefined || request.args.autocommit !== undefined)
      throw new CommandError(
        'IllegalOperation',
        "Transactions are not supported by Forkline's embedded MongoDB",
      );
    return await command(context, request);
  } catch (error) {
    return errorReply(error);
  }
};
