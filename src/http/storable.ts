import { malformed } from './problem.js';

/** Why a value cannot be stored, and where in it. */
type Flaw = Readonly<{ path: readonly string[]; message: string }>;

const deepest = 64;
const forbiddenKeys: ReadonlySet<string> = new Set([
  '__proto__',
  'constructor',
  'prototype',
  '_bsontype',
]);
/** Half of a character of two UTF-16 units, which UTF-8 has no bytes for. */
const halfCharacter = /\p{Surrogate}/u;

/**
 * Refuses a body that one store would keep otherwise than the other, or not at all, before anything is done with it.
 *
 * @throws Problem that says where what is in it
 */
export const refuseUnstorable = (body: unknown): void => {
  const flaw = flawOf(body);
  if (flaw) throw malformed(flaw.path.join('.') || 'body', flaw.message);
};

/** Keys that stores or languages give a meaning of their own, text that is not Unicode, numbers that would be others, and too much depth. */
const flawOf = (value: unknown, depth = 0): Flaw | undefined => {
  if (typeof value === 'string')
    return halfCharacter.test(value) ? at('holds half of a character') : undefined;
  if (typeof value === 'number') return flawOfNumber(value);
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > deepest) return at(`is nested deeper than ${deepest}`);
  const isArray = Array.isArray(value);
  for (const [key, inner] of Object.entries(value)) {
    const flaw = (isArray ? undefined : flawOfKey(key)) ?? flawOf(inner, depth + 1);
    if (flaw) return { ...flaw, path: [key, ...flaw.path] };
  }
  return undefined;
};

/** From here on numbers are written with an exponent, and nobody takes them for exact. */
const exponential = 1e21;

/** JSON has numbers of any size; what reads it has doubles, which hold whole numbers up to 2^53 one by one. */
const flawOfNumber = (value: number): Flaw | undefined => {
  if (!Number.isFinite(value)) return at('is a number that is too large');
  const size = Math.abs(value);
  return size > Number.MAX_SAFE_INTEGER && size < exponential
    ? at('is a whole number too large to be kept exactly: send it as text')
    : undefined;
};

const flawOfKey = (key: string): Flaw | undefined => {
  if (forbiddenKeys.has(key)) return at('is a key that is not allowed');
  if (key.includes('\0')) return at('is a key with a null character');
  if (halfCharacter.test(key)) return at('is a key with half of a character');
  return undefined;
};

const at = (message: string): Flaw => ({ path: [], message });
