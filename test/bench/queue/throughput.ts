import { Agent, request } from 'node:http';
import { percentile, startBench } from './support.js';

/**
 * Tasks a second through submit → claim → complete over HTTP, at 1, 10 and 100 in flight, or at those
 * that the arguments name. `--next` claims with the completion, so that a task takes two requests.
 */
const named = process.argv
  .slice(2)
  .filter((argument) => argument !== '--next')
  .map(Number);
const withNext = process.argv.includes('--next');
const seconds = 6;

const agent = new Agent({ keepAlive: true });
type Answer = Readonly<{
  items: readonly { id: string; leaseToken: string }[];
  claimed?: Readonly<{ items: readonly { id: string; leaseToken: string }[] }>;
}>;

/** Plain requests: what is measured is the program, not its client. */
const post = (url: string, path: string, body: object): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const text = JSON.stringify(body);
    const headers = {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(text),
    };
    const asked = request(url + path, { method: 'POST', agent, headers }, (response) => {
      let answer = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        answer += chunk;
      });
      response.on('end', () => {
        if ((response.statusCode ?? 500) < 300) resolve(JSON.parse(answer) as Answer);
        else reject(new Error(`${path}: ${response.statusCode} ${answer}`));
      });
    });
    asked.on('error', reject);
    asked.end(text);
  });

const bench = await startBench();
const rows = [];
for (const inFlight of named.length > 0 ? named : [1, 10, 100]) {
  const times: number[] = [];
  let until = performance.now() + 2_000;
  const worker = async (name: string): Promise<number> => {
    let done = 0;
    let held: Answer['items'] = [];
    while (performance.now() < until) {
      const began = performance.now();
      await post(bench.url, '/v1/tasks', { type: 'send', queue: 'mail', payload: { to: 'x' } });
      if (held.length === 0) {
        const asked = { workerId: name, waitSeconds: 1 };
        ({ items: held } = await post(bench.url, '/v1/queues/mail/claim', asked));
      }
      for (const { id, leaseToken } of held) {
        const next = withNext ? { claim: { queue: 'mail' } } : {};
        const { claimed } = await post(bench.url, `/v1/tasks/${id}/complete`, {
          ...{ leaseToken, ...next },
        });
        held = claimed?.items ?? [];
        done += 1;
      }
      times.push(performance.now() - began);
    }
    return done;
  };
  const run = async () => Promise.all(Array.from({ length: inFlight }, (_, n) => worker(`w-${n}`)));
  await run();
  times.length = 0;
  const began = performance.now();
  until = began + seconds * 1_000;
  const done = (await run()).reduce((sum, each) => sum + each, 0);
  rows.push({
    'in flight': inFlight,
    'tasks/s': Math.round((done / (performance.now() - began)) * 1_000),
    'median ms': Number(percentile(times, 0.5).toFixed(2)),
    'p99 ms': Number(percentile(times, 0.99).toFixed(2)),
  });
}
await bench.stop();
console.table(rows);
