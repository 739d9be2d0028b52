/** Tells the time that every node agrees on. */
export type Clock = Readonly<{
  /** Milliseconds since 1970. Never goes back. */
  now(): number;
}>;
