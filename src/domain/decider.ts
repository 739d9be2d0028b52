/** Something that happened. The type name and the data shape are the storage format: change them only with an upcaster. */
export type Fact<Type extends string = string, Data extends object = object> = Readonly<{
  type: Type;
  data: Readonly<Data>;
}>;

/** The one reason a command was turned down. */
export type Rejection<Reason> = Readonly<{ rejected: Reason }>;

/** A decision is either the facts it adds (possibly none: it is already so) or the reason it was turned down. */
export type Decision<Event, Reason> = readonly Event[] | Rejection<Reason>;

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
}>;

export const reject = <Reason>(rejected: Reason): Rejection<Reason> => ({ rejected });

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
