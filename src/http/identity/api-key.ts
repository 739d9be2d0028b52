import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

/**
 * What is kept of an API key. Of the key itself only the SHA-256 digest: its secret is 256 random
 * bits, which nobody finds by trying, so what makes hashing passwords slow would only cost time here.
 */
export type ApiKeyEntry = Readonly<{
  /** Public: it names the key in lists and in the audit. */
  id: string;
  /** What it is for, in words. */
  name: string;
  /** Whom it stands for. */
  user: string;
  /** `admin` makes an administrator. */
  scopes: readonly string[];
  /** Digest of the whole key, in hexadecimal. */
  sha256: string;
  /** ISO 8601. */
  created: string;
  /** From when on it is no longer taken, ISO 8601. */
  expires?: string | undefined;
}>;

const idPattern = /^[0-9a-f]{12}$/;
const keyPattern = /^fk_([0-9a-f]{12})_[\w-]{43}$/;
const time = z.iso.datetime({ offset: true });

/** An entry as it lies in the file. */
export const apiKeyEntry = z.strictObject({
  id: z.string().regex(idPattern, 'must be 12 hexadecimal digits'),
  name: z.string().max(200).default(''),
  user: z.string().min(1).max(200),
  scopes: z.array(z.string()).default([]),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits'),
  created: time,
  expires: time.optional(),
}) satisfies z.ZodType<ApiKeyEntry>;

/** Makes a key. @returns the key, which is shown once, and what is kept of it */
export const newApiKey = (
  about: Pick<ApiKeyEntry, 'name' | 'user' | 'scopes' | 'created' | 'expires'>,
): Readonly<{ key: string; entry: ApiKeyEntry }> => {
  const id = randomBytes(6).toString('hex');
  const key = `fk_${id}_${randomBytes(32).toString('base64url')}`;
  return { key, entry: { id, ...about, sha256: digestOf(key).toString('hex') } };
};

/** Whether a bearer token has the form of an API key, rather than of a JWT. */
export const isApiKey = (token: string): boolean => keyPattern.test(token);

/** Some digest to compare with where there is no entry: whether there is one shall not show in time. */
const nobody = Buffer.alloc(32);

/** The entry that a key is the key of, if that is still taken. */
export const entryOfKey = (
  entries: ReadonlyMap<string, ApiKeyEntry>,
  key: string,
  now: number,
): ApiKeyEntry | undefined => {
  const entry = entries.get(keyPattern.exec(key)?.[1] ?? '');
  const kept = entry ? Buffer.from(entry.sha256, 'hex') : nobody;
  const isItsKey = timingSafeEqual(digestOf(key), kept);
  return entry && isItsKey && !hasExpired(entry, now) ? entry : undefined;
};

/**
 * Whether a key is no longer taken because of its age.
 *
 * @param now milliseconds since 1970
 */
export const hasExpired = ({ expires }: Pick<ApiKeyEntry, 'expires'>, now: number): boolean =>
  expires !== undefined && Date.parse(expires) <= now;

const digestOf = (key: string): Buffer => createHash('sha256').update(key).digest();
