import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { startEventStore } from '../embedded/eventstore/start.js';
import { startMongo } from '../embedded/mongo/start.js';
import { untilSignalled } from './until-signalled.js';

type Flags = Readonly<{
  eventstorePort: number;
  mongodbPort: number;
  dataDir: string;
  eventstore: boolean;
  mongodb: boolean;
}>;

/** Adds the command `forkline stores`. */
export const registerStores = (program: Command): void => {
  program
    .command('stores')
    .description('run the embedded stores alone, for several nodes or other clients to share')
    .option('--eventstore-port <port>', 'port of the event store; 0 takes a free one', port, 2113)
    .option('--mongodb-port <port>', 'port of the database; 0 takes a free one', port, 27017)
    .option('--data-dir <folder>', 'where the data is', './data')
    .option('--no-eventstore', 'leave the event store out')
    .option('--no-mongodb', 'leave the database out')
    .action(runStores);
};

const runStores = async ({ dataDir, ...flags }: Flags): Promise<void> => {
  if (!flags.eventstore && !flags.mongodb) {
    console.error('forkline: nothing to run: both stores are left out');
    process.exitCode = 2;
    return;
  }
  const signalled = untilSignalled();
  const servers = [];
  try {
    if (flags.eventstore) {
      const dir = join(dataDir, 'eventstore');
      const server = await startEventStore({ dataDir: dir, port: flags.eventstorePort });
      servers.push(server);
      console.log(`Event store listening on ${server.url}`);
    }
    if (flags.mongodb) {
      const dir = join(dataDir, 'mongodb');
      const server = await startMongo({ dataDir: dir, port: flags.mongodbPort });
      servers.push(server);
      console.log(`MongoDB listening on ${server.url}`);
    }
    const failure = await Promise.race([signalled, ...servers.map(({ exited }) => exited)]);
    if (failure) throw failure;
  } catch (error) {
    console.error(`forkline: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
  for (const server of servers) await server.stop();
};

const port = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535)
    throw new InvalidArgumentError('must be a whole number from 0 to 65535');
  return value;
};
