import { describe, expect, it } from '@jest/globals';
import { StoreUnavailable } from '../../src/eventstore/event-store.js';
import { bulkAnswer, eachOf } from '../../src/http/bulk.js';
import type { RequestContext } from '../../src/http/context.js';
import { Problem } from '../../src/http/problem.js';
import { request } from '../support/requests.js';

const command = request();
const context: RequestContext = {
  command,
  caller: command.caller,
  newId: command.commandId,
  isNewId: false,
};
const numbers = Array.from({ length: 500 }, (_, n) => n);
const ok = { status: 200, body: {} };

describe('the items of a bulk request', () => {
  it('have their outcomes in their order, whichever of them is done first', async () => {
    const outcomes = await eachOf(numbers, context, '/v1/x', async (n) => {
      // Later ones of those under way are done before.
      for (let turns = n % 7; turns < 7; turns++) await Promise.resolve();
      return { status: 200, body: n };
    });
    expect(outcomes.map(({ body }) => body)).toEqual(numbers);
  });

  it('are carried out side by side, and not all of them at once', async () => {
    let underWay = 0;
    let most = 0;
    await eachOf(numbers, context, '/v1/x', async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise(setImmediate);
      underWay -= 1;
      return ok;
    });
    expect(most).toBe(128);
  });

  it('are refused each by itself, with a document that names the request', async () => {
    const outcomes = await eachOf([1, 2], context, '/v1/x', async (n) => {
      if (n === 2) throw new Problem('lease-lost');
      return ok;
    });
    expect(bulkAnswer(outcomes)).toMatchObject({
      ...{ status: 200, passing: false },
      body: {
        items: [ok, { status: 409, body: { code: 'lease-lost', requestId: command.requestId } }],
      },
    });
  });

  it('make the answer a passing one where something may be done later', async () => {
    const outcomes = await eachOf([1, 2], context, '/v1/x', async (n) => {
      if (n === 2) throw new StoreUnavailable('away');
      return ok;
    });
    expect(bulkAnswer(outcomes, { more: 1 })).toMatchObject({
      ...{ status: 200, passing: true },
      body: { items: [ok, { status: 503, body: { code: 'store-unavailable' } }], more: 1 },
    });
  });

  it('fail together where something unforeseen happens', async () => {
    const failing = eachOf(numbers, context, '/v1/x', async (n) => {
      if (n === 3) throw new TypeError('a fault');
      return ok;
    });
    await expect(failing).rejects.toThrow('a fault');
  });
});
