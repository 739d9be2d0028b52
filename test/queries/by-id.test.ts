import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { type Document, MongoClient } from 'mongodb';
import { startMongo } from '../../src/embedded/index.js';
import type { EmbeddedMongo } from '../../src/embedded/mongo/start.js';
import { type Collections, collectionsOf } from '../../src/queries/collections.js';
import { findSession } from '../../src/queries/sessions.js';
import { removeFolder, temporaryFolder } from '../support/program.js';

const ann = { userId: 'ann', admin: false };
const root = { userId: 'root', admin: true };
const names = Array.from({ length: 60 }, (_, n) => `${n}`);
const stored = (name: string, title: string, position = 0) => ({
  ...{ _id: `session-${name}`, id: name, stream: `session-${name}`, position, title },
  userId: Number(name) % 3 === 0 ? 'bob' : 'ann',
});

let folder: string;
let mongo: EmbeddedMongo;
let client: MongoClient;
let collections: Collections;
let asked: Document[] = [];

beforeAll(async () => {
  folder = await temporaryFolder();
  mongo = await startMongo({ dataDir: folder });
  client = await MongoClient.connect(mongo.url, { monitorCommands: true });
  collections = collectionsOf(client.db('forkline'));
  const sessions = names.map((name) => stored(name, `the session ${name}`));
  await collections.sessions.insertMany(sessions as never[]);
  client.on('commandStarted', ({ commandName, command }) => {
    if (commandName === 'find') asked.push(command);
  });
});

beforeEach(() => {
  asked = [];
});

afterAll(async () => {
  await client.close();
  await mongo.stop();
  await removeFolder(folder);
});

it('looks up at once what is asked for at once, and gives each their own or none', async () => {
  const all = [...names, 'gone', ...names];
  const found = await Promise.all(all.map((name) => findSession(collections, ann, name)));
  expect(found.map((session) => session?.title)).toEqual(
    all.map((name) =>
      Number(name) % 3 === 0 || name === 'gone' ? undefined : `the session ${name}`,
    ),
  );
  const ofAll = await Promise.all(names.map((name) => findSession(collections, root, name)));
  expect(ofAll.map((session) => session?.title)).toEqual(
    names.map((name) => `the session ${name}`),
  );
  expect(asked.length).toBeLessThanOrEqual(4);
});

it('finds what was written before it was asked for, also while another look-up is under way', async () => {
  const { sessions } = collections;
  for (let position = 1; position <= 30; position++) {
    const underWay = findSession(collections, ann, '1');
    await sessions.replaceOne(
      { _id: 'session-1' },
      stored('1', `at ${position}`, position) as never,
    );
    expect(await findSession(collections, ann, '1')).toMatchObject({ title: `at ${position}` });
    await underWay;
  }
});
