import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

/** The address that a request came from. */
export type ClientAddressOf = (request: Pick<IncomingMessage, 'socket' | 'headers'>) => string;

const named: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};

/**
 * Tells addresses of clients. What a proxy writes into `X-Forwarded-For` is believed as far as the
 * proxies that passed the request on are trusted: each names who it was passed to it by, so the list
 * is read from its end, and the first address that is no trusted proxy's is the client's. What a
 * client wrote into the header itself comes before that, and counts for nothing.
 *
 * @param proxies addresses and networks of trusted proxies, as `10.0.0.0/8`, or `loopback` or `private`
 * @throws RangeError when one is none
 */
export const clientAddresses = (proxies: readonly string[]): ClientAddressOf => {
  const trusted = networks(proxies.flatMap((proxy) => named[proxy] ?? [proxy]));
  const isTrusted = (address: string) =>
    isIP(address) !== 0 && trusted.check(address, familyOf(address));

  return ({ socket, headers }) => {
    let address = plain(socket.remoteAddress ?? '');
    if (proxies.length === 0) return address;
    const forwarded = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',').map(plain);
    for (const before of forwarded.reverse()) {
      if (!isTrusted(address) || isIP(before) === 0) return address;
      address = before;
    }
    return address;
  };
};

const networks = (list: readonly string[]): BlockList => {
  const blocks = new BlockList();
  for (const each of list) {
    const [, address = '', length] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(each) ?? [];
    const most = isIP(address) === 6 ? 128 : 32;
    const bits = length === undefined ? most : Number(length);
    if (isIP(address) === 0 || bits > most)
      throw new RangeError(`${each} is no address or network`);
    blocks.addSubnet(address, bits, familyOf(address));
  }
  return blocks;
};

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** Without what sockets and proxies put around an address: `::ffff:` before one of IPv4, brackets, a port. */
const plain = (text: string): string => {
  const trimmed = text.trim();
  const bare = /^\[(.*)\](?::\d+)?$/.exec(trimmed)?.[1] ?? trimmed;
  const four = /^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)(?::\d+)?$/i.exec(bare)?.[1];
  return four ?? bare;
};
