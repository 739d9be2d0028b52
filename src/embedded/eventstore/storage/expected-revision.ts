/** Where a writer takes a stream's end to be: a revision, or what it knows of it. */
export type ExpectedRevision = number | 'no-stream' | 'any' | 'stream-exists';

/** Why a write was turned down. */
export type Refusal =
  | Readonly<{ refused: 'stream-deleted' }>
  /** The stream is the server's own. */
  | Readonly<{ refused: 'access-denied' }>
  /** @property current the stream's newest revision, -1 without events */
  | Readonly<{ refused: 'wrong-expected-revision'; current: number }>;

/** The refusal of a write to a stream that only the server writes to. */
export const accessRefusal: Refusal = { refused: 'access-denied' };

/** The refusal of a write to a stream that was deleted. */
export const deletedRefusal: Refusal = { refused: 'stream-deleted' };

/**
 * The refusal of an append at another revision than the stream's.
 *
 * @param current the stream's revision; -1 when it has no events
 */
export const wrongRevision = (current: number): Refusal => ({
  refused: 'wrong-expected-revision',
  current,
});

/** The revision as a number, no-stream being the one before the first. Undefined for the others. */
export const exactRevision = (expected: ExpectedRevision): number | undefined => {
  if (typeof expected === 'number') return expected;
  return expected === 'no-stream' ? -1 : undefined;
};
