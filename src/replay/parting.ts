import type { Origin, Segment } from '../domain/fork.js';

/** A stream with what it inherits, as the store knows it. */
export type Descendant = Readonly<{
  stream: string;
  /** Oldest first; nothing for a stream that is no fork. */
  ancestry: readonly Segment[];
  /** That of its newest event. */
  revision: number;
}>;

/**
 * The last event that two streams have in common, by the stream that wrote it; undefined for
 * streams without common ancestry. Found from where the streams descend from, whatever their length:
 * no event is looked at.
 */
export const partingOf = (a: Descendant, b: Descendant): Origin | undefined => {
  const others = segmentsOf(b);
  let common: Origin | undefined;
  for (const [index, mine] of segmentsOf(a).entries()) {
    const other = others[index];
    if (mine.stream !== other?.stream) break;
    common = { stream: mine.stream, revision: Math.min(mine.through, other.through) };
    if (mine.through !== other.through) break;
  }
  return common;
};

const segmentsOf = ({ stream, ancestry, revision }: Descendant): readonly Segment[] => [
  ...ancestry,
  { stream, through: revision },
];
