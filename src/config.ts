import { z } from 'zod';
import { interruptKindsSetting } from './interrupt-kinds-setting.js';

/** The waits of Standard Webhooks 1.0 before each attempt: 10 attempts in 76 hours. */
const webhookSchedule = '0,5,300,1800,7200,18000,36000,50400,72000,86400';
const longestWaitSeconds = 7 * 24 * 60 * 60;

/** A setting has a value that cannot be used. The message says which and why, in one line. */
export class BadConfiguration extends Error {
  override readonly name = 'BadConfiguration';
}

const port = z.coerce
  .number('must be a number')
  .int('must be a whole number')
  .min(0, 'must be 0 to 65535')
  .max(65_535, 'must be 0 to 65535');

const flag = z
  .enum(['true', 'false'], 'must be true or false')
  .transform((value) => value === 'true');

const seconds = (least: number, most: number) =>
  z.coerce
    .number('must be a number')
    .min(least, `must be ${least} to ${most}`)
    .max(most, `must be ${least} to ${most}`);

const urlOf = (protocols: RegExp, example: string) =>
  z.string().regex(protocols, `must look like ${example}`).optional();

const settings = z.object({
  HOST: z.string().min(1, 'must be an address').default('127.0.0.1'),
  PORT: port.default(4400),
  DATA_DIR: z.string().min(1, 'must be a folder').default('./data'),
  EVENTSTORE_URL: urlOf(/^(esdb|kurrentdb)(\+discover)?:\/\/.+/, 'esdb://host:2113?tls=false'),
  MONGODB_URL: urlOf(/^mongodb(\+srv)?:\/\/.+/, 'mongodb://host:27017'),
  MONGODB_DATABASE: z
    .string()
    .regex(/^[\w-]{1,63}$/, 'must be 1 to 63 letters, digits, _ or -')
    .default('forkline'),
  AUTH_JWT_SECRET: z.string().min(32, 'must have 32 characters or more').optional(),
  AUTH_JWKS_URL: urlOf(/^https?:\/\/.+/, 'https://issuer/.well-known/jwks.json'),
  AUTH_JWT_ISSUER: z.string().optional(),
  AUTH_JWT_AUDIENCE: z.string().optional(),
  AUTH_API_KEYS_FILE: z.string().optional(),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      error: 'must be trace, debug, info, warn, error, fatal or silent',
    })
    .default('info'),
  LOG_FORMAT: z.enum(['pretty', 'json'], 'must be pretty or json').optional(),
  WORKER_LOST_AFTER: z.coerce
    .number('must be a number')
    .min(1, 'must be 1 to 100')
    .max(100, 'must be 1 to 100')
    .default(3),
  INTERRUPT_KINDS: interruptKindsSetting,
  WEBHOOK_ALLOW_PRIVATE: flag.default(false),
  WEBHOOK_SCHEDULE_SECONDS: z
    .string()
    .default(webhookSchedule)
    .transform((list) => list.split(',').map((part) => (part.trim() ? Number(part) : Number.NaN)))
    .refine(
      (waits) =>
        waits.length <= 50 && waits.every((wait) => wait >= 0 && wait <= longestWaitSeconds),
      'must be up to 50 numbers of seconds, such as 0,5,300',
    ),
  WEBHOOK_TIMEOUT_SECONDS: z.coerce
    .number('must be a number')
    .min(0.1, 'must be 0.1 to 60')
    .max(60, 'must be 0.1 to 60')
    .default(20),
  READY_LAG_SECONDS: seconds(0, 86_400).default(60),
  READY_GRACE_SECONDS: seconds(1, 86_400).default(60),
});

export type Config = Readonly<z.infer<typeof settings>>;
export type SettingName = keyof Config;

/** Names of all settings: environment variables, and as flags of `forkline serve` in kebab-case. */
export const settingNames = Object.keys(settings.shape) as readonly SettingName[];

const loopback = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/;

/**
 * Reads the settings; empty ones count as not given.
 *
 * @throws BadConfiguration with one line for each mistake
 */
export const readConfig = (given: Readonly<Record<string, string | undefined>>): Config => {
  const present = Object.fromEntries(
    settingNames.flatMap((name) => (given[name] ? [[name, given[name]]] : [])),
  );
  const { data, error } = settings.safeParse(present);
  if (!data)
    throw new BadConfiguration(
      error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'),
    );
  const takesJwt = data.AUTH_JWT_SECRET !== undefined || data.AUTH_JWKS_URL !== undefined;
  const isAuthenticated = takesJwt || data.AUTH_API_KEYS_FILE !== undefined;
  if (!isAuthenticated && !loopback.test(data.HOST))
    throw new BadConfiguration(
      `HOST: ${data.HOST} can be reached by others: set AUTH_JWT_SECRET, AUTH_JWKS_URL or AUTH_API_KEYS_FILE, or listen on 127.0.0.1`,
    );
  for (const name of ['AUTH_JWT_ISSUER', 'AUTH_JWT_AUDIENCE'] as const)
    if (data[name] !== undefined && !takesJwt)
      throw new BadConfiguration(`${name}: needs AUTH_JWT_SECRET or AUTH_JWKS_URL beside it`);
  return data;
};
