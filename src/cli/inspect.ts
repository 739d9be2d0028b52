import type { Command } from 'commander';
import type { ForklineClient, StreamState } from '../client/client.js';
import { CommandFailure } from './command-failure.js';
import { contextOf } from './context.js';
import { inspection, mostOfMany } from './inspection.js';
import { linkTo, referenceArgument, type StreamReference } from './stream-reference.js';

/** Adds the command `forkline inspect`. */
export const registerInspect = (program: Command): void => {
  program
    .command('inspect')
    .description('show the event at a revision, and the state of the stream as of there')
    .argument('<stream@revision>', 'a place; without a revision the head', referenceArgument)
    .option('--full', 'cut nothing and leave nothing out')
    .action(async (place: StreamReference, { full }: { full?: boolean }, command: Command) => {
      const { client, isJson, terminal } = contextOf(command);
      const { stream } = place;
      const state = await stateOf(client, place, full || isJson);
      const { items } = await client.streams.events(stream, { from: state.revision, limit: 1 });
      const [event] = items;
      if (!event) throw new CommandFailure(`${linkTo(stream, state.revision)} has no event`);
      if (isJson) terminal.print(JSON.stringify({ event, ...state }));
      else for (const line of inspection(event, state, terminal.paint, full)) terminal.print(line);
    });
};

/** A state; as a whole when all of it is shown, or there is little of it. */
const stateOf = async (
  client: ForklineClient,
  { stream, revision: at }: StreamReference,
  isWhole: boolean | undefined,
): Promise<StreamState> => {
  const head = await client.streams.state(stream, at === undefined ? {} : { at });
  const isSmall = Object.values(head.entries ?? {}).every(({ count }) => count <= mostOfMany);
  return isWhole || isSmall
    ? client.streams.state(stream, { at: head.revision, whole: true })
    : head;
};
