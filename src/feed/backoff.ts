export type Backoff = Readonly<{
  /** The longest first wait, in milliseconds. */
  firstMs: number;
  /** The longest wait ever, in milliseconds. */
  mostMs: number;
}>;

/**
 * How long to wait before another attempt: doubling, and up to a half less at random, so that the
 * nodes that lost a store together do not come back together.
 *
 * @param failures how many attempts failed so far, at least 1
 * @returns milliseconds
 */
export const backoff = (failures: number, { firstMs, mostMs }: Backoff): number =>
  Math.min(mostMs, firstMs * 2 ** (failures - 1)) * (1 - Math.random() / 2);
