export type Transport = 'websocket' | 'sse';

/** Looks on as clients of the feed come and go. */
export type FeedWatch = Readonly<{
  opened(transport: Transport): void;
  closed(transport: Transport): void;
  /** A client is let go because it did not keep up. Told before it is closed. */
  tooSlow(transport: Transport): void;
}>;

/** For a feed that nobody watches. */
export const watchedByNobody: FeedWatch = {
  opened: () => {},
  closed: () => {},
  tooSlow: () => {},
};
