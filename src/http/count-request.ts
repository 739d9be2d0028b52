import ipaddr from 'ipaddr.js';
import type { Caller, RequestOrigin } from '../commands/request.js';
import type { LimitName } from './limit-of.js';
import type { Counted, RateLimits } from './rate-limits.js';

/** Counts a request: for its caller, or for the address it came from where nobody is known. */
export const countRequest = (
  limits: RateLimits,
  name: LimitName,
  caller: Caller | undefined,
  originOf: () => Pick<RequestOrigin, 'clientAddress'>,
): Promise<Counted | undefined> =>
  caller
    ? limits.count(name, caller.userId)
    : limits.count('unauthenticated', networkOf(originOf().clientAddress));

/**
 * The part of an address that counts as one client: all of an IPv4 address, the first 64 bits of an
 * IPv6 address, since whoever has one of those has the whole network. Text that is no address counts as
 * it is.
 */
export const networkOf = (address: string): string => {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  return parsed instanceof ipaddr.IPv6 ? parsed.parts.slice(0, 4).join(':') : parsed.toString();
};
