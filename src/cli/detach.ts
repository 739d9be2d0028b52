import type { Command } from 'commander';
import { contextOf } from './context.js';
import { linkTo, streamArgument } from './stream-reference.js';

/** Adds the command `forkline detach`. */
export const registerDetach = (program: Command): void => {
  program
    .command('detach')
    .description('copy in what a fork inherits, so that what it was forked from may be deleted')
    .argument(
      '<stream>',
      'a fork: session-<uuid>, execution-<uuid>, or the UUID of a session',
      streamArgument,
    )
    .action(async (stream: string, _options: object, command: Command) => {
      const { client, isJson, terminal } = contextOf(command);
      const detached = await client.streams.detach(stream);
      if (isJson) return terminal.print(JSON.stringify(detached));
      const { paint } = terminal;
      terminal.print(`Detached ${paint('bold', linkTo(detached.stream, detached.revision))}`);
      terminal.print(`  ${paint('dim', 'family'.padEnd(10))}  forkline lineage ${stream}`);
    });
};
