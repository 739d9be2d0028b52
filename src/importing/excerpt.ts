import type { JsonObject } from '../domain/json.js';
import { beginningOf, excerptLength } from './limits.js';
import type { RecordedMessage } from './recorded-run.js';

/** The first {@link excerptLength} characters of an observation, flagged when that is not all of it. */
export const observationExcerpt = (text: string): JsonObject => ({
  observation: beginningOf(text, excerptLength),
  ...(text.length > excerptLength ? { truncated: true } : {}),
});

/** The first {@link excerptLength} characters of an action, flagged when that is not all of it. */
export const actionExcerpt = (text: string): JsonObject => ({
  action: beginningOf(text, excerptLength),
  ...(text.length > excerptLength ? { actionTruncated: true } : {}),
});

/** A message's text: its content, or the text parts of it. */
export const textOf = ({ content }: RecordedMessage): string =>
  typeof content === 'string'
    ? content
    : content.map((part) => (typeof part.text === 'string' ? part.text : '')).join('\n');

/** The first line of a text that says something, short enough for a title. */
export const titleFrom = (text: string): string | undefined => {
  const line = text.split('\n', 50).find((candidate) => candidate.trim() !== '');
  return line === undefined ? undefined : beginningOf(line.trim(), 80);
};
