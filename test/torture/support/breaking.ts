import type { StoredEvent } from '../../../src/eventstore/event-store.js';
import type { LogLine } from '../log-lines.js';
import type { Breakable } from './recorded-run.js';

// Ways to break what a run recorded.

/** A fault that is planted in a run, and the check that is to find it. */
export type Planted = readonly [what: string, check: string, breaks: (run: Breakable) => void];

export const indexOf = (run: Breakable, type: string, nth = 0): number => {
  const places = run.events.flatMap((event, index) => (event.type === type ? [index] : []));
  const place = places.at(nth);
  if (place === undefined) throw new Error(`there is no ${type}`);
  return place;
};
export const change = (
  run: Breakable,
  type: string,
  changes: Partial<StoredEvent>,
  nth = 0,
): void => {
  const index = indexOf(run, type, nth);
  run.events[index] = { ...run.events[index], ...changes } as StoredEvent;
};
/** Takes an event out, as if it had never been: those after it in its stream move up. */
export const lose = (run: Breakable, type: string, nth = 0): void => {
  const [lost] = run.events.splice(indexOf(run, type, nth), 1);
  run.events = run.events.map((event) =>
    event.stream === lost?.stream && event.revision > lost.revision
      ? { ...event, revision: event.revision - 1 }
      : event,
  );
  run.log = run.log.filter((line) => line.log !== 'fed' || line.id !== lost?.id);
};
/** Adds an event once more, at the end of its stream and of the store, under an id of its own. */
export const repeat = (run: Breakable, type: string, changes: Partial<StoredEvent> = {}): void => {
  const event = run.events[indexOf(run, type, -1)] as StoredEvent;
  const own = run.events.filter(({ stream }) => stream === event.stream);
  const again = {
    ...{ ...event, id: 'again' },
    revision: (own.at(-1)?.revision ?? 0) + 1,
    position: (run.events.at(-1)?.position ?? 0) + 10,
    ...changes,
  };
  run.events.push(again);
  run.log.push({ log: 'fed', feed: 'f', position: `${again.position}`, id: again.id });
};
export const lineOf = (run: Breakable, log: LogLine['log'], nth = 0): number =>
  run.log.flatMap((line, index) => (line.log === log ? [index] : [])).at(nth) ?? -1;
export const dataOf = (run: Breakable, type: string) => run.events[indexOf(run, type)]?.data;
