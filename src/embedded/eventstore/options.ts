/** How the embedded EventStoreDB runs. */
export type EventStoreOptions = Readonly<{
  /** Where the events are kept; created if need be, and held by one process at a time. */
  dataDir: string;
  /** TCP port on loopback. Default 0: any free one. */
  port?: number;
  /** The most bytes of event data in one append. Default 1 MiB, as in EventStoreDB. */
  maxAppendSize?: number;
  /**
   * Appends are refused when the disk has less than this left, so that what was accepted can be
   * finished and reads go on. Bytes, default 64 MiB.
   */
  diskReserve?: number;
  /**
   * How long a commit may take before its appends, and those that wait behind it as long, are
   * answered with a timeout. Milliseconds, default 2 s, as in EventStoreDB.
   */
  commitTimeout?: number;
}>;

/** What holds where an option is not given, in the units of {@link EventStoreOptions}. */
export const defaults = {
  maxAppendSize: 1024 * 1024,
  diskReserve: 64 * 1024 * 1024,
  commitTimeout: 2_000,
} as const;
