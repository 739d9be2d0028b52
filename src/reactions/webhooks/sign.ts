import { createHmac } from 'node:crypto';
import { secretPrefix } from '../../domain/webhook-secret.js';

// Standard Webhooks 1.0, symmetric signatures:
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

/** What is sent, and under which id and when: all of it is signed. */
export type Message = Readonly<{
  id: string;
  /** Seconds since 1970. */
  timestamp: number;
  body: string;
}>;

/**
 * The headers of a message, with a signature for each secret.
 *
 * @param secrets `whsec_` and base64; the newest first
 */
export const signedHeaders = (
  { id, timestamp, body }: Message,
  secrets: readonly string[],
): Readonly<Record<string, string>> => ({
  'webhook-id': id,
  'webhook-timestamp': `${timestamp}`,
  'webhook-signature': secrets
    .map((secret) => signature(secret, `${id}.${timestamp}.${body}`))
    .join(' '),
});

const signature = (secret: string, content: string): string => {
  const key = Buffer.from(secret.slice(secretPrefix.length), 'base64');
  return `v1,${createHmac('sha256', key).update(content).digest('base64')}`;
};
