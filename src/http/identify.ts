import { createRemoteJWKSet, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { Caller } from '../commands/request.js';
import type { Identify } from './context.js';

export type AuthenticationOptions = Readonly<{
  /** Secret of HS256 tokens. */
  jwtSecret?: string;
  /** Where the public keys of tokens are. */
  jwksUrl?: string;
}>;

/** In characters. Names are parts of index keys, which stores bound. */
const longestName = 200;

export const isAuthenticated = ({ jwtSecret, jwksUrl }: AuthenticationOptions): boolean =>
  jwtSecret !== undefined || jwksUrl !== undefined;

/**
 * Callers by their bearer token, or, with no authentication configured, by the header `X-User-Id`,
 * `local` by default: which is why the server then listens on loopback only.
 */
export const identifier = (options: AuthenticationOptions): Identify => {
  if (!isAuthenticated(options))
    return async ({ headers }) => {
      const named = headers['x-user-id'];
      const userId = typeof named === 'string' && named !== '' ? named : 'local';
      return userId.length > longestName ? undefined : { userId, admin: userId === 'local' };
    };

  const verify = verifier(options);
  return async ({ headers, url }) => {
    const token = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? tokenIn(url);
    return token === undefined ? undefined : verify(token);
  };
};

/** The feed takes its token in the query as well, because browsers cannot send headers with a WebSocket. */
const tokenIn = (url: string | undefined): string | undefined =>
  url?.startsWith('/v1/feed')
    ? (new URL(url, 'http://localhost').searchParams.get('access_token') ?? undefined)
    : undefined;

const verifier = ({ jwtSecret, jwksUrl }: AuthenticationOptions) => {
  const secret = jwtSecret === undefined ? undefined : new TextEncoder().encode(jwtSecret);
  const keys: JWTVerifyGetKey | undefined =
    jwksUrl === undefined ? undefined : createRemoteJWKSet(new URL(jwksUrl));

  return async (token: string): Promise<Caller | undefined> => {
    const attempts = [
      secret && (() => jwtVerify(token, secret, { algorithms: ['HS256'] })),
      keys && (() => jwtVerify(token, keys, { algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'] })),
    ];
    for (const attempt of attempts) {
      const verified = await attempt?.().catch(() => undefined);
      const caller = verified && callerOf(verified.payload);
      if (caller) return caller;
    }
    return undefined;
  };
};

const callerOf = ({ sub, scope }: JWTPayload): Caller | undefined => {
  if (!sub || sub.length > longestName) return undefined;
  const scopes = typeof scope === 'string' ? scope.split(' ') : Array.isArray(scope) ? scope : [];
  return { userId: sub, admin: scopes.includes('admin') };
};
