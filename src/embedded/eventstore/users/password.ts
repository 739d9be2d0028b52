import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

const saltBytes = 16;
const hashBytes = 32;

/** What is kept of a password; both parts in base64. */
export type PasswordHash = Readonly<{ salt: string; hash: string }>;

// node:crypto's default cost: about 16 MiB and some tens of milliseconds, off the event loop.
const derive = (password: string, salt: Buffer): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    scrypt(password, salt, hashBytes, (error, hash) => (error ? reject(error) : resolve(hash)));
  });

/** Hashes a password with scrypt and a salt of its own. */
export const hashPassword = async (password: string): Promise<PasswordHash> => {
  const salt = randomBytes(saltBytes);
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
