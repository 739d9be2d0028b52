import type { JsonObject, JsonValue, StreamEvent, StreamState } from '../client/client.js';
import { isObject } from './is-object.js';
import { jsonView, shortened } from './json-view.js';
import { linkTo } from './stream-reference.js';
import type { Paint } from './terminal.js';
import { oneLine, shownTime } from './text.js';

/** Longer texts are cut. */
const mostOfText = 300;
/** Of more messages and checkpoints than these only the number is shown. */
export const mostOfMany = 10;

/**
 * The lines about an event and the state after it.
 *
 * @param isFull whether nothing is to be cut or left out
 */
export const inspection = (
  event: StreamEvent,
  { stream, revision, state, entries = {} }: StreamState,
  paint: Paint,
  isFull = false,
): readonly string[] => {
  const { type, topic, created, position, id, metadata, origin, data } = event;
  const facts = [
    ['time', `${shownTime(created)} UTC`],
    ['topic', topic],
    ['position', position],
    ['event id', id],
    ...(typeof metadata.userId === 'string' ? [['by', oneLine(metadata.userId)]] : []),
    ...(origin ? [['inherited', `from ${linkTo(origin.stream, origin.revision)}`]] : []),
  ];
  const shown = (value: JsonValue) =>
    jsonView(isFull ? value : shortened(value, mostOfText), paint);
  return [
    `${paint('bold', linkTo(stream, revision))}  ${paint('cyan', oneLine(type))}`,
    ...facts.map(([name = '', value = '']) => `  ${paint('dim', name.padEnd(9))}  ${value}`),
    '',
    paint('bold', 'Event'),
    shown(data),
    '',
    paint('bold', `State as of ${revision}`),
    shown({ ...(isFull ? state : readable(state)), ...countsOf(entries) }),
  ];
};

/** A state without the fingerprints that only the rules need, and with the newest checkpoint at its end. */
const readable = (whole: JsonObject): JsonObject => {
  const { deltas: _, checkpoints, messages, latest, ...state } = whole;
  return {
    ...state,
    ...(isObject(messages) && { messages: few(messages) ?? Object.keys(messages).length }),
    ...(isObject(checkpoints) && { checkpoints: Object.keys(checkpoints).length }),
    ...(latest !== undefined && { latest }),
  };
};

/** Of what the state leaves out, the numbers. */
const countsOf = (entries: NonNullable<StreamState['entries']>): JsonObject =>
  Object.fromEntries(Object.entries(entries).map(([field, { count }]) => [field, count]));

const few = (messages: JsonObject): JsonObject | undefined => {
  const entries = Object.entries(messages);
  if (entries.length > mostOfMany) return undefined;
  return Object.fromEntries(
    entries.map(([id, message]) => {
      const { postedAs: _, ...shown } = isObject(message) ? message : {};
      return [id, shown];
    }),
  );
};
