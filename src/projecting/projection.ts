import type { Fact } from '../domain/decider.js';

/** Every document says which streams it comes from: when one of them is deleted for good, so is the document. */
export type FromStream = Readonly<{
  stream: string;
  /** The streams that a document which inherits descends from. */
  ancestors?: readonly string[];
}>;

/** An event as projections see it. */
export type Projected<Event extends Fact = Fact> = Event &
  Readonly<{
    stream: string;
    revision: number;
    position: number;
    /** ISO 8601 UTC. */
    created: string;
    metadata: Readonly<{
      ownerId: string;
      userId: string;
      $correlationId: string;
      requestId?: string;
      clientAddress?: string;
      userAgent?: string;
      keyId?: string;
    }>;
    /**
     * On StreamForked, for a projection that inherits: the ancestor's document as of the revision
     * forked at; missing when the ancestor was deleted for good.
     */
    inherited?: FromStream;
  }>;

export type Index = Readonly<{ key: Readonly<Record<string, 1 | -1 | 'text'>> }>;

/** What one event type does to a document: gives the new one, or undefined when there is to be none. */
type Handler<Document, Event extends Fact> = (
  document: Document | undefined,
  event: Projected<Event>,
) => Document | undefined;

/**
 * A read model: a pure fold of events into documents, each of one key.
 *
 * A ranged projection keeps a row for every version of a document: `from` is the revision that made
 * it, `to` the one that replaced it or null. Rows true at revision n have from ≤ n and to > n or null,
 * which is how lists are answered as of any revision, and how forks share their ancestors' rows.
 */
export type Projection<Document extends FromStream, Event extends Fact> = Readonly<{
  /** Names the collection, with the version. */
  name: string;
  /** To be raised when the fold changes: the model is then built anew beside the old one. */
  version: number;
  ranged?: true;
  /**
   * Whether the document of a fork starts from its ancestor's, as of the revision forked at. Such
   * documents carry the revision of their last event, and those of forks their ancestors; what they
   * were at some of the earlier revisions is kept.
   */
  inherits?: true;
  /**
   * Whether a document is made of many streams, so that deleting one of them for good neither
   * removes it nor takes back what the stream did. Its `stream` is then the name of none.
   */
  spans?: true;
  indexes: readonly Index[];
  /** The category of the streams it is made from; every category by default. */
  category?: string;
  /** Which document an event concerns. */
  key: (event: Projected<Event>) => string | undefined;
  /** Whether an event is the first of its document, which then is not looked for; false by default. */
  begins?: (event: Projected<Event>) => boolean;
  on: {
    readonly [Type in Event['type']]?: Handler<Document, Extract<Event, { type: Type }>>;
  };
  /** For events of types that `on` does not name. */
  otherwise?: Handler<Document, Event>;
}>;

/** A projection as the runner takes it, whatever its documents and events. */
export type AnyProjection = Projection<FromStream, Fact>;
