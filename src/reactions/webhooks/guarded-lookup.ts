import { type LookupAddress, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { bulkhead } from 'cockatiel';
import { isPublicAddress } from '../../domain/webhook-address.js';

/** A name that leads to private addresses only. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
}

/** Looks up every address of a name. */
export type LookUp = (hostname: string) => Promise<readonly LookupAddress[]>;

/**
 * How many names are looked up at a time. The system does so in the few threads that files are read
 * and written with as well: names that take long must not take them all.
 */
const atATime = 2;

const bySystem: LookUp = (hostname) =>
  new Promise((resolve, reject) => {
    lookup(hostname, { all: true }, (error, addresses) =>
      error ? reject(error) : resolve(addresses),
    );
  });

/**
 * Looks up names for connections that may go to allowed addresses only. The connection is made to
 * the very addresses that were checked here: a name that leads elsewhere the next time gains nothing.
 */
export const guardedLookup = (allowPrivate: boolean, lookUp: LookUp = bySystem): LookupFunction => {
  const turns = bulkhead(atATime, Number.POSITIVE_INFINITY);
  const isAllowed = ({ address }: LookupAddress) => allowPrivate || isPublicAddress(address);

  return (hostname, { all, family }, callback) => {
    const answer = async () => {
      const found = await turns.execute(() => lookUp(hostname));
      const ofFamily = found.filter((each) => !family || each.family === numberOf(family));
      const [first, ...others] = ofFamily.filter(isAllowed);
      if (!first) throw new AddressRefused(`${hostname} leads to no public address`);
      return { first, allowed: [first, ...others] };
    };
    answer().then(
      ({ first, allowed }) =>
        all ? callback(null, allowed) : callback(null, first.address, first.family),
      (error: NodeJS.ErrnoException) => callback(error, ''),
    );
  };
};

const numberOf = (family: number | string): number =>
  typeof family === 'number' ? family : Number(family.replace('IPv', ''));
