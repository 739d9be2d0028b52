import type { LogEntry } from '../storage/log-entry.js';

/** One delivery to come, or under way. */
export type Message = Readonly<{
  /** The record found in the source: a link if there is one. Its id is what consumers acknowledge. */
  entry: LogEntry;
  /** What the link points to. */
  target: LogEntry | undefined;
  isLink: boolean;
  /** The record's revision or position in the group's source; a replayed message has none. */
  place: number | undefined;
  retryCount: number;
}>;

/** The event that a consumer sees, if it can be seen. */
export const eventOf = ({ entry, target, isLink }: Message): LogEntry | undefined =>
  isLink ? target : entry;

/** The message to deliver once more: as it was, with one more retry counted. */
export const retried = (message: Message): Message => ({
  ...message,
  retryCount: message.retryCount + 1,
});
