import { setMaxListeners } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { inParallel } from '../../../src/reactions/in-parallel.js';
import { sender } from '../../../src/reactions/webhooks/send.js';
import { ask, send } from '../../support/api.js';
import {
  removeFolder,
  startProgram,
  startSharedStores,
  temporaryFolder,
} from '../../support/program.js';

// Deliveries a second, from the first of many messages being posted until every webhook was told of each,
// beside as many posts that nothing is noted down of, by the same sender to the same endpoint.
//   node dist/test/bench/reactions/webhooks.js [--webhooks 5] [--messages 400] [--rounds 3]

const { values } = parseArgs({
  options: {
    webhooks: { type: 'string', default: '5' },
    messages: { type: 'string', default: '400' },
    rounds: { type: 'string', default: '3' },
  },
});
const webhooks = Number(values.webhooks);
const messages = Number(values.messages);
const atOnce = 32;
const sendersAtOnce = 64;

let received = 0;
let newest = '';
let whenReceived = () => {};
const endpoint = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  newest = Buffer.concat(chunks).toString();
  response.writeHead(200).end();
  received += 1;
  whenReceived();
});
await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}`;
const arrived = (count: number) =>
  new Promise<void>((resolve) => {
    whenReceived = () => received >= count && resolve();
    whenReceived();
  });

const folder = await temporaryFolder();
const stores = await startSharedStores(folder);
const program = await startProgram(folder, { ...stores.settings, WEBHOOK_ALLOW_PRIVATE: 'true' });
for (let n = 0; n < webhooks; n++) {
  const asked = { url: `${url}/${n}`, topics: ['chat.message.*'] };
  const { id, position } = await send(program.url, '/v1/webhooks', asked);
  await ask(program.url, `/v1/webhooks/${id}?after=${position}`);
}
const sessions: string[] = [];
for (let n = 0; n < atOnce; n++)
  sessions.push((await send(program.url, '/v1/sessions', { title: `${n}` })).id);

/** Milliseconds that something took until so many requests had come in since. */
const timed = async (count: number, work: () => Promise<void>): Promise<number> => {
  received = 0;
  const began = performance.now();
  await Promise.all([work(), arrived(count)]);
  return performance.now() - began;
};

const message = { role: 'user', content: 'Please find me a flight to Oslo on Tuesday. '.repeat(5) };
const each = Array.from({ length: messages }, (_, n) => sessions[n % atOnce] ?? '');
const post = async (id: string): Promise<void> => {
  await send(program.url, `/v1/sessions/${id}/messages`, message);
};
const delivered = () =>
  timed(messages * webhooks, () => inParallel(each, post, { concurrency: atOnce }));

const bare = sender({ allowPrivate: true, timeoutMs: 20_000 });
const never = new AbortController().signal;
setMaxListeners(0, never);
const headers = { 'content-type': 'application/json' };
const posted = () => {
  const bodies = Array.from({ length: messages * webhooks }, () => newest);
  const postOne = async (body: string): Promise<void> => {
    await bare({ url, headers, body }, never);
  };
  return timed(bodies.length, () => inParallel(bodies, postOne, { concurrency: sendersAtOnce }));
};

await delivered();
const rows = [];
for (let round = 0; round < Number(values.rounds); round++) {
  const [own, theirs] = [await delivered(), await posted()];
  const perSecond = (ms: number) => Math.round((messages * webhooks * 1_000) / ms);
  rows.push({
    'deliveries/s': perSecond(own),
    'bare posts/s': perSecond(theirs),
    ratio: Number((theirs / own).toFixed(2)),
  });
}
console.table(rows);

endpoint.closeAllConnections();
endpoint.close();
await program.stop();
await stores.stop();
await removeFolder(folder);
