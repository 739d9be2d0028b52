import type { Streams } from '../../../src/eventstore/lineage.js';
import { idOf, writeSession } from '../core/support/traffic.js';

/** Sessions of one length, which commands go to in turn, so that they stay about as long as they are. */
export type Sessions = Readonly<{ length: number; ids: readonly string[] }>;

const eventsInAll = 10_000;
const mostStreams = 40;
const eventsAtOnce = 1_000;

/** Writes sessions of so many events: one of the long ones, many of the short ones. */
export const writeSessionsOf = async (streams: Streams, length: number): Promise<Sessions> => {
  const count = Math.min(mostStreams, Math.max(1, Math.floor(eventsInAll / length)));
  const ids = Array.from({ length: count }, (_, n) => idOf(`${length} events, ${n}`, n * length));
  for (const id of ids) await writeSession(streams, id, length - 1, eventsAtOnce);
  return { length, ids };
};

/** The one whose turn it is. */
export const inTurn = ({ ids }: Sessions, round: number): string => ids[round % ids.length] ?? '';
