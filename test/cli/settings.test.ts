import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { defaultOf, flagOf } from '../../src/cli/settings-help.js';
import { BadConfiguration, readConfig, type SettingName, settingNames } from '../../src/config.js';
import type { Setting } from '../../src/setting.js';
import { settings } from '../../src/settings.js';
import { forkline } from './cli.js';

const settingOf = (name: SettingName): Setting => settings[name];

const mistakesIn = (given: Readonly<Record<string, string>>): readonly string[] => {
  try {
    readConfig(given);
  } catch (error) {
    if (error instanceof BadConfiguration) return error.message.split('\n');
    throw error;
  }
  return [];
};

describe('the settings', () => {
  it('are all right where none is given', () => {
    expect(readConfig({})).toMatchObject({
      ...{ HOST: '127.0.0.1', PORT: 4400, DATA_DIR: './data', MONGODB_DATABASE: 'forkline' },
      ...{ LOG_LEVEL: 'info', WEBHOOK_ALLOW_PRIVATE: false, WORKER_LOST_AFTER: 3 },
      WEBHOOK_SCHEDULE_SECONDS: [0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400],
    });
  });

  it('count as not given where they are empty', () => {
    const empty = Object.fromEntries(settingNames.map((name) => [name, '']));
    expect(readConfig(empty)).toEqual(readConfig({}));
  });

  it.each([
    [{ PORT: ' ' }, 'PORT'],
    [{ PORT: 'http' }, 'PORT'],
    [{ PORT: '65536' }, 'PORT'],
    [{ PORT: '-1' }, 'PORT'],
    [{ PORT: '80.5' }, 'PORT'],
    [{ EVENTSTORE_URL: 'http://localhost:2113' }, 'EVENTSTORE_URL'],
    [{ EVENTSTORE_URL: 'kurrentdb://localhost:2113' }, 'EVENTSTORE_URL'],
    [{ MONGODB_URL: 'localhost:27017' }, 'MONGODB_URL'],
    [{ MONGODB_DATABASE: 'a.b' }, 'MONGODB_DATABASE'],
    [{ AUTH_JWT_SECRET: 'too short' }, 'AUTH_JWT_SECRET'],
    [{ AUTH_JWKS_URL: 'file:///etc/keys' }, 'AUTH_JWKS_URL'],
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL'],
    [{ CORS_ORIGINS: '*' }, 'CORS_ORIGINS'],
    [{ CORS_ORIGINS: 'https://app.example/' }, 'CORS_ORIGINS'],
    [{ CORS_ORIGINS: 'https://*.example' }, 'CORS_ORIGINS'],
    [{ CORS_ORIGINS: 'https://a.example,,https://b.example' }, 'CORS_ORIGINS'],
    [{ RATE_LIMIT_READS: '-1' }, 'RATE_LIMIT_READS'],
    [{ RATE_LIMIT_WORK: 'Infinity' }, 'RATE_LIMIT_WORK'],
    [{ LOG_FORMAT: 'xml' }, 'LOG_FORMAT'],
    [{ WEBHOOK_ALLOW_PRIVATE: 'yes' }, 'WEBHOOK_ALLOW_PRIVATE'],
    [{ WORKER_LOST_AFTER: '0.5' }, 'WORKER_LOST_AFTER'],
    [{ INTERRUPT_KINDS: 'many' }, 'INTERRUPT_KINDS'],
    [{ INTERRUPT_KINDS: '{"question":{}}' }, 'INTERRUPT_KINDS'],
    [{ INTERRUPT_KINDS: '{"timeout":{"ttl":1}}' }, 'INTERRUPT_KINDS.timeout'],
    [{ INTERRUPT_KINDS: '{"timeout":{"ttlSeconds":0}}' }, 'INTERRUPT_KINDS.timeout.ttlSeconds'],
    [{ INTERRUPT_KINDS: '{"timeout":{"topic":"late"}}' }, 'INTERRUPT_KINDS.timeout.topic'],
    [
      { INTERRUPT_KINDS: '{"timeout":{"responses":["sigh"]}}' },
      'INTERRUPT_KINDS.timeout.responses.0',
    ],
    [
      { INTERRUPT_KINDS: '{"timeout":{"responses":[],"requiresResponse":true}}' },
      'INTERRUPT_KINDS.timeout',
    ],
    [{ WEBHOOK_SCHEDULE_SECONDS: 'soon' }, 'WEBHOOK_SCHEDULE_SECONDS'],
    [{ WEBHOOK_SCHEDULE_SECONDS: '0,,5' }, 'WEBHOOK_SCHEDULE_SECONDS'],
    [{ WEBHOOK_SCHEDULE_SECONDS: '0,-1' }, 'WEBHOOK_SCHEDULE_SECONDS'],
    [{ WEBHOOK_TIMEOUT_SECONDS: '0' }, 'WEBHOOK_TIMEOUT_SECONDS'],
    [{ WEBHOOK_TIMEOUT_SECONDS: '61' }, 'WEBHOOK_TIMEOUT_SECONDS'],
    [{ TRUST_PROXY: 'all' }, 'TRUST_PROXY'],
    [{ TRUST_PROXY: '10.0.0.0/' }, 'TRUST_PROXY'],
    [{ HOST: '0.0.0.0' }, 'HOST'],
    [{ HOST: '::' }, 'HOST'],
    [{ HOST: '192.168.1.10' }, 'HOST'],
  ])('are refused with a line that says which: %j', (given, name) => {
    const mistakes = mistakesIn(given as Record<string, string>);
    expect(mistakes).toEqual([expect.stringMatching(new RegExp(`^${name}: [^\\n]+$`))]);
    expect(mistakes.join()).not.toContain('too short');
  });

  it('are told of all mistakes at once, without what was given for a secret', () => {
    const mistakes = mistakesIn({
      ...{ HOST: '0.0.0.0', PORT: 'http', LOG_LEVEL: 'loud', WEBHOOK_TIMEOUT_SECONDS: '61' },
      INTERRUPT_KINDS: '{"timeout":{"ttlSeconds":0}}',
    });
    expect(mistakes.map((line) => line.split(':')[0])).toEqual([
      ...['PORT', 'LOG_LEVEL', 'INTERRUPT_KINDS.timeout.ttlSeconds', 'WEBHOOK_TIMEOUT_SECONDS'],
      'HOST',
    ]);
    expect(mistakesIn({ HOST: '0.0.0.0', AUTH_JWT_SECRET: 'a short one' })).toEqual([
      'AUTH_JWT_SECRET: must have 32 characters or more',
    ]);
  });

  it.each(settingNames)('are told of in the documentation: %s', (name) => {
    const { help, group } = settingOf(name);
    const row = `| \`${name}\` | ${help} | ${defaultOf(name)} |`;
    const page = readFileSync('docs/configuration.md', 'utf8');
    const [, section = ''] = page.split(`## ${group}\n`);
    expect(section.split('\n## ')[0]?.split('\n')).toContain(row);
  });

  it('are no others in the documentation', () => {
    const page = readFileSync('docs/configuration.md', 'utf8');
    const named = [...page.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, name]) => name);
    expect(named).toEqual(settingNames);
  });
});

describe('forkline serve --help', () => {
  it('tells of each setting the flag, the variable, what it is and the default, in 80 columns', async () => {
    const { out, code } = await forkline('', ['serve', '--help'], { COLUMNS: '80' });
    expect(code).toBe(0);
    const lines = out.split('\n');
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    const words = out.replace(/\s+/g, ' ');
    for (const name of settingNames) {
      const { help, value } = settingOf(name);
      const told = `${flagOf(name)} <${value}> ${help} ${name}; default: ${defaultOf(name)} `;
      expect(words).toContain(told);
    }
  });

  it('is named where all commands are', async () => {
    const { out } = await forkline('', ['--help']);
    expect(out).toContain('forkline serve --help');
  });
});
