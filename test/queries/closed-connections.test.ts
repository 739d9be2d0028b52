import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type EmbeddedMongo, startMongo } from '../../src/embedded/mongo/start.js';
import { isUnavailable } from '../../src/projecting/unavailable.js';
import { connectDatabase, type Database } from '../../src/queries/database.js';
import { removeFolder, temporaryFolder } from '../support/program.js';

let folder: string;
let mongo: EmbeddedMongo;
let database: Database;
const sockets: Socket[] = [];
const note = (message: unknown) => sockets.push((message as { socket: Socket }).socket);

beforeAll(async () => {
  subscribe('net.client.socket', note);
  folder = await temporaryFolder();
  mongo = await startMongo({ dataDir: folder });
  database = await connectDatabase(mongo.url, 'test');
});
afterAll(async () => {
  unsubscribe('net.client.socket', note);
  await database.close();
  await mongo.stop();
  await removeFolder(folder);
});

/** Ends every connection. Of that the driver hears when its events are told, and not before. */
const endConnections = (): void => {
  for (const socket of sockets.splice(0)) socket.destroy();
};

describe('a connection that has just ended', () => {
  it('ends the command that is written to it, which the driver repeats if that is safe', async () => {
    const { db } = database;
    for (let time = 0; time < 5; time++) {
      await db.command({ ping: 1 });
      const asked = db.command({ ping: 1 }).then(
        () => true,
        (error: unknown) => isUnavailable(error),
      );
      const read = db.collection('things').find().toArray();
      endConnections();
      expect(await asked).toBe(true);
      expect(await read).toEqual([]);
    }
  });

  it('is told from one that another command is written to at once', async () => {
    const { db } = database;
    for (let time = 0; time < 5; time++) {
      await db.command({ ping: 1 });
      endConnections();
      const asked = db.command({ ping: 1 }).then(
        () => true,
        (error: unknown) => isUnavailable(error),
      );
      expect(await asked).toBe(true);
    }
  });
});
