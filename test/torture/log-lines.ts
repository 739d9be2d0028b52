import type { FeedFilter } from '../../src/client/client.js';

/** Where the effect of a command is, as it was answered. */
export type Place = Readonly<{ stream: string; revision: number; position: string }>;

/** Noted before a command is sent. Its id is the `X-Request-Id` of all attempts, and so in the metadata of its events. */
export type Intent = Readonly<{
  log: 'intent';
  id: string;
  client: string;
  kind: string;
  /** How many events it adds when it is carried out, at least and at most; null is any number. */
  events: readonly [number, number | null];
  /** The streams that it needs to be there. */
  needs: readonly string[];
  /** The stream that it makes, if it makes one. */
  makes?: string;
  /** What it forks, and the last revision that the fork is to have from there. */
  forks?: Readonly<{ stream: string; at: number }>;
}>;

/** It was answered as done. */
export type Acknowledged = Readonly<{
  log: 'acknowledged';
  id: string;
  places: readonly Place[];
  attempts: number;
}>;

/** It was answered that a rule says no. */
export type Refused = Readonly<{
  log: 'refused';
  id: string;
  status: number;
  code: string;
  attempts: number;
}>;

/** No attempt was answered: it may have been carried out. */
export type Unknown = Readonly<{ log: 'unknown'; id: string; why: string; attempts: number }>;

/** An attempt was answered with what no client should ever see, such as a status of 500. */
export type Wrong = Readonly<{
  log: 'wrong';
  id: string;
  status: number;
  code: string;
  detail: string;
}>;

/** What was written was read afterwards, with its position as `after`. */
export type Read = Readonly<{ log: 'read'; id: string; found: boolean; detail: string }>;

/** The events that a fork inherits, as the API gave them: the id of each, by revision. */
export type ForkRead = Readonly<{
  log: 'fork-read';
  fork: string;
  through: number;
  ids: readonly string[];
}>;

/** A consumer of the feed begins, as whom and with what. */
export type FeedBegun = Readonly<{
  log: 'feed';
  feed: string;
  user: string;
  filter: FeedFilter;
}>;

/** An event that a consumer of the feed was told. */
export type Fed = Readonly<{ log: 'fed'; feed: string; position: string; id: string }>;

/** The consumers were waited for until they had been told everything up to this position. */
export type FedThrough = Readonly<{ log: 'fed-through'; position: number }>;

/** A worker was told that its completion is done; with the lease that it was for. */
export type Completed = Readonly<{
  log: 'completed';
  worker: string;
  task: string;
  leaseToken: string;
}>;

/** A webhook's receiver answered a delivery. */
export type Received = Readonly<{
  log: 'received';
  webhook: string;
  delivery: string;
  event: string;
  status: number;
}>;

/** A fault begins. */
export type Fault = Readonly<{ log: 'fault'; n: number; kind: string; on: string; detail: string }>;

/** Something that no client saw, and that must not happen, such as a node that ends by itself. */
export type Incident = Readonly<{ log: 'incident'; what: string }>;

export type LogLine =
  | Intent
  | Acknowledged
  | Refused
  | Unknown
  | Wrong
  | Read
  | ForkRead
  | FeedBegun
  | Fed
  | FedThrough
  | Completed
  | Received
  | Fault
  | Incident;

/** The lines of one sort. */
export const linesOf = <Sort extends LogLine['log']>(
  lines: readonly LogLine[],
  sort: Sort,
): readonly Extract<LogLine, { log: Sort }>[] =>
  lines.filter((line): line is Extract<LogLine, { log: Sort }> => line.log === sort);
