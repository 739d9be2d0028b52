import type { Moment } from './time.js';

/**
 * Something that happened. The type name and the data shape are the storage format: events that are stored
 * are read as they are. A field may be added if it may be missing; anything else is another type.
 */
export type Fact<Type extends string = string, Data extends object = object> = Readonly<{
  type: Type;
  data: Readonly<Data>;
}>;

/** The one reason a command was turned down. */
export type Rejection<Reason> = Readonly<{ rejected: Reason }>;

/** A decision is either the facts it adds (possibly none: it is already so) or the reason it was turned down. */
export type Decision<Event, Reason> = readonly Event[] | Rejection<Reason>;

/**
 * The part of a state that grows with its stream: a map of entries by key. Snapshots keep it apart
 * from the rest, and load only the entries that are needed. So deciding on a command, and evolving
 * over an event, may look at no other entry than the one that is named here.
 */
export type Entries<Command, Event extends Fact> = Readonly<{
  /** The field of the state that holds them, in an OrderedMap. Entries are JSON values, and are never removed. */
  field: string;
  /** Which entry a command is decided by; undefined when by none. */
  namedBy: (command: Command) => string | undefined;
  /** Which entry an event begins or changes; undefined when none. */
  changedBy: (event: Event) => string | undefined;
  /** Whether an event is the first of its entry, which then is not looked for. */
  begins: (event: Event) => boolean;
}>;

/** How states are kept in snapshots. Everything in them but the entries is JSON. */
export type SnapshotRules<Command, Event extends Fact> = Readonly<{
  /**
   * To be raised when the same stored events come to lead to another state, be it by `evolve` or a
   * new event type. Snapshots of other versions are not used.
   */
  version: number;
  /** None by default: for a state that does not grow. */
  entries?: Entries<Command, Event>;
}>;

/**
 * The rules of one category of streams, pure: commands bring every outside value, ids and time
 * included, so that neither function reaches for one.
 */
export type Decider<Command, State, Event extends Fact, Reason> = Readonly<{
  /** Streams are named `category-id`. */
  category: string;
  /** The state of a stream without events. */
  initial: State;
  evolve: (state: State, event: Event) => State;
  decide: (command: Command, state: State) => Decision<Event, Reason>;
  /** Whose the stream is; undefined while it does not exist. */
  ownerOf: (state: State) => string | undefined;
  /** What the stream belongs to beyond itself: a session or a request. */
  correlationOf: (state: State) => string | undefined;
  /** The reason given when there is no such stream, or none that the caller may know of. */
  notFound: Reason;
  /** Until when a fork waits that is made of a state at a moment; none by default. */
  forkExpiresAt?: (state: State, forkedAt: Moment) => Moment | undefined;
  /** None by default: for streams of few events, which are quickly folded from the first. */
  snapshots?: SnapshotRules<Command, Event>;
}>;

/** Turns a command down, for a reason. */
export const reject = <Reason>(rejected: Reason): Rejection<Reason> => ({ rejected });

/** Whether an answer turns the command down. */
export const isRejection = <Accepted extends object, Reason>(
  answer: Accepted | Rejection<Reason>,
): answer is Rejection<Reason> => 'rejected' in answer;

type Transitions<State, Event extends Fact> = {
  readonly [Type in Event['type']]: (
    state: State,
    data: Extract<Event, { type: Type }>['data'],
  ) => State;
};

/**
 * Builds `evolve` from one transition per event type. Leaving a type out does not compile;
 * a type this build has never heard of leaves the state alone, so old and new builds can share a stream.
 */
export const evolveWith =
  <State, Event extends Fact>(transitions: Transitions<State, Event>) =>
  (state: State, event: Event): State => {
    const transition = (
      transitions as Record<string, ((s: State, d: Event['data']) => State) | undefined>
    )[event.type];
    return transition ? transition(state, event.data) : state;
  };
