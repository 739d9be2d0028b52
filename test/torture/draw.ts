import { createHash } from 'node:crypto';
import { v4 } from 'uuid';
import { randomFrom } from '../support/faulty-store.js';

/** Chance that comes out the same for the same seed and name. */
export type Draw = Readonly<{
  /** From 0 up to but not including 1. */
  number(): number;
  /** A whole number from 0 up to but not including another. */
  below(limit: number): number;
  /** A whole number between two others, both included. */
  between(least: number, most: number): number;
  chance(share: number): boolean;
  /** @throws RangeError when there is nothing to choose from */
  of<Item>(items: readonly Item[]): Item;
  /** The same, by weight. */
  weighted<Item extends Readonly<{ weight: number }>>(items: readonly Item[]): Item;
  uuid(): string;
}>;

/** @param name keeps what is drawn for one purpose apart from what is drawn for another */
export const drawFrom = (seed: number, name: string): Draw => {
  const digest = createHash('sha256').update(`${seed}/${name}`).digest();
  const number = randomFrom(digest.readInt32LE(0));
  const below = (limit: number): number => Math.floor(number() * limit);
  const of = <Item>(items: readonly Item[]): Item => {
    if (items.length === 0) throw new RangeError('nothing to choose from');
    return items[below(items.length)] as Item;
  };
  return {
    ...{ number, below, of },
    between: (least, most) => least + below(most - least + 1),
    chance: (share) => number() < share,
    weighted: (items) => {
      let left = number() * items.reduce((sum, { weight }) => sum + weight, 0);
      for (const item of items) {
        left -= item.weight;
        if (left < 0) return item;
      }
      return of(items);
    },
    uuid: () => v4({ random: Uint8Array.from({ length: 16 }, () => below(256)) }),
  };
};
