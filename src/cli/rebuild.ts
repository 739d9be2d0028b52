import { setTimeout as delay } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import type { ProjectionStatus, RebuildStatus } from '../client/client.js';
import { CommandFailure } from './command-failure.js';
import { type Context, contextOf } from './context.js';
import { rebuildDisplay } from './rebuild-display.js';
import { count, oneLine } from './text.js';

type Options = Readonly<{
  skip?: readonly string[];
  wait: boolean;
  cancel?: boolean;
  rollback?: boolean;
  drop?: boolean;
}>;

const pollMs = 250;

/** Adds the command `forkline rebuild`. */
export const registerRebuild = (program: Command): void => {
  const instead = (flags: string, description: string, ...others: string[]) =>
    new Option(flags, description).conflicts([...others, 'skip']);
  program
    .command('rebuild')
    .description('build read models anew beside the ones that serve, and switch to them')
    .argument('<projection...>', 'as `forkline projections` names them')
    .option('--skip <event...>', 'ids of events to pass over when they cannot be folded')
    .option('--no-wait', 'only begin; `forkline projections` tells how far it is')
    .addOption(instead('--cancel', 'give up the rebuild under way', 'rollback', 'drop'))
    .addOption(instead('--rollback', 'go back to what served before', 'cancel', 'drop'))
    .addOption(instead('--drop', 'remove what served before', 'cancel', 'rollback'))
    .action(async (names: readonly string[], options: Options, command: Command) => {
      const context = contextOf(command);
      if (options.cancel) return cancel(context, names);
      if (options.rollback || options.drop) return goBackOrDrop(context, names, options);
      return rebuild(context, names, options);
    });
};

const rebuild = async (
  context: Context,
  names: readonly string[],
  { skip = [], wait }: Options,
): Promise<void> => {
  const { client, isJson, terminal } = context;
  const begun = await client.operations.rebuild(names, skip);
  const ended = wait ? await follow(context, begun) : begun;
  if (isJson) terminal.print(JSON.stringify(ended));
  else terminal.print(summaryOf(ended));
  const { poison } = ended;
  if (poison)
    throw new CommandFailure(
      `${poison.projection} cannot fold event ${poison.eventId}, ${poison.stream}@${poison.revision}: ${oneLine(poison.error)}`,
    );
  if (ended.state === 'cancelled') throw new CommandFailure('the rebuild was cancelled');
};

/** Follows a rebuild until it is over and, if all went well, the node that answers reads what was built. */
const follow = async (
  { client, terminal }: Context,
  { id }: RebuildStatus,
): Promise<RebuildStatus> => {
  const display = rebuildDisplay(terminal);
  try {
    for (;;) {
      const { items } = await client.operations.projections();
      const involved = items
        .filter((item) => item.kind === 'projection')
        .filter(({ rebuild }) => rebuild?.id === id);
      const status = involved[0]?.rebuild;
      if (!status) throw new CommandFailure('another rebuild has taken the place of this one');
      display.update(status);
      if (isOver(status, involved)) return status;
      await delay(pollMs);
    }
  } finally {
    display.end();
  }
};

const isOver = ({ state }: RebuildStatus, involved: readonly ProjectionStatus[]): boolean =>
  state === 'switched'
    ? involved.every(({ serving, rebuild }) => serving?.collection === rebuild?.collection)
    : state !== 'building' && state !== 'switching';

const summaryOf = ({ state, names, events }: RebuildStatus): string =>
  `${names.join(', ')}: ${state}, ${count(events, 'event')} read`;

const cancel = async (
  { client, isJson, terminal }: Context,
  names: readonly string[],
): Promise<void> => {
  const cancelled = await client.operations.cancelRebuild(names[0] ?? '');
  terminal.print(isJson ? JSON.stringify(cancelled) : summaryOf(cancelled));
};

const goBackOrDrop = async (
  { client, isJson, terminal }: Context,
  names: readonly string[],
  { rollback }: Options,
): Promise<void> => {
  const { rollBack, dropPrevious } = client.operations;
  for (const name of names) {
    const standing = await (rollback ? rollBack(name) : dropPrevious(name));
    const { serving, previous } = standing;
    terminal.print(
      isJson
        ? JSON.stringify(standing)
        : `${name}: ${serving?.collection ?? 'nothing'} serves, ${previous?.collection ?? 'nothing'} is kept`,
    );
  }
};
