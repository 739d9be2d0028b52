import type { Command } from 'commander';
import type { JsonObject, JsonValue, StreamEvent, StreamState } from '../client/client.js';
import { CommandFailure } from './command-failure.js';
import { contextOf } from './context.js';
import { jsonView, shortened } from './json-view.js';
import { linkTo, referenceArgument, type StreamReference } from './stream-reference.js';
import type { Paint } from './terminal.js';
import { oneLine, shownTime } from './text.js';

/** Longer texts are cut, unless all is asked for. */
const mostOfText = 300;

/** `forkline inspect` */
export const registerInspect = (program: Command): void => {
  program
    .command('inspect')
    .description('show the event at a revision, and the state of the stream as of there')
    .argument(
      '<stream>@<revision>',
      'a place in a stream; without a revision its head',
      referenceArgument,
    )
    .option('--full', 'do not cut long texts')
    .action(async (place: StreamReference, { full }: { full?: boolean }, command: Command) => {
      const { client, isJson, terminal } = contextOf(command);
      const { stream, revision: at } = place;
      const state = await client.streams.state(stream, at === undefined ? {} : { at });
      const { items } = await client.streams.events(stream, { from: state.revision, limit: 1 });
      const [event] = items;
      if (!event) throw new CommandFailure(`${linkTo(stream, state.revision)} has no event`);
      const shown = (value: JsonValue) =>
        jsonView(full ? value : shortened(value, mostOfText), terminal.paint);
      if (isJson) terminal.print(JSON.stringify({ event, ...state }));
      else for (const line of inspection(event, state, shown, terminal.paint)) terminal.print(line);
    });
};

/** The lines about an event and the state after it. */
export const inspection = (
  event: StreamEvent,
  { stream, revision, state }: StreamState,
  shown: (value: JsonValue) => string,
  paint: Paint,
): readonly string[] => {
  const { type, topic, created, position, id, metadata, origin, data } = event;
  const by = typeof metadata.userId === 'string' ? oneLine(metadata.userId) : undefined;
  const facts = [
    ['time', `${shownTime(created)} UTC`],
    ['topic', topic],
    ['position', position],
    ['event id', id],
    ...(by === undefined ? [] : [['by', by]]),
    ...(origin ? [['inherited', `from ${linkTo(origin.stream, origin.revision)}`]] : []),
  ];
  return [
    `${paint('bold', linkTo(stream, revision))}  ${paint('cyan', oneLine(type))}`,
    ...facts.map(([name = '', value = '']) => `  ${paint('dim', name.padEnd(9))}  ${value}`),
    '',
    paint('bold', 'Event'),
    shown(data),
    '',
    paint('bold', `State as of ${revision}`),
    shown(withoutFingerprints(state)),
  ];
};

/** A state without what only the rules need of it: the fingerprints that tell whether a command came twice. */
const withoutFingerprints = ({ checkpoints, deltas: _, messages, ...state }: JsonObject) => ({
  ...state,
  ...(checkpoints !== undefined && { checkpoints: Object.keys(checkpoints ?? {}) }),
  ...(messages !== undefined && {
    messages: Object.fromEntries(
      Object.entries(messages as Record<string, JsonObject>).map(
        ([id, { postedAs: _postedAs, ...message }]) => [id, message],
      ),
    ),
  }),
});
