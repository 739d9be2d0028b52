import { type JSONEventData, jsonEvent, type ResolvedEvent } from '@eventstore/db-client';
import { v4 as newId } from 'uuid';

/** Events of one type with the numbers from `first` on as data. */
export const events = (count: number, first = 0): JSONEventData[] =>
  Array.from({ length: count }, (_, index) => event(first + index));

export const event = (n: number, type = 'Counted', id = newId()): JSONEventData =>
  jsonEvent({ id, type, data: { n } });

let streams = 0;

/** A stream name that no other test of the process uses. */
export const freshStream = (category = 'stream'): string =>
  `${category}-${process.pid}x${streams++}`;

/** Everything a read gives. */
export const all = async <T>(source: AsyncIterable<T>): Promise<T[]> => {
  const found: T[] = [];
  for await (const item of source) found.push(item);
  return found;
};

export const revisions = (resolved: readonly ResolvedEvent[]): number[] =>
  resolved.map(({ event: recorded }) => Number(recorded?.revision));

export const numbers = (resolved: readonly ResolvedEvent[]): unknown[] =>
  resolved.map(({ event: recorded }) => (recorded?.data as { n?: number } | undefined)?.n);

/** The `type` of the error that a promise fails with; fails when it does not. */
export const errorOf = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise;
  } catch (error) {
    return (error as { type?: unknown }).type ?? error;
  }
  throw new Error('expected a failure');
};
