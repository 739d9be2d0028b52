import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Written } from '../client/client.js';
import { type Assignment, assignmentArgument } from './assignment.js';
import { contextOf } from './context.js';
import { amendmentsFor, misfitOf } from './fork-amendments.js';
import { linkTo, placeArgument, type StreamReference } from './stream-reference.js';

type Options = Readonly<{
  set?: readonly Assignment[];
  reason?: string;
  id?: string;
  scope: 'stream' | 'tree';
  resume?: true;
}>;

/** Adds the command `forkline fork`. */
export const registerFork = (program: Command): void => {
  program
    .command('fork')
    .description('make a new stream that goes on from a revision of another')
    .argument('<stream@revision>', 'the last event that the fork inherits', placeArgument)
    .option(
      '--set <path=value>',
      'for an execution: change the state of the checkpoint there; for a session: content= edits the newest message of the user, title= renames. Can be given several times',
      assignmentArgument,
    )
    .option('--reason <text>', 'kept with the fork')
    .option('--id <uuid>', 'the id of the fork', uuidArgument)
    .addOption(
      new Option('--scope <scope>', 'tree: a session takes along what was open in it')
        .choices(['stream', 'tree'])
        .default('stream'),
    )
    .option('--resume', 'with --scope tree: what is taken along goes on by itself')
    .action(async (place: Required<StreamReference>, options: Options, command: Command) => {
      const { client, url, isJson, terminal } = contextOf(command);
      const { stream, revision: at } = place;
      const { set = [], reason, id, scope, resume } = options;
      const misfit = misfitOf(stream, set);
      if (misfit) command.error(`error: ${misfit}`);
      const amendments = await amendmentsFor(client, place, set);
      const fork = await client.streams.fork(stream, {
        at,
        ...(id !== undefined && { id }),
        ...(amendments.length > 0 && { amendments }),
        ...(reason !== undefined && { reason }),
        ...(scope === 'tree' && { scope }),
        ...(resume && { resume }),
      });
      if (isJson) return terminal.print(JSON.stringify(fork));
      const { paint } = terminal;
      const link = linkTo(fork.stream, fork.revision);
      const next = [
        ['state', `forkline inspect ${link}`],
        ['events', `forkline timeline ${fork.stream} --from ${at}`],
        ['family', `forkline lineage ${fork.stream}`],
        ...goingOn(fork, url),
      ];
      terminal.print(`Forked ${linkTo(stream, at)}`);
      terminal.print(`into   ${paint('bold', link)}`);
      for (const child of fork.children ?? [])
        terminal.print(
          `       ${child.stream}  ${paint('dim', `from ${child.forkedFrom.stream}`)}`,
        );
      if (fork.sharedCount) terminal.print(`shares ${fork.sharedCount} that were finished`);
      for (const [what = '', line] of next)
        terminal.print(`  ${paint('dim', what.padEnd(10))}  ${line}`);
    });
};

const uuidArgument = (text: string): string => {
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text))
    throw new InvalidArgumentError('Expected a UUID.');
  return text;
};

/** What to call to add to a fork. */
const goingOn = ({ stream, id }: Written, url: string): readonly (readonly string[])[] => {
  if (stream.startsWith('session-')) return [['go on', `POST ${url}/v1/sessions/${id}/messages`]];
  if (stream.startsWith('execution-'))
    return [['go on', `POST ${url}/v1/executions/${id}/checkpoints`]];
  return [];
};
