import { type Command, InvalidArgumentError } from 'commander';
import type { ForklineClient, Step, StreamTail } from '../client/client.js';
import { contextOf } from './context.js';
import { diffLines } from './diff-lines.js';
import { linkTo, referenceArgument, type StreamReference } from './stream-reference.js';

/** Adds the command `forkline diff`. */
export const registerDiff = (program: Command): void => {
  program
    .command('diff')
    .description('show where two streams part, what happened in each since, and how they differ')
    .argument('<a>', '<stream>, or <stream>@<revision>', referenceArgument)
    .argument('<b>', 'the same', referenceArgument)
    .option('--limit <count>', 'show so many events of each', limitArgument, 20)
    .action(
      async (
        a: StreamReference,
        b: StreamReference,
        { limit }: { limit: number },
        command: Command,
      ) => {
        const { client, isJson, terminal } = contextOf(command);
        const comparison = await client.streams.compare(named(a), named(b), { limit });
        if (isJson) return terminal.print(JSON.stringify(comparison));
        const [stepsA, stepsB, { state: stateA }] = await Promise.all([
          stepsOf(client, comparison.a, limit),
          stepsOf(client, comparison.b, limit),
          client.streams.state(comparison.a.stream, { at: comparison.a.revision }),
        ]);
        const context = { stepsA, stepsB, stateA };
        for (const line of diffLines(comparison, context, terminal)) terminal.print(line);
      },
    );
};

const named = ({ stream, revision }: StreamReference): string =>
  revision === undefined ? stream : linkTo(stream, revision);

const stepsOf = async (
  client: ForklineClient,
  { stream, revision, ownEvents }: StreamTail,
  limit: number,
): Promise<readonly Step[]> => {
  if (ownEvents === 0) return [];
  const place = { from: revision - ownEvents + 1, to: revision, limit };
  return (await client.streams.steps(stream, place)).items;
};

const limitArgument = (text: string): number => {
  const limit = Number(text);
  if (!/^\d+$/.test(text) || limit < 1 || limit > 500)
    throw new InvalidArgumentError('Expected a whole number from 1 to 500.');
  return limit;
};
