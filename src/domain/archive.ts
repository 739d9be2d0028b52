import type { Segment } from './fork.js';

// A fork that was detached has what it inherited in a stream of its own, its archive: event by event at
// the revisions they have in the fork. Users see the fork alone; the archive is where its past lies.

const prefix = 'archive-';

/** The stream that holds what a fork inherited, once it is detached. */
export const archiveOf = (fork: string): string => `${prefix}${fork}`;

/** The fork that an archive belongs to; undefined for any other stream. */
export const forkOfArchive = (stream: string): string | undefined =>
  stream.startsWith(prefix) ? stream.slice(prefix.length) : undefined;

/** Whether a stream is an archive, of which users are told nothing. */
export const isArchive = (stream: string): boolean => stream.startsWith(prefix);

/** The stream that users know: of an archive, the fork that it belongs to. */
export const shownStream = (stream: string): string => forkOfArchive(stream) ?? stream;

/** An ancestry as users know it, where a fork's archive and the fork are one. */
export const shownAncestry = (ancestry: readonly Segment[]): readonly Segment[] => {
  const shown = ancestry.map(({ stream, through }) => ({ stream: shownStream(stream), through }));
  return shown.filter(({ stream }, index) => stream !== shown[index + 1]?.stream);
};

/**
 * Where the events that a stream inherits lie now. A stream on the way down that was detached has all
 * that came before it in its archive, so the archive takes the place of its ancestors.
 *
 * @param ancestry what the stream's `StreamForked` says
 * @param isDetached whether a stream is known to be detached
 */
export const settledAncestry = (
  stream: string,
  ancestry: readonly Segment[],
  isDetached: (stream: string) => boolean,
): readonly Segment[] => {
  for (let index = ancestry.length; index >= 1; index--) {
    const fork = ancestry[index]?.stream ?? stream;
    const before = ancestry[index - 1];
    if (before && isDetached(fork))
      return [{ stream: archiveOf(fork), through: before.through }, ...ancestry.slice(index)];
  }
  return ancestry;
};
