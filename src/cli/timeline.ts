import type { Command } from 'commander';
import type { StreamEvent } from '../client/client.js';
import { contextOf } from './context.js';
import { inBatches } from './in-batches.js';
import { revisionArgument, streamArgument } from './stream-reference.js';
import { tableOf } from './table.js';
import { dividerBefore, timelineColumns, timelineRows } from './timeline-rows.js';

/** Events asked for at once, and laid out together. */
const pageSize = 200;

/** `forkline timeline` */
export const registerTimeline = (program: Command): void => {
  program
    .command('timeline')
    .description('list the events of a stream, and what each of them changed')
    .argument(
      '<stream>',
      'session-<uuid>, execution-<uuid>, or the UUID of a session',
      streamArgument,
    )
    .option('--from <revision>', 'begin with this revision', revisionArgument)
    .action(async (stream: string, { from }: { from?: number }, command: Command) => {
      const { client, isJson, terminal } = contextOf(command);
      const events = client.streams.eachEvent(stream, {
        limit: pageSize,
        ...(from !== undefined && { from }),
      });
      if (isJson) {
        for await (const event of events) terminal.print(JSON.stringify(event));
        return;
      }
      const rowOf = timelineRows();
      let before: StreamEvent | undefined;
      for await (const batch of inBatches<StreamEvent>(events, pageSize)) {
        const rows = batch.map(rowOf);
        const table = tableOf(timelineColumns(rows), rows, terminal.paint, terminal.width);
        terminal.print(table.heading);
        for (const [index, row] of rows.entries()) {
          const event = batch[index];
          const divider = event && dividerBefore(event, before);
          if (divider) terminal.print(terminal.paint('dim', divider));
          terminal.print(table.line(row));
          before = event;
        }
      }
    });
};
