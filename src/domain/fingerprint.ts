import { hash } from 'node:crypto';
import { stringify } from 'safe-stable-stringify';

/** SHA-256 of a JSON value, the same whatever the order of its keys. Says whether two values are the same without keeping either. */
export const fingerprint = (value: unknown): string =>
  hash('sha256', stringify(value) ?? '', 'base64url');
