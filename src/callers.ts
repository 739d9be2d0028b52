import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import type { Caller, RequestOrigin } from './commands/request.js';
import { type Config, isAuthenticated } from './config.js';
import { clientAddresses } from './http/client-address.js';
import type { Identify } from './http/context.js';
import { identifier } from './http/identify.js';
import { openApiKeys } from './http/identity/api-keys.js';
import { oncePerRequest } from './http/once-per-request.js';
import { originOf } from './http/request-origin.js';

/** How callers are known, and where from. */
export type Callers = Readonly<{
  identify: Identify;
  originOf(request: IncomingMessage): RequestOrigin;
  /** Whether a request would still come from the same caller, who was let in with it before. */
  mayStay(request: IncomingMessage, caller: Caller): Promise<boolean>;
  /** Whether what administrators look at is kept: where no token is needed, everybody here is one. */
  keepsReads: boolean;
  close(): void;
}>;

/**
 * Makes from the settings what tells who calls, and from where.
 *
 * @throws BadKeyFile
 */
export const callersOf = async (config: Config, log: Logger): Promise<Callers> => {
  const { AUTH_JWT_SECRET, AUTH_JWKS_URL, AUTH_JWT_ISSUER, AUTH_JWT_AUDIENCE } = config;
  const file = config.AUTH_API_KEYS_FILE;
  const apiKeys = file === undefined ? undefined : await openApiKeys(file, log);
  const options = {
    ...(AUTH_JWT_SECRET && { jwtSecret: AUTH_JWT_SECRET }),
    ...(AUTH_JWKS_URL && { jwksUrl: AUTH_JWKS_URL }),
    ...(AUTH_JWT_ISSUER && { issuer: AUTH_JWT_ISSUER }),
    ...(AUTH_JWT_AUDIENCE && { audience: AUTH_JWT_AUDIENCE }),
    ...(apiKeys && { apiKeys }),
  };
  const identify = identifier(options, log);
  return {
    identify: isAuthenticated(config) ? oncePerRequest(identify) : identify,
    mayStay: async (request, { userId, admin }) => {
      const now = await identify(request);
      return now?.userId === userId && now.admin === admin;
    },
    originOf: originOf(clientAddresses(config.TRUST_PROXY)),
    keepsReads: isAuthenticated(config),
    close: () => apiKeys?.close(),
  };
};
