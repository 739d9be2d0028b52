import type { Request } from 'express';
import { v7 } from 'uuid';
import type { Caller } from '../commands/request.js';
import { fingerprint } from '../domain/fingerprint.js';
import type { IdempotencyKeys, KeptAnswer, KeptRequest } from '../queries/idempotency-keys.js';
import { malformed, Problem } from './problem.js';

/** A request as it is carried out: under ids of its own, or under those it was first carried out with. */
export type Claimed = Readonly<{
  commandId: string;
  newId: string;
  /** What was answered before. */
  answer?: KeptAnswer;
  /** Keeps what is answered now. */
  keep(answer: KeptAnswer): Promise<void>;
}>;

const printable = /^[\x20-\x7e]{1,255}$/;

/**
 * Looks up the request's `Idempotency-Key`. The ids are kept before the request is carried out, so
 * that after a crash in between, the repeated request is the same command.
 *
 * @throws Problem when the key is malformed or was used for another request
 */
export const claim = async (
  request: Request,
  caller: Caller,
  keys: IdempotencyKeys,
): Promise<Claimed> => {
  const key = request.headers['idempotency-key'];
  const ids = { commandId: v7(), newId: v7() };
  if (key === undefined || request.method === 'GET') return { ...ids, keep: async () => {} };
  if (typeof key !== 'string' || !printable.test(key))
    throw malformed('Idempotency-Key', 'must be 1 to 255 printable characters');

  const fullKey = `${caller.userId}\n${key}`;
  const asked: KeptRequest = { ...ids, fingerprint: fingerprintOf(request) };
  const kept = await keys.claim(fullKey, asked);
  if (kept.fingerprint !== asked.fingerprint) throw new Problem('idempotency-key-reused');
  return {
    commandId: kept.commandId,
    newId: kept.newId,
    ...(kept.answer && { answer: kept.answer }),
    keep: (answer) => keys.answer(fullKey, answer),
  };
};

const fingerprintOf = ({ method, originalUrl, body, headers }: Request): string =>
  fingerprint([method, originalUrl, body ?? null, headers['if-match'] ?? null]);
