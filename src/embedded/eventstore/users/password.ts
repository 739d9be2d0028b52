import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** What is kept of a password; both parts in base64. */
export type PasswordHash = Readonly<{ salt: string; hash: string }>;

// node:crypto's default cost: about 16 MiB and some tens of milliseconds, off the event loop.
const derive = (password: string, salt: Buffer): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    scrypt(password, salt, HASH_BYTES, (error, hash) => (error ? reject(error) : resolve(hash)));
  });

/** Hashes a password with scrypt and a salt of its own. */
export const hashPassword = async (password: string): Promise<PasswordHash> => {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, salt);
  return { salt: salt.toString('base64'), hash: hash.toString('base64') };
};

/** Whether a password is the one that was hashed. */
export const isPassword = async (
  password: string,
  { salt, hash }: PasswordHash,
): Promise<boolean> => {
  const derived = await derive(password, Buffer.from(salt, 'base64'));
  return timingSafeEqual(derived, Buffer.from(hash, 'base64'));
};
