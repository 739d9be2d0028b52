import type { Command } from 'commander';
import type { ForklineClient, StreamEvent } from '../client/client.js';
import { contextOf } from './context.js';
import { inBatches } from './in-batches.js';
import {
  linkTo,
  referenceArgument,
  revisionArgument,
  type StreamReference,
} from './stream-reference.js';
import { timelineLines } from './timeline-rows.js';
import type { SteppedEvent } from './told-change.js';

/** Events asked for at once, and laid out together. */
const pageSize = 200;

type Stretch = Readonly<{ from?: number; to?: number }>;

/** Adds the command `forkline timeline`. */
export const registerTimeline = (program: Command): void => {
  program
    .command('timeline')
    .description('list the events of a stream, and what each of them changed')
    .argument(
      '<stream>',
      'session-<uuid>, execution-<uuid>, or the UUID of a session; with @<revision>, up to there',
      referenceArgument,
    )
    .option('--from <revision>', 'begin with this revision', revisionArgument)
    .option('--to <revision>', 'end with this revision', revisionArgument)
    .action(async (place: StreamReference, { from, to }: Stretch, command: Command) => {
      const { client, isJson, terminal } = contextOf(command);
      const { stream, revision } = place;
      const end = Math.min(to ?? Number.MAX_SAFE_INTEGER, revision ?? Number.MAX_SAFE_INTEGER);
      const events = steppedEvents(client, stream, {
        ...(from !== undefined && { from }),
        to: end,
      });
      if (isJson) {
        for await (const event of events) terminal.print(JSON.stringify(event));
        return;
      }
      let before: StreamEvent | undefined;
      for await (const batch of inBatches(events, pageSize)) {
        for (const line of timelineLines(batch, terminal, before)) terminal.print(line);
        before = batch.at(-1);
      }
      if (!before) terminal.note('No events there.');
      else if (terminal.width !== undefined)
        terminal.note(`\nAs of any of them: forkline inspect ${linkTo(stream, before.revision)}`);
    });
};

/** The events of a stream together with what they changed. */
async function* steppedEvents(
  client: ForklineClient,
  stream: string,
  { from, to }: Stretch & { to: number },
): AsyncGenerator<SteppedEvent> {
  const beginning = { limit: pageSize, ...(from !== undefined && { from }) };
  const events = client.streams.eachEvent(stream, beginning);
  const steps = { ...beginning, to };
  // Both begin at the same revision and leave none out.
  for await (const { changes } of client.streams.eachStep(stream, steps)) {
    const { value: event } = await events.next();
    if (!event) return;
    yield { ...event, changes };
  }
}
