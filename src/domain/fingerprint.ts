import { hash } from 'node:crypto';

/** SHA-256 of a JSON value, the same whatever the order of its keys. Says whether two values are the same without keeping either. */
export const fingerprint = (value: unknown): string =>
  hash('sha256', JSON.stringify(value, withSortedKeys), 'base64url');

const withSortedKeys = (_: string, value: unknown): unknown =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;
