import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import type { Caller } from '../commands/request.js';
import type { Identify } from './context.js';
import { isApiKey } from './identity/api-key.js';
import type { ApiKeys } from './identity/api-keys.js';
import { refuseForeign } from './identity/local-request.js';
import { longestName, type TokenOptions, tokenVerifier } from './identity/tokens.js';

export type AuthenticationOptions = TokenOptions &
  Readonly<{
    apiKeys?: ApiKeys;
    /** Sites whose pages may ask where no token is needed; none by default. */
    allowedOrigins?: readonly string[];
  }>;

/** Whether callers are known by something that only they have. */
export const isAuthenticated = ({ jwtSecret, jwksUrl, apiKeys }: AuthenticationOptions): boolean =>
  jwtSecret !== undefined || jwksUrl !== undefined || apiKeys !== undefined;

/**
 * Callers by their bearer token, a JWT or an API key, or, with no authentication configured, by the
 * header `X-User-Id`, `local` by default: which is why the server then listens on loopback only.
 *
 * What is made throws IssuerUnavailable when the keys of tokens cannot be had, and Problem when, with
 * no authentication configured, a page of some site seems to ask.
 */
export const identifier = (options: AuthenticationOptions, log: Logger): Identify => {
  if (!isAuthenticated(options)) return withoutToken(options.allowedOrigins ?? []);
  const { apiKeys } = options;
  const verify = tokenVerifier(options, log);
  return async ({ headers, url }) => {
    const token = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? tokenIn(url);
    if (token === undefined) return undefined;
    return isApiKey(token) ? apiKeys?.callerOf(token) : verify(token);
  };
};

const withoutToken =
  (allowedOrigins: readonly string[]) =>
  async (request: IncomingMessage): Promise<Caller | undefined> => {
    refuseForeign(request, allowedOrigins);
    const named = request.headers['x-user-id'];
    const userId = typeof named === 'string' && named !== '' ? named : 'local';
    return userId.length > longestName ? undefined : { userId, admin: userId === 'local' };
  };

/** The feed takes its token in the query as well, because browsers cannot send headers with a WebSocket. */
const tokenIn = (url: string | undefined): string | undefined =>
  url?.startsWith('/v1/feed')
    ? (new URL(url, 'http://localhost').searchParams.get('access_token') ?? undefined)
    : undefined;
