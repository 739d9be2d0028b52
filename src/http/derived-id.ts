import { parse, v7 } from 'uuid';
import { eventId } from '../commands/event-id.js';

/**
 * The id of the `index`th thing that a request creates: a UUIDv7 of the same moment as the request's
 * own, and the same again whenever that is.
 *
 * @param newId a UUIDv7
 */
export const derivedId = (newId: string, index: number): string => {
  const msecs = Number.parseInt(newId.replaceAll('-', '').slice(0, 12), 16);
  return v7({ msecs, seq: index, random: parse(eventId(newId, index)) });
};
