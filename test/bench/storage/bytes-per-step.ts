// What a step of a run takes on disk, by store, collection and index. Build, then
//   node dist/test/bench/storage/bytes-per-step.js [--steps 1000] [--json]
// A step is a message of 500 bytes, in words of a vocabulary of 10,000 as seldom or often as Zipf has
// them; in the second run a small checkpoint as well. The program runs as in production, over HTTP, and
// is stopped before its files are looked at. What empty stores take is subtracted.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Database, open, type RootDatabase } from 'lmdb';
import { Catalogue, segmentRange } from '../../../src/embedded/mongo/catalogue.js';
import { Store } from '../../../src/embedded/mongo/store.js';
import { ask, type Json, send } from '../../support/api.js';
import { removeFolder, startProgram, temporaryFolder } from '../../support/program.js';
import { folderSize } from '../replay/support/folder-size.js';
import { proseOf } from '../replay/support/prose.js';

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '1000' },
    json: { type: 'boolean', default: false },
  },
});
const steps = Number(values.steps);
const messageBytes = 500;
/** What a step of one message may take. */
const promised = 3 * 1024;
const stores = ['eventstore', 'mongodb'] as const;

/** Bytes by what they are of. */
type Sizes = ReadonlyMap<string, number>;

const writeRun = async (folder: string, count: number, withCheckpoints: boolean): Promise<void> => {
  const program = await startProgram(folder);
  const { url } = program;
  const session = await send(url, '/v1/sessions', { title: `A run of ${count} steps` });
  const execution = await send(url, '/v1/executions', { sessionId: session.id, input: {} });
  let last: Json = execution;
  for (let step = 1; step <= count; step++) {
    const role = step % 2 === 0 ? 'assistant' : 'user';
    const message = { role, content: proseOf(step, messageBytes) };
    last = await send(url, `/v1/sessions/${session.id}/messages`, message);
    if (!withCheckpoints) continue;
    const state = { step, next: step % 2 === 0 ? 'tools' : 'model', lastMessageId: last.id };
    const checkpoint = { agent: 'agent', stage: 'loop', stageOrder: 0, state };
    last = await send(url, `/v1/executions/${execution.id}/checkpoints`, checkpoint);
  }
  await ask(url, `/v1/sessions/${session.id}/messages?limit=1&after=${last.position}`);
  await ask(url, `/v1/audit?limit=1&after=${last.position}`);
  await program.stop();
};

/** What lies in LMDB beside key and value: the header of the entry and its place in the page. */
const entryBytes = 10;
const binary = { encoding: 'binary', keyEncoding: 'binary' } as const;

const openFile = (path: string): RootDatabase<Buffer, Buffer> =>
  open<Buffer, Buffer>({ path, ...binary, readOnly: true });

const sizesOf = async (folder: string): Promise<Sizes> => {
  const sizes = new Map<string, number>();
  for (const store of stores) sizes.set(store, await folderSize(join(folder, store)));
  await addEventStore(join(folder, 'eventstore'), sizes);
  await addMongo(join(folder, 'mongodb'), sizes);
  return sizes;
};

type Range = Readonly<{ start?: Buffer; end?: Buffer }>;

/** Bytes of what is packed into blocks, of what is not, and how much there would be without blocks. */
const addTable = (
  sizes: Map<string, number>,
  what: string,
  tables: readonly [plain: Database<Buffer, Buffer>, blocks?: Database<Buffer, Buffer>],
  range: Range = {},
): void => {
  const [plain = 0, packed = 0] = tables.map((table) => {
    let bytes = 0;
    for (const { key, value } of table?.getRange(range) ?? [])
      bytes += key.length + value.length + entryBytes;
    return bytes;
  });
  sizes.set(`${what}, packed`, packed);
  sizes.set(`${what}, plain`, plain);
};

const addEventStore = async (folder: string, sizes: Map<string, number>): Promise<void> => {
  const log = openFile(join(folder, 'log.mdb'));
  const blocks = log.openDB<Buffer, Buffer>({ name: 'pack', ...binary });
  addTable(sizes, 'eventstore log', [log, blocks], { end: Buffer.from([1]) });
  await log.close();
  const index = openFile(join(folder, 'index.mdb'));
  for (const name of ['heads', 'positions', 'ids'])
    addTable(sizes, `eventstore index ${name}`, [
      index.openDB<Buffer, Buffer>({ name, ...binary }),
    ]);
  await index.close();
};

const addMongo = async (folder: string, sizes: Map<string, number>): Promise<void> => {
  const store = new Store(folder);
  const collections = new Catalogue(store).list();
  await store.close();
  const file = openFile(folder);
  const blocks = file.openDB<Buffer, Buffer>({ name: 'packed', ...binary });
  for (const { ns, indexes } of collections)
    for (const { name, segment } of indexes) {
      const { from, to } = segmentRange(segment);
      const what = `mongodb ${ns.slice(ns.indexOf('.') + 1)} ${name === '_id_' ? 'documents' : name}`;
      addTable(sizes, what, [file, blocks], { start: from, end: to });
    }
  await file.close();
};

const measured = async (withCheckpoints: boolean): Promise<Sizes> => {
  const folder = await temporaryFolder();
  // What is there in any case, collections and indexes and their first pages, is there before.
  await writeRun(folder, 1, withCheckpoints);
  const before = await sizesOf(folder);
  await writeRun(folder, steps, withCheckpoints);
  const after = await sizesOf(folder);
  await removeFolder(folder);
  const grown = [...after].map(
    ([what, size]) => [what, (size - (before.get(what) ?? 0)) / steps] as const,
  );
  return new Map(grown);
};

const totalOf = (sizes: Sizes): number =>
  stores.reduce((sum, store) => sum + (sizes.get(store) ?? 0), 0);

const message = await measured(false);
const both = await measured(true);
if (values.json)
  console.log(
    JSON.stringify({
      ...{ steps, messageBytes, promised, message: totalOf(message), both: totalOf(both) },
      parts: { message: Object.fromEntries(message), both: Object.fromEntries(both) },
    }),
  );
else {
  console.log(
    `Bytes a step, ${steps} steps; the lines below a store are what lies in its files, without free room in pages.`,
  );
  const rows = new Set([...message.keys(), ...both.keys()]);
  const rounded = (sizes: Sizes, what: string) => Math.round(sizes.get(what) ?? 0);
  const lines = [...rows].map((what) => ({
    what,
    message: rounded(message, what),
    'message and checkpoint': rounded(both, what),
  }));
  const total = { what: 'both stores', message: Math.round(totalOf(message)) };
  console.table([
    { ...total, 'message and checkpoint': Math.round(totalOf(both)) },
    ...lines.filter((line) => line.message > 1 || line['message and checkpoint'] > 1),
  ]);
  if (totalOf(message) > promised)
    console.log(`${total.message} bytes for a message are more than ${promised}.`);
}
