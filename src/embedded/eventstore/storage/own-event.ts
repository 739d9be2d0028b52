import { v4 as newId } from 'uuid';
import type { ProposedEvent } from '../wire/recorded-event.js';

/**
 * An event that the server writes of itself.
 *
 * @param data JSON, unless `isJson` is false
 * @param metadata the custom metadata; none by default
 */
export const ownEvent = (
  type: string,
  data: string,
  { isJson = true, metadata = '' } = {},
): ProposedEvent => ({
  id: newId(),
  type,
  isJson,
  customMetadata: Buffer.from(metadata),
  data: Buffer.from(data),
});
