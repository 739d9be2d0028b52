import { expect, it } from '@jest/globals';
import { circuits } from '../../../src/reactions/webhooks/circuits.js';
import type { Response } from '../../../src/reactions/webhooks/send.js';

const answer = (status: number): Response => ({ status, retryAfter: undefined, excerpt: '' });
const nothing: Response = { error: 'no answer within 20 s' };

const after = async (responses: readonly Response[]) => {
  const known = circuits();
  for (const response of responses) await known.of('w-1').through(async () => response);
  return known;
};

it('opens after five failures in a row, for a second', async () => {
  const before = Date.now();
  const known = await after([answer(500), nothing, answer(503), answer(429), nothing]);
  const openUntil = known.of('w-1').openUntil();
  expect(openUntil).toBeGreaterThanOrEqual(before + 1_000);
  expect(openUntil).toBeLessThanOrEqual(Date.now() + 1_000);
});

it('stays closed for one that answers in between, or only dislikes what it gets', async () => {
  const four = Array<Response>(4).fill(nothing);
  expect((await after([...four, answer(200), ...four])).of('w-1').openUntil()).toBeUndefined();
  const disliked = Array<Response>(9).fill(answer(400));
  expect((await after(disliked)).of('w-1').openUntil()).toBeUndefined();
});

it('opens for one webhook and no other', async () => {
  const known = await after(Array<Response>(5).fill(nothing));
  expect(known.of('w-1').openUntil()).toBeDefined();
  expect(known.of('w-2').openUntil()).toBeUndefined();
});
