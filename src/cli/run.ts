import { Command, CommanderError } from 'commander';
import { ForklineError } from '../client/client.js';
import { version } from '../version.js';
import { CommandFailure } from './command-failure.js';
import { defaultUrl } from './context.js';

/** Adds a command to the program. */
export type Register = (program: Command) => void;

/**
 * Runs one command line.
 *
 * @param argv as in `process.argv`
 * @returns the exit code: 0, 1 when something was refused or failed, 2 for bad usage
 */
export const run = async (
  commands: readonly Register[],
  argv: readonly string[],
): Promise<number> => {
  try {
    await programOf(commands).parseAsync(argv);
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return isAskedForHelp(error) ? 0 : 2;
    const lines = linesAbout(error);
    if (!lines) throw error;
    process.stderr.write(`${lines.join('\n')}\n`);
    return 1;
  }
};

const programOf = (commands: readonly Register[]): Command => {
  const program = new Command('forkline')
    .description('Look at any run of an agent as of any event, and fork it from there.')
    .version(version(), '-V, --version', 'print the version')
    .option('--url <url>', `where Forkline listens [env: FORKLINE_URL] (${defaultUrl})`)
    .option('--json', 'print JSON for machines')
    .addHelpText(
      'after',
      '\nFORKLINE_TOKEN: a JWT or an API key. Exit codes: 0, 1 refused or failed, 2 bad usage.' +
        '\nThe settings of the server: forkline serve --help',
    )
    .exitOverride();
  for (const register of commands) register(program);
  for (const command of [program, ...program.commands])
    command.showHelpAfterError(`Usage: ${command.createHelp().commandUsage(command)}`);
  return program;
};

const isAskedForHelp = ({ code }: CommanderError): boolean =>
  code === 'commander.helpDisplayed' || code === 'commander.version';

/** What to say of an error that is expected to happen; nothing of a fault in this program. */
const linesAbout = (error: unknown): readonly string[] | undefined => {
  if (error instanceof ForklineError)
    return [
      `${error.code}: ${error.detail}`,
      ...error.errors.map(({ path, message }) => `  ${path}: ${message}`),
    ];
  if (error instanceof CommandFailure) return [`error: ${error.message}`];
  const isFromSystem = error instanceof Error && 'syscall' in error;
  return isFromSystem ? [`error: ${error.message}`] : undefined;
};
