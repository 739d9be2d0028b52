import { Argument, type Command } from 'commander';
import type { ParkedEvent } from '../client/client.js';
import { CommandFailure } from './command-failure.js';
import { type Context, contextOf } from './context.js';
import { inBatches } from './in-batches.js';
import { type Column, tableLines } from './table.js';
import { count, oneLine, shownTime } from './text.js';

type Action = 'retry' | 'discard';

const pageSize = 200;

const columns: readonly Column<ParkedEvent>[] = [
  { title: 'ID', text: ({ id }) => id },
  { title: 'EVENT', text: ({ stream, revision }) => `${stream}@${revision}` },
  { title: 'TYPE', text: ({ type }) => oneLine(type) },
  { title: 'PARKED', text: ({ parkedAt }) => shownTime(parkedAt) },
  { title: 'TRIED', text: ({ attempts }) => String(attempts), align: 'right' },
  { title: 'WHY', text: ({ error }) => oneLine(error ?? 'waits for an earlier one') },
];

/** Adds the command `forkline parked`. */
export const registerParked = (program: Command): void => {
  program
    .command('parked')
    .description('list the events that a read model or reaction has put aside, and settle them')
    .argument('<name>', 'a projection or reaction, as `forkline projections` names it')
    .addArgument(
      new Argument('[action]', 'try the events of its key again, or leave this one out').choices([
        'retry',
        'discard',
      ]),
    )
    .argument('[id]', 'of the parked event')
    .action(
      async (
        name: string,
        action: Action | undefined,
        id: string | undefined,
        _options: object,
        command: Command,
      ) => {
        const context = contextOf(command);
        if (!action) return list(context, name);
        if (id === undefined) return command.error(`error: ${action} needs the id of an event`);
        return settle(context, name, action, id);
      },
    );
};

const list = async ({ client, isJson, terminal }: Context, name: string): Promise<void> => {
  const events = client.operations.eachParked(name, { limit: pageSize });
  if (isJson) {
    for await (const event of events) terminal.print(JSON.stringify(event));
    return;
  }
  for await (const batch of inBatches<ParkedEvent>(events, pageSize))
    for (const line of tableLines(columns, batch, terminal)) terminal.print(line);
};

const settle = async (
  { client, isJson, terminal }: Context,
  name: string,
  action: Action,
  id: string,
): Promise<void> => {
  const { retryParked, discardParked } = client.operations;
  const retried = await (action === 'retry' ? retryParked(name, id) : discardParked(name, id));
  if (isJson) terminal.print(JSON.stringify(retried));
  else terminal.print(`${count(retried.handled, 'event')} handled, ${retried.parked} still parked`);
  if (retried.error !== null)
    throw new CommandFailure(`the next one failed again: ${oneLine(retried.error)}`);
};
