import type { Request } from 'express';
import { inLanes } from '../commands/lanes.js';
import type { Caller } from '../commands/request.js';
import { fingerprint } from '../domain/fingerprint.js';
import type { IdempotencyKeys, KeptAnswer, KeptRequest } from '../queries/idempotency-keys.js';
import type { RequestIds } from './context.js';
import { newId } from './new-id.js';
import { malformed, Problem } from './problem.js';
import { problemOf } from './problem-of.js';
import type { Streamed } from './route.js';

/** What is sent; what is `passing` is not kept, so that the request repeated is carried out again. */
export type Sent = (KeptAnswer & Readonly<{ passing?: true }>) | Streamed;

/** Carries a request out under ids of its own, or under those it was first carried out with. */
type CarryOut = (ids: RequestIds) => Promise<Sent>;

const printable = /^[\x20-\x7e]{1,255}$/;
const reading: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** What a request's answer is kept under: its `Idempotency-Key`, which is the caller's own. @throws Problem when it is malformed */
export const idempotencyKeyOf = (
  { method, headers }: Request,
  { userId }: Caller,
): string | undefined => {
  const key = headers['idempotency-key'];
  if (key === undefined || reading.has(method)) return undefined;
  if (typeof key === 'string' && printable.test(key)) return `${userId}\n${key}`;
  throw malformed('Idempotency-Key', 'must be 1 to 255 printable characters');
};

/** Ids for a request that is carried out for the first time, both UUIDs of version 7. */
export const newIds = (): RequestIds => ({ commandId: newId(), newId: newId() });

/**
 * Carries out each request once: the same request under the same key is given the first answer. Its
 * ids are kept before it is carried out, so that after a crash in between, the repeated request is
 * the same command. Requests of one key go one at a time in this process.
 *
 * The function made throws Problem when the key was used for another request.
 */
export const onceByKey = (keys: IdempotencyKeys) => {
  const inLane = inLanes();

  const once = async (key: string, request: Request, carryOut: CarryOut): Promise<Sent> => {
    const asked: KeptRequest = { ...newIds(), fingerprint: fingerprintOf(request) };
    const { answer, ...kept } = await keys.claim(key, asked);
    if (kept.fingerprint !== asked.fingerprint) throw new Problem('idempotency-key-reused');
    if (answer) return { ...answer, headers: { ...answer.headers, 'Idempotent-Replayed': 'true' } };
    try {
      const sent = await carryOut(kept);
      if (!('write' in sent) && !sent.passing) await keys.answer(key, sent);
      return sent;
    } catch (error) {
      // Nothing was done, and the request put right is another one.
      if (problemOf(error).status === 400) await keys.release(key, kept.commandId);
      throw error;
    }
  };
  return (key: string, request: Request, carryOut: CarryOut): Promise<Sent> =>
    inLane(key, () => once(key, request, carryOut));
};

const fingerprintOf = ({ method, originalUrl, body, headers }: Request): string =>
  fingerprint([method, originalUrl, body ?? null, headers['if-match'] ?? null]);
