import type { Filter } from '../wire/read-request.js';
import type { LogEntry } from './log-entry.js';

/**
 * Whether an event passes a filter. The filter sees the event as it is in the log: a link, not what
 * it points to.
 *
 * @throws RangeError for a regular expression that cannot be read
 */
export const matcher = ({ on, regex, prefixes }: Filter): ((entry: LogEntry) => boolean) => {
  const subject = on === 'stream' ? (e: LogEntry) => e.stream : (e: LogEntry) => e.type;
  if (!regex) return (entry) => prefixes.some((prefix) => subject(entry).startsWith(prefix));
  const expression = parse(regex);
  return (entry) => expression.test(subject(entry));
};

const parse = (regex: string): RegExp => {
  try {
    return new RegExp(regex, 'u');
  } catch {
    // What Unicode mode is too strict for may still be a valid expression.
    try {
      return new RegExp(regex);
    } catch {
      throw new RangeError(`not a regular expression: ${regex}`);
    }
  }
};
