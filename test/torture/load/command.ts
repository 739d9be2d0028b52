import type { Calls, WriteOptions } from '../../../src/client/client.js';
import type { Draw } from '../draw.js';
import type { Intent, Place } from '../log-lines.js';
import type { Memory } from './memory.js';

/** What answers have told a client about streams. */
export type Known = Readonly<{
  /** The newest revision of a stream that was answered; undefined when nothing was. */
  revisionOf(stream: string): number | undefined;
}>;

/** A command that is about to be sent; the same call may be made several times. */
export type Command = Readonly<
  Pick<Intent, 'kind' | 'events' | 'needs' | 'makes' | 'forks'> & {
    call(calls: Calls, options: WriteOptions): Promise<readonly Place[]>;
    /** Reads what was written, as of that position. Says what is missing; undefined when nothing is. */
    readBack?(calls: Calls, place: Place): Promise<string | undefined>;
  }
>;

type Made = Omit<Command, 'kind' | 'needs' | 'call'> &
  Readonly<{
    needs?: readonly string[];
    call(calls: Calls, options: WriteOptions): Promise<Place | readonly Place[]>;
  }>;

/** A sort of command, and how often it is drawn among others. */
export type Sort = Readonly<{
  kind: string;
  weight: number;
  /**
   * Draws one. What is drawn must not depend on `known`; only what is made of it may.
   *
   * @returns undefined when there is nothing yet to do it with
   */
  make(memory: Memory, draw: Draw, known: Known): Made | undefined;
}>;

const isPlaces = (answer: Place | readonly Place[]): answer is readonly Place[] =>
  Array.isArray(answer);

/** Draws a command; undefined when what was drawn needs something that there is not yet. */
export const drawCommand = (
  sorts: readonly Sort[],
  memory: Memory,
  draw: Draw,
  known: Known,
): Command | undefined => {
  const { kind, make } = draw.weighted(sorts);
  const made = make(memory, draw, known);
  if (!made) return undefined;
  const { call, needs = [], ...rest } = made;
  return {
    ...{ ...rest, kind, needs },
    call: async (calls, options) => {
      const answer = await call(calls, options);
      const places = isPlaces(answer) ? answer : [answer];
      return places.map(({ stream, revision, position }) => ({ stream, revision, position }));
    },
  };
};

/** The last of what there is more often than the first: what is new is at work. */
export const drawRecent = <Item>(draw: Draw, items: readonly Item[]): Item | undefined =>
  items.length === 0
    ? undefined
    : items[Math.floor(Math.sqrt(draw.number()) * items.length) % items.length];
