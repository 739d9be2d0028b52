/** The end of a stream, which is all that an append needs to know of it. */
export type StreamHead = Readonly<{
  /** Counts streams in the order of their first event; the short form of the name in index keys. */
  number: number;
  /** The newest event's place; a tombstone counts here like any other event. */
  lastRevision: number;
  lastPosition: number;
  isTombstoned: boolean;
}>;

/** Whether a stream holds the metadata of another. */
export const isMetastream = (stream: string): boolean => stream.startsWith('$$');

/** The stream that holds the metadata of a stream. */
export const metastreamOf = (stream: string): string => `$$${stream}`;

/** The stream whose metadata a metastream holds. */
export const originalOf = (metastream: string): string => metastream.slice(2);
