import { createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import type { Logger } from 'pino';

/** The issuer's keys cannot be had at present, so nobody can tell whether a token is one of its. */
export class IssuerUnavailable extends Error {
  override readonly name = 'IssuerUnavailable';
}

export type PublishedKeysOptions = Readonly<{
  /** How old keys may be before they are fetched again, beside what is asked meanwhile. 10 min by default. */
  freshMs?: number;
  /** How old keys may get while the issuer cannot be reached. One that it withdrew is taken so long at most. 1 h by default. */
  usableMs?: number;
  /** How long after a fetch an unknown key is unknown without another one: anyone can make keys up. 10 s by default. */
  cooldownMs?: number;
  /** How long after a fetch that failed none is tried. 1 s by default. */
  retryMs?: number;
}>;

/**
 * The public keys at an issuer's JWKS URL (RFC 7517), fetched when first needed. A key that is not
 * known yet has them fetched again, which is how issuers rotate them.
 *
 * What is made throws {@link IssuerUnavailable} when a key has to be fetched and cannot be.
 */
export const publishedKeys = (
  url: URL,
  log: Logger,
  options: PublishedKeysOptions = {},
): JWTVerifyGetKey => {
  const { freshMs = 600_000, usableMs = 3_600_000, cooldownMs = 10_000, retryMs = 1_000 } = options;
  // When to fetch is decided here, so that a fetch that failed is not taken for a token that is wrong.
  const never = { cooldownDuration: Infinity, cacheMaxAge: Infinity };
  const keys = createRemoteJWKSet(url, { ...never, timeoutDuration: 5_000 });
  let fetchedAt = -Infinity;
  let failedAt = -Infinity;

  const fetchKeys = async (): Promise<void> => {
    if (performance.now() - failedAt < retryMs) throw new IssuerUnavailable('tried just now');
    try {
      await keys.reload();
      if (failedAt > fetchedAt) log.info('the keys of tokens were fetched');
      fetchedAt = performance.now();
    } catch (error) {
      if (failedAt <= fetchedAt) log.warn({ err: error }, 'the keys of tokens cannot be fetched');
      failedAt = performance.now();
      throw new IssuerUnavailable('the keys of tokens cannot be fetched', { cause: error });
    }
  };

  return async (header, token) => {
    const age = performance.now() - fetchedAt;
    if (age > usableMs) await fetchKeys();
    else if (age > freshMs) fetchKeys().catch(() => undefined);
    try {
      return await keys(header, token);
    } catch (error) {
      const isKnownNow = performance.now() - fetchedAt < cooldownMs;
      if (!(error instanceof errors.JWKSNoMatchingKey) || isKnownNow) throw error;
      await fetchKeys();
      return keys(header, token);
    }
  };
};
