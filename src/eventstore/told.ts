import type { StoredEvent } from './event-store.js';

/** What happens in the store, as this process is told of it. */
export type Told = Readonly<{
  /** Every event up to here has been told. */
  position(): number;
  /** Tells a listener each event from now on, in order. @returns ends it */
  each(listener: (event: StoredEvent) => void): () => void;
}>;
