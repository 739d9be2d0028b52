import type { Command } from 'commander';
import type { Logger } from 'pino';
import { BadConfiguration, type Config, readConfig, settingNames } from '../config.js';
import { formatBelow, settingOptions } from './settings-help.js';
import { untilSignalled } from './until-signalled.js';

/** For requests in flight 10 s, and for all the rest as much again. */
const mostToStopMs = 20_000;

const keyOf = (name: string): string =>
  name.toLowerCase().replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

/** Adds the command `forkline serve`. */
export const registerServe = (program: Command): void => {
  const command = program
    .command('serve')
    .summary('serve HTTP and the feed, on embedded stores unless others are named')
    .description(
      'Serves HTTP and the feed, on embedded stores unless others are named. Each setting is a flag or the environment variable named below it; the flag wins.',
    )
    .configureHelp({ formatItem: formatBelow });
  for (const option of settingOptions()) command.addOption(option);
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
  const { startForkline } = await import('../start.js');
  const { createLog } = await import('../telemetry/log.js');
  const log = createLog(config.LOG_LEVEL, config.LOG_FORMAT);
  const signalled = untilSignalled();
  try {
    const forkline = await Promise.race([startForkline(config, log), signalled]);
    // Told to end while it was starting: nothing is in flight.
    if (!forkline) process.exit(0);
    console.log(`Forkline listening on ${forkline.url}`);
    const failure = await Promise.race([signalled, forkline.failed]);
    endInTime(config.DRAIN_SECONDS * 1_000 + mostToStopMs, log);
    if (failure) log.fatal({ err: failure }, 'an embedded store ended');
    else await forkline.drain();
    await forkline.stop();
    process.exitCode = failure ? 1 : 0;
  } catch (error) {
    console.error(`forkline: ${oneLine(error)}`);
    log.debug({ err: error }, 'start failed');
    process.exitCode = 1;
  }
  // What is left open, such as a client's keep-alive timer, does not keep the process.
  process.exit();
};

/** Ends the process when stopping takes longer than it may: what it waits for may be gone for good. */
const endInTime = (ms: number, log: Logger): void => {
  const end = () => {
    log.error('could not stop in time');
    process.exit(1);
  };
  setTimeout(end, ms).unref();
};

const oneLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, ' ');

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
