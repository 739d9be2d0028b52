import { structuredUuid } from '../../../protobuf/uuid.js';
import { bytesField, emptyField, stringField, uintField } from '../../../protobuf/writer.js';
import type { LogEntry } from '../storage/log-entry.js';
import type { ResolvedLink } from '../storage/reader.js';
import { idFieldSize } from './recorded-event.js';

export type UuidForm = 'text' | 'structured';

/** The content of an `event` message: `ReadEvent` of a plain event. */
export const eventResponse = (entry: LogEntry, uuids: UuidForm): Buffer => {
  if (uuids === 'text') return entry.bytes;
  const position = uintField(3, entry.position);
  return bytesField(1, bytesField(1, recordIn(entry, uuids)), position);
};

/** The `event` message of a link: what it points to, if that can be seen, and the link itself. */
export const linkResponse = ({ link, target }: ResolvedLink, uuids: UuidForm): Buffer => {
  const parts = [bytesField(2, recordIn(link, uuids)), uintField(3, link.position)];
  if (target) parts.unshift(bytesField(1, recordIn(target, uuids)));
  return bytesField(1, ...parts);
};

/** The `RecordedEvent` with its id in the form asked for. */
export const recordIn = (entry: LogEntry, uuids: UuidForm): Buffer => {
  if (uuids === 'text') return entry.record;
  const id = bytesField(1, structuredUuid(entry.id));
  return Buffer.concat([id, entry.record.subarray(idFieldSize)]);
};

/** The first answer to a subscription: that it is made, and its id. */
export const confirmationResponse = (subscriptionId: string): Buffer =>
  bytesField(2, stringField(1, subscriptionId));

/** The answer that says how far a filtered subscription has looked through the log. */
export const checkpointResponse = (position: number): Buffer =>
  bytesField(3, uintField(1, position), uintField(2, position));

/** The answer to a read of a stream that does not exist. */
export const streamNotFoundResponse = (stream: string): Buffer =>
  bytesField(4, bytesField(1, stringField(3, stream)));

/** The answer that says that a subscription has told of all there was. */
export const caughtUpResponse = emptyField(8);
