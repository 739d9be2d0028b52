import type { JsonValue } from '../client/client.js';

/** What a text says as JSON; the text itself when it is none. */
export const jsonOrText = (text: string): JsonValue => {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
};
