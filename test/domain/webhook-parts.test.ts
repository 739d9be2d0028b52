import { describe, expect, it } from '@jest/globals';
import { addressRefusal, isPublicAddress } from '../../src/domain/webhook-address.js';
import { isWebhookSecret } from '../../src/domain/webhook-secret.js';
import { hasTopic, isToldTo } from '../../src/domain/webhook-topics.js';

describe('an address', () => {
  it.each([
    ...['127.0.0.1', '127.8.9.10', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
    ...['169.254.169.254', '100.64.0.1', '0.0.0.0', '224.0.0.1', '255.255.255.255', '240.0.0.1'],
    ...['192.0.2.1', '198.18.0.1', '::', '::1', 'fe80::1', 'fc00::1', 'fd12::1', 'fec0::1'],
    ...['ff02::1', '::ffff:127.0.0.1', '::ffff:a00:1', '::ffff:169.254.169.254', '::127.0.0.1'],
    ...['64:ff9b::7f00:1', '2002:7f00:1::', '2001:db8::1', '100::1', 'not-an-address', ''],
  ])('is not public: %s', (address) => expect(isPublicAddress(address)).toBe(false));

  it.each(['8.8.8.8', '172.32.0.1', '2606:4700::1111', '::ffff:8.8.8.8'])(
    'is public: %s',
    (address) => expect(isPublicAddress(address)).toBe(true),
  );
});

describe('a URL', () => {
  const refusal = (url: string, allowPrivate = false) => addressRefusal(new URL(url), allowPrivate);

  it.each([
    ...['http://127.0.0.1/', 'http://2130706433/', 'http://0x7f.1/', 'http://0177.0.0.1/'],
    ...['http://[::1]/', 'http://[::ffff:127.0.0.1]/', 'https://10.1.2.3:8443/x', 'http://127.1'],
  ])('that is literally a private address is refused however it is spelt: %s', (url) => {
    expect(refusal(url)).toBe('may not be a private address');
    expect(refusal(url, true)).toBeUndefined();
  });
  it.each(['ftp://example.com/', 'file:///etc/passwd', 'javascript:alert(1)', 'gopher://x/'])(
    'that is not of the web is refused: %s',
    (url) => expect(refusal(url, true)).toMatch(/must begin with/),
  );
  it('with a user or password is refused', () => {
    expect(refusal('https://ann:secret@example.com/', true)).toMatch(/user or password/);
    expect(refusal('https://ann@example.com/', true)).toMatch(/user or password/);
  });
  it('with a name is taken: where it leads shows when it is looked up', () => {
    expect(refusal('https://example.com/hook')).toBeUndefined();
    expect(refusal('http://localhost/')).toBeUndefined();
  });
});

describe('a secret', () => {
  const ofBytes = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`;
  it('has 24 to 64 bytes in base64 after its prefix', () => {
    for (let bytes = 20; bytes <= 70; bytes++)
      expect([bytes, isWebhookSecret(ofBytes(bytes))]).toEqual([bytes, bytes >= 24 && bytes <= 64]);
  });
  it.each([
    ofBytes(32).slice('whsec_'.length),
    `${ofBytes(32)} `,
    ofBytes(32).replace('=', ''),
    `whsec_${'a b='.repeat(10)}`,
    'whsec_',
  ])('is nothing else: %s', (text) => expect(isWebhookSecret(text)).toBe(false));
});

describe('topics', () => {
  it('match exactly, or by what comes before a star', () => {
    expect(hasTopic(['chat.message.created'], 'chat.message.created')).toBe(true);
    expect(hasTopic(['chat.message.created'], 'chat.message.created.twice')).toBe(false);
    expect(hasTopic(['chat.*'], 'chat.session.updated')).toBe(true);
    expect(hasTopic(['chat.*'], 'chatter.session')).toBe(false);
    expect(hasTopic(['chat*'], 'chatter.session')).toBe(true);
    expect(hasTopic(['*'], 'anything')).toBe(true);
    expect(hasTopic(['task.done', 'execution.*'], 'execution.failed')).toBe(true);
  });

  const everything = { userId: 'ann', everyone: false, topics: ['*'] };
  const event = { stream: 'session-1', topic: 'chat.session.created', ownerId: 'ann' };
  it('are told of to who may see the event', () => {
    expect(isToldTo(everything, event)).toBe(true);
    expect(isToldTo(everything, { ...event, ownerId: 'bob' })).toBe(false);
    expect(isToldTo({ ...everything, everyone: true }, { ...event, ownerId: 'bob' })).toBe(true);
    expect(isToldTo({ ...everything, everyone: true }, { ...event, ownerId: undefined })).toBe(
      false,
    );
  });
  it('of webhooks are told of to nobody', () => {
    const registered = { ...event, stream: 'webhook-1', topic: 'webhook.registered' };
    expect(isToldTo({ ...everything, everyone: true }, registered)).toBe(false);
  });
});
