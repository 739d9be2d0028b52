import { type LookupAddress, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isPublicAddress } from '../../domain/webhook-address.js';

/** A name that leads to private addresses only. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
}

/** Looks up every address of a name. */
type LookUp = (hostname: string) => Promise<readonly LookupAddress[]>;

const fromSystem: LookUp = (hostname) =>
  new Promise((resolve, reject) => {
    lookup(hostname, { all: true }, (error, addresses) =>
      error ? reject(error) : resolve(addresses),
    );
  });

/**
 * Looks up names for connections that may go to public addresses only. The connection is made to
 * the very addresses that were checked here: a name that leads elsewhere the next time gains nothing.
 */
export const guardedLookup =
  (lookUp: LookUp = fromSystem): LookupFunction =>
  (hostname, { all, family }, callback) => {
    const answer = async () => {
      const found = await lookUp(hostname);
      const wanted = found.filter((each) => !family || `IPv${each.family}` === familyName(family));
      const allowed = wanted.filter(({ address }) => isPublicAddress(address));
      const [first] = allowed;
      if (!first) throw new AddressRefused(`${hostname} leads to no public address`);
      return { first, allowed };
    };
    answer().then(
      ({ first, allowed }) =>
        all ? callback(null, allowed) : callback(null, first.address, first.family),
      (error: NodeJS.ErrnoException) => callback(error, ''),
    );
  };

const familyName = (family: number | string): string =>
  typeof family === 'number' ? `IPv${family}` : family;
