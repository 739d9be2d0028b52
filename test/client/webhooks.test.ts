import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ForklineClient } from '../../src/client/node-client.js';
import { type Program, removeFolder, startProgram, temporaryFolder } from '../support/program.js';
import { quick } from '../webhooks/support/hooks.js';
import { type Receiver, startReceiver, verified } from '../webhooks/support/receiver.js';

let program: Program;
let client: ForklineClient;
let receiver: Receiver;

beforeAll(async () => {
  program = await startProgram(await temporaryFolder(), quick);
  client = new ForklineClient({ url: program.url });
  receiver = await startReceiver();
});
afterAll(async () => {
  await receiver.close();
  await program.stop();
  await removeFolder(program.dataDir);
});

it('manages webhooks over the client', async () => {
  const { webhooks, sessions } = client;
  const { id, secret, position } = await webhooks.register({
    url: receiver.at('/client'),
    topics: ['chat.*'],
  });
  expect(await webhooks.get(id, { after: position })).toMatchObject({ id, status: 'active' });
  expect((await webhooks.list()).items.map((webhook) => webhook.id)).toEqual([id]);
  await sessions.create({ title: 'Told' });
  const [call] = await receiver.arrived('/client', 1);
  verified(call!, secret);

  const [delivery] = (await webhooks.deliveries(id)).items;
  expect(delivery).toMatchObject({ id: call!.id, topic: 'chat.session.created' });
  // What is under way is not begun again.
  const succeeded = async () => {
    while ((await webhooks.delivery(id, call!.id)).status !== 'succeeded');
  };
  await succeeded();
  await webhooks.retry(id, delivery!.id);
  await succeeded();
  await receiver.arrived('/client', 2);
  expect(await webhooks.resend(id, '2026-01-01T00:00:00Z')).toEqual({ deliveries: 1 });
  await receiver.arrived('/client', 3);

  const rotated = await webhooks.rotateSecret(id);
  expect(rotated.secret).not.toBe(secret);
  const disabled = await webhooks.disable(id, { reason: 'maintenance' });
  expect(await webhooks.get(id, { after: disabled.position })).toMatchObject({
    ...{ status: 'disabled', reason: 'maintenance' },
  });
  await webhooks.enable(id);
  const removed = await webhooks.remove(id);
  await expect(webhooks.get(id, { after: removed.position })).rejects.toMatchObject({
    code: 'webhook-not-found',
  });
});
