import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { sender } from '../../../src/reactions/webhooks/send.js';
import { type Receiver, startReceiver } from '../../webhooks/support/receiver.js';

let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver();
});
afterAll(() => receiver.close());

const never = new AbortController().signal;
const posting = (path: string) => ({ url: receiver.at(path), headers: {}, body: '{}' });
const allowed = sender({ allowPrivate: true, timeoutMs: 20_000 });

it('keeps how an answer begins, and does not wait for the rest', async () => {
  receiver.behaves('/endless', (response) => {
    response.writeHead(200, { 'retry-after': '7' });
    response.write('x'.repeat(5_000));
  });
  expect(await allowed(posting('/endless'), never)).toEqual({
    ...{ status: 200, retryAfter: '7', excerpt: 'x'.repeat(1_024) },
  });
});

it('takes an answer that is cut off for none', async () => {
  receiver.behaves('/cut', (response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('x');
    response.destroy();
  });
  expect(await allowed(posting('/cut'), never)).toEqual({ error: expect.any(String) });
});

it('connects to no address that is not public, however it is named', async () => {
  const guarded = sender({ allowPrivate: false, timeoutMs: 20_000 });
  const { port } = new URL(receiver.url);
  for (const host of ['127.0.0.1', '0x7f.1', '[::ffff:127.0.0.1]', 'localhost', 'localhost.']) {
    const sent = await guarded(
      { ...posting('/inside'), url: `http://${host}:${port}/inside` },
      never,
    );
    expect(sent).toEqual({ error: expect.any(String) });
  }
  expect(receiver.callsTo('/inside')).toEqual([]);
});

it('lets go when it is told to, before and during the attempt', async () => {
  receiver.behaves('/silent', () => {});
  const cutOff = new AbortController();
  const sending = allowed(posting('/silent'), cutOff.signal);
  await receiver.arrived('/silent', 1);
  cutOff.abort();
  await expect(sending).rejects.toThrow('aborted');
  await expect(allowed(posting('/silent'), cutOff.signal)).rejects.toThrow('aborted');
  expect(receiver.callsTo('/silent')).toHaveLength(1);
});

it('uses a connection again, and makes another where the other side closes it instead of answering', async () => {
  const ports = new Set<number | undefined>();
  const answers = (response: ServerResponse) => {
    ports.add(response.socket?.remotePort);
    response.writeHead(200).end();
  };
  receiver.behaves('/again', answers, answers, (response) => response.destroy(), answers);
  const answered = { status: 200, retryAfter: undefined, excerpt: '' };
  expect(await allowed(posting('/again'), never)).toEqual(answered);
  expect(await allowed(posting('/again'), never)).toEqual(answered);
  expect(ports.size).toBe(1);
  expect(await allowed(posting('/again'), never)).toEqual(answered);
  expect(ports.size).toBe(2);
  expect(receiver.callsTo('/again')).toHaveLength(4);
});
