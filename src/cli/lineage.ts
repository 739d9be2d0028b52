import type { Command } from 'commander';
import { contextOf } from './context.js';
import { lineageTree } from './lineage-tree.js';
import { referenceArgument, type StreamReference } from './stream-reference.js';

/** Adds the command `forkline lineage`. */
export const registerLineage = (program: Command): void => {
  program
    .command('lineage')
    .description('draw where a stream comes from and what was forked from it')
    .argument(
      '<stream>',
      'session-<uuid>, execution-<uuid>, or the UUID of a session',
      referenceArgument,
    )
    .action(async ({ stream }: StreamReference, _options: object, command: Command) => {
      const { client, isJson, terminal } = contextOf(command);
      const lineage = await client.streams.lineage(stream);
      if (isJson) return terminal.print(JSON.stringify(lineage));
      for (const line of lineageTree(lineage.tree, stream, terminal)) terminal.print(line);
      if (lineage.truncated) terminal.note('The family is larger: not all of it is shown.');
    });
};
