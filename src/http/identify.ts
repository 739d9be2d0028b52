import type { Logger } from 'pino';
import type { Identify } from './context.js';
import { isApiKey } from './identity/api-key.js';
import type { ApiKeys } from './identity/api-keys.js';
import { longestName, type TokenOptions, tokenVerifier } from './identity/tokens.js';

export type AuthenticationOptions = TokenOptions & Readonly<{ apiKeys?: ApiKeys }>;

/** Whether callers are known by something that only they have. */
const isAuthenticated = ({ jwtSecret, jwksUrl, apiKeys }: AuthenticationOptions): boolean =>
  jwtSecret !== undefined || jwksUrl !== undefined || apiKeys !== undefined;

/**
 * Callers by their bearer token, a JWT or an API key, or, with no authentication configured, by the
 * header `X-User-Id`, `local` by default: which is why the server then listens on loopback only.
 *
 * What is made throws IssuerUnavailable when the keys of tokens cannot be had.
 */
export const identifier = (options: AuthenticationOptions, log: Logger): Identify => {
  if (!isAuthenticated(options)) return withoutToken;
  const { apiKeys } = options;
  const verify = tokenVerifier(options, log);
  return async ({ headers, url }) => {
    const token = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? tokenIn(url);
    if (token === undefined) return undefined;
    return isApiKey(token) ? apiKeys?.callerOf(token) : verify(token);
  };
};

// Pages that a browser may be showing are kept from this by what comes before.
const withoutToken: Identify = async ({ headers }) => {
  const named = headers['x-user-id'];
  const userId = typeof named === 'string' && named !== '' ? named : 'local';
  return userId.length > longestName ? undefined : { userId, admin: userId === 'local' };
};

/** The feed takes its token in the query as well, because browsers cannot send headers with a WebSocket. */
const tokenIn = (url: string | undefined): string | undefined =>
  url?.startsWith('/v1/feed')
    ? (new URL(url, 'http://localhost').searchParams.get('access_token') ?? undefined)
    : undefined;
