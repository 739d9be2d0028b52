import {
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  type JWTVerifyOptions,
  jwtVerify,
} from 'jose';
import type { Logger } from 'pino';
import type { Caller } from '../../commands/request.js';
import { IssuerUnavailable, type PublishedKeysOptions, publishedKeys } from './published-keys.js';

export type TokenOptions = Readonly<{
  /** Secret of HS256 tokens. */
  jwtSecret?: string;
  /** Where the public keys of tokens are. */
  jwksUrl?: string;
  /** The `iss` that tokens must have; any by default. */
  issuer?: string;
  /** What the `aud` of tokens must contain; anything by default. */
  audience?: string;
  published?: PublishedKeysOptions;
}>;

/** In characters. Names are parts of index keys, which stores bound. */
export const longestName = 200;

/** By how much clocks of issuers may be off, in seconds. */
const clockTolerance = 10;

// Pinned apart: a public key, which anyone has, must not pass for the secret of an HS256 token (RFC 8725, 2.1).
const bySecret = ['HS256'];
const byPublishedKey = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'];

/** Who a JWT names; undefined when it is not to be trusted. */
export type VerifyToken = (token: string) => Promise<Caller | undefined>;

/**
 * Verifies JSON Web Tokens (RFC 7519): signature, `exp`, `nbf`, and `iss` and `aud` where they are set.
 *
 * What is made throws {@link IssuerUnavailable} when the keys of the token's issuer cannot be had.
 */
export const tokenVerifier = (options: TokenOptions, log: Logger): VerifyToken => {
  const { jwtSecret, jwksUrl, issuer, audience, published } = options;
  const secret = jwtSecret === undefined ? undefined : new TextEncoder().encode(jwtSecret);
  const keys = jwksUrl === undefined ? undefined : publishedKeys(new URL(jwksUrl), log, published);
  const checks: JWTVerifyOptions = {
    clockTolerance,
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
  };

  const verified = async (token: string) => {
    const isBySecret = bySecret.includes(decodeProtectedHeader(token).alg ?? '');
    if (isBySecret) return secret && jwtVerify(token, secret, { ...checks, algorithms: bySecret });
    return keys && jwtVerify(token, keys, { ...checks, algorithms: byPublishedKey });
  };

  return async (token) => {
    try {
      const found = await verified(token);
      return found && callerOf(found.payload);
    } catch (error) {
      if (error instanceof IssuerUnavailable) throw error;
      // What is wrong helps whoever configures this, and would help whoever guesses: it goes to the log only.
      const reason = error instanceof errors.JOSEError ? error.code : 'malformed';
      log.debug({ reason }, 'a token was refused');
      return undefined;
    }
  };
};

const callerOf = ({ sub, scope, scp }: JWTPayload): Caller | undefined =>
  typeof sub !== 'string' || sub === '' || sub.length > longestName
    ? undefined
    : { userId: sub, admin: [...scopesIn(scope), ...scopesIn(scp)].includes('admin') };

/** As RFC 8693 has `scope`, words with spaces between them, or as a list, which some issuers have, some as `scp`. */
const scopesIn = (claim: unknown): readonly unknown[] =>
  typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : [];
