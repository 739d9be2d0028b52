import type { Position } from './types.js';

/** The newest position that was seen. */
export type LatestPosition = Readonly<{
  get(): Position | undefined;
  see(position: Position): void;
  /** Takes in the positions of what a write answered, however many things it wrote. */
  seeAnswer(answer: unknown): void;
}>;

/** Remembers the newest position that any answer told of; none at first. */
export const latestPosition = (): LatestPosition => {
  let latest: bigint | undefined;

  const see = (position: Position) => {
    const seen = BigInt(position);
    if (latest === undefined || seen > latest) latest = seen;
  };
  const seeAnswer = (answer: unknown): void => {
    const { position, items, body } = fieldsOf(answer);
    if (typeof position === 'string' && /^\d+$/.test(position)) see(position);
    if (body !== undefined) seeAnswer(body);
    if (Array.isArray(items)) items.forEach(seeAnswer);
  };
  return {
    get: () => latest?.toString(),
    see,
    seeAnswer,
  };
};

/** The later of two positions, either of which may not be known. */
export const laterOf = (a: Position | undefined, b: Position | undefined): Position | undefined => {
  if (a === undefined || b === undefined) return a ?? b;
  return BigInt(a) > BigInt(b) ? a : b;
};

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
