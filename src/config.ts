import type { z } from 'zod';
import type { Setting } from './setting.js';
import { settings } from './settings.js';

/** Settings have values that cannot be used. The message has a line for each: which, and why. */
export class BadConfiguration extends Error {
  override readonly name = 'BadConfiguration';
}

export type SettingName = keyof typeof settings;

/** What the settings say. */
export type Config = {
  readonly [Name in SettingName]: z.output<(typeof settings)[Name]['schema']>;
};

/** Names of all settings: environment variables, and as flags of `forkline serve` in kebab-case. */
export const settingNames = Object.keys(settings) as readonly SettingName[];

/** Any of these says how callers are known. */
const authenticating = [
  'AUTH_JWT_SECRET',
  'AUTH_JWKS_URL',
  'AUTH_API_KEYS_FILE',
] as const satisfies SettingName[];

/** These say what tokens must hold, and so nothing without a way to check tokens. */
const ofTokens = ['AUTH_JWT_ISSUER', 'AUTH_JWT_AUDIENCE'] as const satisfies SettingName[];

/** Whether callers need a token. */
export const isAuthenticated = (config: Config): boolean =>
  authenticating.some((name) => config[name] !== undefined);

const loopback = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/;

type Given = Readonly<Record<string, string | undefined>>;

/**
 * Reads the settings; empty ones count as not given.
 *
 * @throws BadConfiguration with one line for each mistake
 */
export const readConfig = (given: Given): Config => {
  const read = settingNames.map((name) => {
    const { schema, default: text }: Setting = settings[name];
    const { data, error } = schema.safeParse(given[name] || text);
    const mistakes = (error?.issues ?? []).map(
      ({ path, message }) => `${[name, ...path].join('.')}: ${message}`,
    );
    return { name, data, mistakes };
  });
  const mistakes = [...read.flatMap(({ mistakes }) => mistakes), ...conflictsIn(given)];
  if (mistakes.length > 0) throw new BadConfiguration(mistakes.join('\n'));
  // Each value is what the schema of its name gave.
  return Object.fromEntries(read.map(({ name, data }) => [name, data])) as Config;
};

/** What is wrong with settings beside each other. */
const conflictsIn = (given: Given): readonly string[] => [
  ...exposureIn(given),
  ...ofTokens
    .filter((name) => given[name] && !given.AUTH_JWT_SECRET && !given.AUTH_JWKS_URL)
    .map((name) => `${name}: needs AUTH_JWT_SECRET or AUTH_JWKS_URL beside it`),
];

const exposureIn = (given: Given): readonly string[] => {
  const { HOST } = given;
  if (!HOST || loopback.test(HOST) || authenticating.some((name) => given[name])) return [];
  const remedy = `set ${authenticating.join(' or ')}, or listen on 127.0.0.1`;
  return [`HOST: ${HOST} can be reached by others: ${remedy}`];
};
