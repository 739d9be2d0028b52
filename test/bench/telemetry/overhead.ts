import { fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { removeFolder, startSharedStores, temporaryFolder } from '../../support/program.js';
import type { Told } from './node-process.js';

// What measuring costs: the CPU time that a node takes for a command over HTTP, with what comes of it in read
// models and reactions, as it is and with what measures taken off, in turns of the same process. The
// stores are processes of their own and not counted.
// node dist/test/bench/telemetry/overhead.js [commands a turn] [turns]

const commands = Number(process.argv[2] ?? 300);
const turns = Number(process.argv[3] ?? 40);
const atOnce = 16;

const ways: readonly (Told & Readonly<{ name: string; perCommand: number[] }>)[] = [
  { name: 'not measured', measures: false, level: 'warn', perCommand: [] },
  { name: 'measured', measures: true, level: 'warn', perCommand: [] },
  { name: 'measured, and logged at info', measures: true, level: 'info', perCommand: [] },
  // How far this differs from the first is how far the others may by chance.
  { name: 'not measured, again', measures: false, level: 'warn', perCommand: [] },
];

const folder = await temporaryFolder();
const stores = await startSharedStores(folder);
const log = openSync(join(folder, 'log.jsonl'), 'a');
const child = fork(fileURLToPath(new URL('./node-process.js', import.meta.url)), {
  env: { ...process.env, PORT: '0', DATA_DIR: folder, ...stores.settings },
  stdio: ['ignore', 'ignore', log, 'ipc'],
});
closeSync(log);
const exited = once(child, 'exit');
// Given up from outside, the turn under way fails, and what was begun is ended.
process.once('SIGTERM', () => child.kill());
const [{ url }] = (await once(child, 'message')) as [{ url: string }];

type Written = Readonly<{ id: string; position: string }>;

const post = (agent: Agent, path: string, body: object): Promise<Written> =>
  new Promise((resolve, reject) => {
    const text = JSON.stringify(body);
    const headers = { 'Content-Type': 'application/json', 'Content-Length': text.length };
    const asked = request(url + path, { method: 'POST', agent, headers }, (response) => {
      let answer = '';
      response.on('data', (chunk) => {
        answer += chunk;
      });
      response.on('end', () => {
        if (response.statusCode === 201) resolve(JSON.parse(answer) as Written);
        else reject(new Error(answer));
      });
    });
    asked.on('error', reject);
    asked.end(text);
  });

/** Has the node go on in a way. @returns the CPU time it has used, in microseconds */
const goOn = async ({ measures, level }: Told): Promise<number> => {
  child.send({ measures, level });
  const [{ cpu }] = (await once(child, 'message')) as [{ cpu: number }];
  return cpu;
};

/** @returns the CPU time of a command, in microseconds */
const turn = async (way: Told): Promise<number> => {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  const before = await goOn(way);
  let left = commands;
  let newest = '0';
  const caller = async () => {
    const { id } = await post(agent, '/v1/sessions', {});
    const message = { role: 'user', content: 'a message' };
    while (left-- > 0)
      newest = (await post(agent, `/v1/sessions/${id}/messages`, message)).position;
  };
  await Promise.all(Array.from({ length: atOnce }, caller));
  // What comes of them has come of them.
  await (await fetch(`${url}/v1/sessions?limit=1&after=${newest}`)).text();
  agent.destroy();
  return ((await goOn(way)) - before) / (commands + atOnce);
};

/** A value that so large a share of the others is not below: what disturbs a turn only makes it slower. */
const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;

try {
  // Until the node is as fast as it gets.
  for (let n = 0; n < 3; n += 1) for (const way of ways) await turn(way);
  for (let n = 0; n < turns; n += 1)
    for (let at = 0; at < ways.length; at += 1) {
      const way = ways[(at + n) % ways.length];
      if (way) way.perCommand.push(await turn(way));
    }
} finally {
  for (const { name, perCommand } of ways) {
    const compared = [0.25, 0.5].map((share) => {
      const us = quantile(perCommand, share);
      const ratio = us / quantile(ways[0]?.perCommand ?? [], share);
      return `${us.toFixed(0).padStart(6)} us (${(100 * (ratio - 1)).toFixed(1).padStart(5)} %)`;
    });
    const [quartile, median] = compared;
    console.log(`${name.padEnd(30)} lower quartile ${quartile}, median ${median}`);
  }
  child.kill();
  await exited;
  await stores.stop();
  await removeFolder(folder);
}
process.exit();
