import { type Command, Option } from 'commander';
import { BadConfiguration, type Config, readConfig, settingNames } from '../config.js';
import { untilSignalled } from './until-signalled.js';

const help: Readonly<Record<keyof Config, string>> = {
  HOST: 'address to listen on; one that others reach needs authentication (127.0.0.1)',
  PORT: 'port to listen on; 0 takes a free one (4400)',
  DATA_DIR: 'folder of the embedded stores (./data)',
  EVENTSTORE_URL: 'EventStoreDB or KurrentDB, esdb://…; embedded when absent',
  MONGODB_URL: 'MongoDB, mongodb://…; embedded when absent',
  MONGODB_DATABASE: 'database of the read models (forkline)',
  AUTH_JWT_SECRET: 'secret of HS256 tokens, 32 characters or more',
  AUTH_JWKS_URL: 'where the public keys of tokens are',
  AUTH_JWT_ISSUER: 'the iss that tokens must have (any)',
  AUTH_JWT_AUDIENCE: 'what the aud of tokens must contain (anything)',
  AUTH_API_KEYS_FILE: 'file of API keys, made by `forkline keys create`',
  LOG_LEVEL: 'trace, debug, info, warn, error, fatal or silent (info)',
  LOG_FORMAT: 'pretty or json (pretty on a terminal)',
  WORKER_LOST_AFTER: 'how many heartbeats a worker may miss until it is lost (3)',
  INTERRUPT_KINDS: 'what interrupts of some kinds are like, as JSON; see docs/interrupts.md',
  WEBHOOK_ALLOW_PRIVATE: 'whether webhooks may go to private addresses (false)',
  WEBHOOK_SCHEDULE_SECONDS: 'seconds before each attempt at a delivery (0,5,300, … up to 24 h)',
  WEBHOOK_TIMEOUT_SECONDS: 'seconds that an attempt may take (20)',
  READY_LAG_SECONDS: 'seconds a read model may be behind before /readyz says no; 0 for any (60)',
  READY_GRACE_SECONDS: 'seconds it may be so, or stand still, before that (60)',
};

const flagOf = (name: string): string => `--${name.toLowerCase().replaceAll('_', '-')}`;
const keyOf = (name: string): string =>
  name.toLowerCase().replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

/** `forkline serve` */
export const registerServe = (program: Command): void => {
  const command = program
    .command('serve')
    .description('serve HTTP and the feed, on embedded stores unless others are named');
  for (const name of settingNames)
    command.addOption(new Option(`${flagOf(name)} <value>`, `${help[name]} [env: ${name}]`));
  command.action(async (flags: Readonly<Record<string, string>>) => {
    const given = Object.fromEntries(
      settingNames.map((name) => [name, flags[keyOf(name)] ?? process.env[name]]),
    );
    await serve(given);
  });
};

const serve = async (given: Readonly<Record<string, string | undefined>>): Promise<void> => {
  const config = configOf(given);
  if (!config) return;
  // Loaded here because it is most of the program, which the other commands do without.
  const { startForkline } = await import('../main.js');
  const { createLog } = await import('../telemetry/log.js');
  const log = createLog(config.LOG_LEVEL, config.LOG_FORMAT);
  const signalled = untilSignalled();
  try {
    const forkline = await startForkline(config, log);
    console.log(`Forkline listening on ${forkline.url}`);
    const failure = await Promise.race([signalled, forkline.failed]);
    if (failure) log.fatal({ err: failure }, 'an embedded store ended');
    await forkline.stop();
    process.exitCode = failure ? 1 : 0;
  } catch (error) {
    console.error(`forkline: ${error instanceof Error ? error.message : error}`);
    log.debug({ err: error }, 'start failed');
    process.exitCode = 1;
  }
  // What is left open, such as a client's keep-alive timer, does not keep the process.
  process.exit();
};

const configOf = (given: Readonly<Record<string, string | undefined>>): Config | undefined => {
  try {
    return readConfig(given);
  } catch (error) {
    if (!(error instanceof BadConfiguration)) throw error;
    console.error(error.message);
    process.exitCode = 2;
    return undefined;
  }
};
