import { Agent, createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { clientAddresses } from '../../../src/http/client-address.js';
import { limitRequests } from '../../../src/http/limit-requests.js';
import { type RateLimits, rateLimits } from '../../../src/http/rate-limits.js';
import { originOf } from '../../../src/http/request-origin.js';
import type { Route } from '../../../src/http/route.js';

// What counting costs: requests that are answered at once, counted and not, in turns in the same run.
// node dist/test/bench/http/rate-limits.js [requests a turn]

const requests = Number(process.argv[2] ?? 500);
const turns = 40;
const atOnce = 16;

const enough = 1_000_000;
const counting = rateLimits({
  ...{ reads: enough, writes: enough, work: enough },
  ...{ bulk: enough, feed: enough, unauthenticated: enough },
});
const notCounting: RateLimits = { count: async () => undefined };

/** Only what is asked for the limit. */
const route = { method: 'get', path: '/' } as Route;
const caller = { userId: 'ann', admin: false };

const serve = async (limits: RateLimits) => {
  const app = express().disable('etag');
  const services = { originOf: originOf(clientAddresses([])) };
  const limit = limitRequests(route, { ...services, rateLimits: limits });
  app.get('/', async (request, response) => {
    await limit(caller, request, response);
    response.json({ status: 'ok' });
  });
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
};

const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
const ask = (port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    get({ port, agent }, (response) => response.resume().on('end', resolve)).on('error', reject);
  });

const cpuUs = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

/** Microseconds of CPU a request, which others on the machine disturb less than the time it takes. */
const turn = async (port: number): Promise<number> => {
  const began = cpuUs();
  let left = requests;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (left > 0) {
        left -= 1;
        await ask(port);
      }
    }),
  );
  return (cpuUs() - began) / requests;
};

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const [plain, counted] = [await serve(notCounting), await serve(counting)];
const ports = { plain: plain.port, counted: counted.port };
const took = { plain: [] as number[], counted: [] as number[] };
for (let n = 0; n < turns; n += 1) {
  // The first of two fares otherwise than the second.
  const order = n % 2 === 0 ? (['plain', 'counted'] as const) : (['counted', 'plain'] as const);
  for (const name of order) took[name].push(await turn(ports[name]));
}

const alone = cpuUs();
for (let n = 0; n < 200_000; n += 1) await counting.count('reads', caller.userId);
const each = (cpuUs() - alone) / 200_000;

const [without, with_] = [median(took.plain), median(took.counted)];
console.log(`not counted  ${without.toFixed(1)} µs of CPU a request, client included`);
console.log(`counted      ${with_.toFixed(1)} µs, ${(with_ / without).toFixed(3)} times as much`);
console.log(`counting alone ${each.toFixed(2)} µs`);
agent.destroy();
for (const { server } of [plain, counted]) server.close();
