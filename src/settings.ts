import { z } from 'zod';
import { interruptKindsSetting } from './interrupt-kinds-setting.js';
import { proxiesSetting } from './proxies-setting.js';
import {
  flag,
  numberFrom,
  oneOf,
  origins,
  type Setting,
  schedule,
  urlLike,
  wholeNumberFrom,
} from './setting.js';

/** Requests a second. */
const perSecond = numberFrom(0, 1_000_000);

/**
 * Every setting, by the name of its environment variable. `forkline serve` takes each as a flag, its
 * help and docs/configuration.md tell of each: all of that is made from this table.
 */
export const settings = {
  HOST: {
    group: 'Listening',
    schema: z.string(),
    value: 'address',
    help: 'Address to listen on. One that others can reach needs authentication.',
    default: '127.0.0.1',
  },
  PORT: {
    group: 'Listening',
    schema: wholeNumberFrom(0, 65_535),
    value: 'port',
    help: 'Port to listen on; 0 takes a free one.',
    default: '4400',
  },
  TRUST_PROXY: {
    group: 'Listening',
    schema: proxiesSetting,
    value: 'proxies',
    help: 'Proxies whose X-Forwarded-For is believed: addresses and networks, such as 10.0.0.0/8, separated by commas; loopback and private stand for theirs.',
    default: '',
    otherwise: 'none: the address of a client is that of its connection',
  },
  DRAIN_SECONDS: {
    group: 'Listening',
    schema: numberFrom(0, 300),
    value: 'seconds',
    help: 'How long to go on serving after SIGTERM or SIGINT with /readyz answering 503, so that a load balancer sends requests elsewhere before they are refused.',
    default: '0',
  },
  CORS_ORIGINS: {
    group: 'Listening',
    schema: origins,
    value: 'origins',
    help: 'Sites whose pages may use this server from a browser, separated by commas, such as https://app.example.',
    default: '',
    otherwise: 'none but its own',
  },
  DATA_DIR: {
    group: 'Stores',
    schema: z.string(),
    value: 'folder',
    help: 'Folder of the embedded stores.',
    default: './data',
  },
  EVENTSTORE_URL: {
    group: 'Stores',
    schema: urlLike(/^esdb(\+discover)?:\/\/.+/, 'esdb://host:2113?tls=false').optional(),
    value: 'url',
    help: 'EventStoreDB or KurrentDB to use, such as esdb://host:2113?tls=false.',
    otherwise: 'an embedded one',
  },
  MONGODB_URL: {
    group: 'Stores',
    schema: urlLike(/^mongodb(\+srv)?:\/\/.+/, 'mongodb://host:27017').optional(),
    value: 'url',
    help: 'MongoDB to use, such as mongodb://host:27017/?replicaSet=rs0.',
    otherwise: 'an embedded one',
  },
  MONGODB_DATABASE: {
    group: 'Stores',
    schema: z.string().regex(/^[\w-]{1,63}$/, 'must be 1 to 63 letters, digits, _ or -'),
    value: 'name',
    help: 'Database of the read models.',
    default: 'forkline',
  },
  AUTH_JWT_SECRET: {
    group: 'Authentication',
    schema: z.string().min(32, 'must have 32 characters or more').optional(),
    value: 'secret',
    help: 'Secret of HS256 tokens, 32 characters or more. Flags can be seen by other users of the machine: better in the environment.',
    otherwise: 'none are taken',
  },
  AUTH_JWKS_URL: {
    group: 'Authentication',
    schema: urlLike(/^https?:\/\/.+/, 'https://issuer/.well-known/jwks.json')
      .refine((url) => URL.canParse(url), 'is not a URL')
      .optional(),
    value: 'url',
    help: 'Where the public keys of tokens are, as JWKS.',
    otherwise: 'none are taken',
  },
  AUTH_JWT_ISSUER: {
    group: 'Authentication',
    schema: z.string().optional(),
    value: 'issuer',
    help: 'The `iss` that tokens must have.',
    otherwise: 'any',
  },
  AUTH_JWT_AUDIENCE: {
    group: 'Authentication',
    schema: z.string().optional(),
    value: 'audience',
    help: 'What the `aud` of tokens must contain.',
    otherwise: 'anything',
  },
  AUTH_API_KEYS_FILE: {
    group: 'Authentication',
    schema: z.string().optional(),
    value: 'file',
    help: 'File of API keys, made by `forkline keys create`.',
    otherwise: 'none are taken',
  },
  RATE_LIMIT_READS: {
    group: 'Limits',
    schema: perSecond,
    value: 'per-second',
    help: 'Reads that a caller may make on each node, in requests a second, as all limits are, on average over 10 s; 0 for any number.',
    default: '10000',
  },
  RATE_LIMIT_WRITES: {
    group: 'Limits',
    schema: perSecond,
    value: 'per-second',
    help: 'Writes that a caller may make, other than those that follow.',
    default: '10000',
  },
  RATE_LIMIT_WORK: {
    group: 'Limits',
    schema: perSecond,
    value: 'per-second',
    help: 'What workers do all the time: claims, heartbeats, progress, completions, failures.',
    default: '20000',
  },
  RATE_LIMIT_BULK: {
    group: 'Limits',
    schema: perSecond,
    value: 'per-second',
    help: 'Imports, exports and rebuilds.',
    default: '500',
  },
  RATE_LIMIT_FEED: {
    group: 'Limits',
    schema: perSecond,
    value: 'per-second',
    help: 'Connections to the feed.',
    default: '1000',
  },
  RATE_LIMIT_UNAUTHENTICATED: {
    group: 'Limits',
    schema: perSecond,
    value: 'per-second',
    help: 'Requests without a valid token, from one address.',
    default: '100',
  },
  LOG_LEVEL: {
    group: 'Log',
    schema: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
    value: 'level',
    help: 'The least that is logged: trace, debug, info, warn, error, fatal or silent.',
    default: 'info',
  },
  LOG_FORMAT: {
    group: 'Log',
    schema: oneOf('pretty', 'json').optional(),
    value: 'format',
    help: 'What the log looks like: pretty or json.',
    otherwise: 'pretty on a terminal, json elsewhere',
  },
  WORKER_LOST_AFTER: {
    group: 'Work',
    schema: numberFrom(1, 100),
    value: 'heartbeats',
    help: 'How many heartbeats a worker may miss until it is lost.',
    default: '3',
  },
  INTERRUPT_KINDS: {
    group: 'Work',
    schema: interruptKindsSetting,
    value: 'json',
    help: 'What interrupts of some kinds are like, as JSON; see docs/interrupts.md.',
    default: '{}',
  },
  WEBHOOK_ALLOW_PRIVATE: {
    group: 'Webhooks',
    schema: flag,
    value: 'boolean',
    help: 'Whether webhooks may go to private addresses: true or false.',
    default: 'false',
  },
  // The waits of Standard Webhooks 1.0: 10 attempts in 76 hours.
  WEBHOOK_SCHEDULE_SECONDS: {
    group: 'Webhooks',
    schema: schedule,
    value: 'seconds',
    help: 'The wait before each attempt at a delivery, separated by commas.',
    default: '0,5,300,1800,7200,18000,36000,50400,72000,86400',
  },
  WEBHOOK_TIMEOUT_SECONDS: {
    group: 'Webhooks',
    schema: numberFrom(0.1, 60),
    value: 'seconds',
    help: 'How long an attempt may take.',
    default: '20',
  },
  READY_LAG_SECONDS: {
    group: 'Readiness',
    schema: numberFrom(0, 86_400),
    value: 'seconds',
    help: 'How far behind a read model may be before /readyz says no; 0 for any distance.',
    default: '60',
  },
  READY_GRACE_SECONDS: {
    group: 'Readiness',
    schema: numberFrom(1, 86_400),
    value: 'seconds',
    help: 'How long it may be so, or stand still while there are newer events, before that.',
    default: '60',
  },
} as const satisfies Record<string, Setting>;
