import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { apiOf } from '../http/support/api.js';
import { bodyOf, createSession } from '../http/support/making.js';
import {
  type Program,
  removeFolder,
  type SharedStores,
  startProgram,
  startSharedStores,
  temporaryFolder,
} from '../support/program.js';
import { quick, register, settled } from './support/hooks.js';
import { type Receiver, startReceiver } from './support/receiver.js';

let folder: string;
let stores: SharedStores;
let receiver: Receiver;
const programs: Program[] = [];

beforeAll(async () => {
  folder = await temporaryFolder();
  stores = await startSharedStores(folder);
  receiver = await startReceiver();
});
afterEach(async () => {
  for (const program of programs.splice(0)) await program.stop();
});
afterAll(async () => {
  await receiver.close();
  await stores.stop();
  await removeFolder(folder);
});

const start = async (settings: Readonly<Record<string, string>> = {}): Promise<Program> => {
  const program = await startProgram(folder, { ...quick, ...stores.settings, ...settings });
  programs.push(program);
  return program;
};
const as = (userId: string, { url }: Program) => apiOf(() => url, { 'X-User-Id': userId });

it('tells of each event exactly once while two nodes share the work', async () => {
  const nodes = [await start(), await start()];
  const [first, second] = nodes.map((node) => as('ann', node));
  const webhook = await register(first!, receiver.at('/shared'));
  const streams: string[] = [];
  for (let count = 0; count < 40; count++)
    streams.push((await createSession(count % 2 ? first! : second!)).stream);
  await settled(second!, webhook, 'succeeded', 40);
  const told = receiver.callsTo('/shared').map(({ payload }) => payload.data.stream);
  expect(told.sort()).toEqual(streams.sort());
});

it('tells of an event although the node is killed between event and delivery', async () => {
  const settings = { WEBHOOK_SCHEDULE_SECONDS: '2,0.1,0.2' };
  const before = await start(settings);
  const webhook = await register(as('bob', before), receiver.at('/killed'));
  const early = await createSession(as('bob', before));
  await settled(as('bob', before), webhook, 'pending');
  const late = await createSession(as('bob', before));
  await before.kill();
  const told = receiver.callsTo('/killed').length;
  const after = await start(settings);
  await receiver.arrived('/killed', 2 - told);
  await settled(as('bob', after), webhook, 'succeeded', 2);
  const streams = receiver.callsTo('/killed').map(({ payload }) => payload.data.stream);
  expect([...new Set(streams)].sort()).toEqual([early.stream, late.stream].sort());
});

it('makes another attempt when the node is killed in the midst of one', async () => {
  const before = await start();
  receiver.behaves('/midst', () => {}, 200);
  const webhook = await register(as('carl', before), receiver.at('/midst'));
  await createSession(as('carl', before));
  await receiver.arrived('/midst', 1);
  await before.kill();
  const after = await start();
  const [first, second] = await receiver.arrived('/midst', 2);
  expect(second!.id).toBe(first!.id);
  const [delivery] = await settled(as('carl', after), webhook, 'succeeded');
  expect(delivery!.attempts).toHaveLength(1);
});

it('gives an attempt back when it is stopped in the midst of one', async () => {
  const before = await start({ WEBHOOK_TIMEOUT_SECONDS: '60' });
  receiver.behaves('/stopped', () => {}, 200);
  const webhook = await register(as('dora', before), receiver.at('/stopped'));
  await createSession(as('dora', before));
  await receiver.arrived('/stopped', 1);
  expect(await before.stop()).toBe(0);
  const after = await start({ WEBHOOK_TIMEOUT_SECONDS: '60' });
  await settled(as('dora', after), webhook, 'succeeded');
  expect(receiver.callsTo('/stopped')).toHaveLength(2);
});

it('writes no secret to its log', async () => {
  const program = await start({ LOG_LEVEL: 'trace' });
  let log = '';
  for (const output of [program.process.stdout, program.process.stderr])
    output!.on('data', (chunk) => {
      log += chunk;
    });
  const fred = as('fred', program);
  receiver.behaves('/logged', 410);
  const webhook = await register(fred, receiver.at('/logged'));
  const rotate = `/v1/webhooks/${webhook.id}/rotate-secret`;
  const { secret } = await bodyOf(fred.post<typeof webhook>(rotate));
  await fred.post(rotate, { secret: 'whsec_c2hvcnQ=' });
  await createSession(fred);
  await settled(fred, webhook, 'parked');
  await program.stop();
  expect(log).toContain('a webhook is disabled');
  for (const each of [webhook.secret, secret, 'whsec_'])
    expect(log).not.toContain(each.replace(/=+$/, ''));
});

it('stops on every node when one removes it', async () => {
  const [one, other] = [await start(), await start()];
  receiver.behaves('/everywhere', 500);
  const webhook = await register(as('eve', one), receiver.at('/everywhere'));
  const witness = await register(as('eve', one), receiver.at('/beside'));
  await createSession(as('eve', one));
  await receiver.arrived('/everywhere', 1);
  await bodyOf(as('eve', other).delete(`/v1/webhooks/${webhook.id}`));
  const calls = receiver.callsTo('/everywhere').length;
  for (let count = 0; count < 6; count++) await createSession(as('eve', count % 2 ? one : other));
  await settled(as('eve', one), witness, 'succeeded', 7);
  expect(receiver.callsTo('/everywhere').length).toBeLessThanOrEqual(calls + 1);
});
