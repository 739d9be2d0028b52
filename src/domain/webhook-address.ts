import ipaddr from 'ipaddr.js';

/** Why a URL cannot be a webhook's, or undefined when it can. */
export type AddressRefusal = string;

/**
 * Whether an address is one of the public internet. Everything else is refused: private, loopback,
 * link-local, carrier-grade NAT, multicast, unspecified and reserved ranges, and IPv6 addresses that
 * stand for IPv4 ones (mapped ones count as what they stand for).
 *
 * @param address an IPv4 or IPv6 address; anything else is not public
 */
export const isPublicAddress = (address: string): boolean =>
  ipaddr.isValid(address) && ipaddr.process(address).range() === 'unicast';

/**
 * Checks where a webhook is to go, as far as the URL says: a name may still turn out to be a private
 * address when it is looked up.
 *
 * @param url parsed: in other spellings (decimal, octal) an address would look like a name
 */
export const addressRefusal = (
  { protocol, username, password, hostname }: Readonly<URL>,
  allowPrivate: boolean,
): AddressRefusal | undefined => {
  if (protocol !== 'https:' && protocol !== 'http:') return 'must begin with https:// or http://';
  if (username !== '' || password !== '') return 'may not contain a user or password';
  const literal = literalOf(hostname);
  if (literal !== undefined && !allowPrivate && !isPublicAddress(literal))
    return 'may not be a private address';
  return undefined;
};

/** The address that a URL's host is literally, without brackets; undefined when it is a name. */
const literalOf = (hostname: string): string | undefined => {
  const address = hostname.replace(/^\[(.*)\]$/, '$1');
  return ipaddr.isValid(address) ? address : undefined;
};
