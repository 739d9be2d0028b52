import { ForklineError } from './forkline-error.js';
import type { Settled } from './sent-together.js';
import type { BulkAnswer } from './task-types.js';
import type { JsonObject, Written } from './types.js';

/** The most that one bulk request takes. */
export const mostItems = 500;

/** How much of one is sent together, in characters of JSON: as UTF-8, less than the 1 MiB that a request may have. */
export const mostCharacters = 300_000;

/** How much a value takes up as JSON, in characters (UTF-16 units). */
export const charactersOf = (content: unknown): number => JSON.stringify(content).length;

/** Whether a bulk request was refused for what one of its items is like, of which the others know nothing. */
export const isRefused = (error: unknown): boolean =>
  error instanceof ForklineError && [400, 413].includes(error.status);

/** What came of each item of a bulk request, as it would have been answered, or refused, by itself. */
export const settledIn = ({ items }: BulkAnswer): readonly Settled<Written>[] =>
  items.map(({ status, body }) => {
    if ('position' in body) return { answer: body };
    // A problem document, of which the type names what is there at least.
    return { error: new ForklineError(status, body.code, body as unknown as JsonObject) };
  });
