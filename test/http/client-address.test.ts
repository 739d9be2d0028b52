import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { clientAddresses } from '../../src/http/client-address.js';

const asked = (proxies: readonly string[], remoteAddress: string, forwarded?: string): string =>
  clientAddresses(proxies)({
    socket: { remoteAddress } as IncomingMessage['socket'],
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  });

describe('the address of a client', () => {
  it.each([
    ['is that of its connection', [], '192.0.2.1', undefined, '192.0.2.1'],
    ['is without what IPv6 puts before it', [], '::ffff:192.0.2.1', undefined, '192.0.2.1'],
    ['is not what the client says', [], '192.0.2.1', '10.0.0.1', '192.0.2.1'],
    ['is not what a stranger says', ['10.0.0.0/8'], '192.0.2.1', '10.0.0.1', '192.0.2.1'],
    ['is what a trusted proxy says', ['10.0.0.0/8'], '10.1.1.1', '192.0.2.1', '192.0.2.1'],
    [
      'is the last one before the proxies',
      ['10.0.0.0/8'],
      '10.1.1.1',
      '6.6.6.6, 192.0.2.1, 10.2.2.2',
      '192.0.2.1',
    ],
    [
      'is that of the farthest proxy when all are',
      ['10.0.0.0/8'],
      '10.1.1.1',
      '10.3.3.3, 10.2.2.2',
      '10.3.3.3',
    ],
    [
      'goes no further than what is an address',
      ['10.0.0.0/8'],
      '10.1.1.1',
      '192.0.2.1, unknown',
      '10.1.1.1',
    ],
    ['is the proxy’s when nothing is said', ['loopback'], '::1', undefined, '::1'],
    [
      'is taken from behind a local proxy',
      ['loopback'],
      '::ffff:127.0.0.1',
      '2001:db8::1',
      '2001:db8::1',
    ],
    ['is without its port', ['private'], '192.168.0.1', '192.0.2.1:5123', '192.0.2.1'],
    [
      'is without its brackets and port',
      ['private'],
      'fd00::1',
      '[2001:db8::1]:5123',
      '2001:db8::1',
    ],
    ['may be behind one proxy only', ['10.0.0.1'], '10.0.0.1', '192.0.2.1, 10.0.0.2', '10.0.0.2'],
  ])('%s', (_, proxies, connected, forwarded, expected) => {
    expect(asked(proxies, connected, forwarded)).toBe(expected);
  });

  it.each(['all', '10.0.0.0/33', '10.0.0/8', '10.0.0.0/x', '::1/129', '10.0.0.0/'])(
    'cannot be taken from what is no network: %s',
    (proxy) => {
      expect(() => clientAddresses([proxy])).toThrow(`${proxy} is no address or network`);
    },
  );
});
