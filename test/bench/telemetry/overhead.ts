import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { removeFolder, startSharedStores, temporaryFolder } from '../../support/program.js';

// What measuring costs: the CPU time that nodes take for a command over HTTP, with what comes of it in read
// models and reactions; without anything that measures, and with it, in turns in the same run. Each has
// stores of its own, in processes that are not counted.
// node dist/test/bench/telemetry/overhead.js [commands a turn] [turns]

const commands = Number(process.argv[2] ?? 300);
const turns = Number(process.argv[3] ?? 12);
const atOnce = 16;

type Node = Readonly<{
  name: string;
  url: string;
  child: ChildProcess;
  stores: Awaited<ReturnType<typeof startSharedStores>>;
  folder: string;
  sessions: readonly string[];
  perCommand: number[];
}>;

const post = (url: string, agent: Agent, path: string, body: object): Promise<string> =>
  new Promise((resolve, reject) => {
    const text = JSON.stringify(body);
    const headers = { 'Content-Type': 'application/json', 'Content-Length': text.length };
    const asked = request(url + path, { method: 'POST', agent, headers }, (response) => {
      let answer = '';
      response.on('data', (chunk) => {
        answer += chunk;
      });
      response.on('end', () => {
        if (response.statusCode === 201) resolve((JSON.parse(answer) as { id: string }).id);
        else reject(new Error(answer));
      });
    });
    asked.on('error', reject);
    asked.end(text);
  });

const start = async (name: string, kind: string, settings: object): Promise<Node> => {
  const folder = await temporaryFolder();
  const stores = await startSharedStores(folder);
  const log = openSync(join(folder, 'log.jsonl'), 'a');
  const child = fork(fileURLToPath(new URL('./node-process.js', import.meta.url)), [kind], {
    env: { ...process.env, PORT: '0', DATA_DIR: folder, ...stores.settings, ...settings },
    stdio: ['ignore', 'ignore', log, 'ipc'],
  });
  closeSync(log);
  const [{ url }] = (await once(child, 'message')) as [{ url: string }];
  const agent = new Agent();
  const sessions = await Promise.all(
    Array.from({ length: atOnce }, () => post(url, agent, '/v1/sessions', {})),
  );
  return { name, url, child, stores, folder, sessions, perCommand: [] };
};

const cpuOf = async ({ child }: Node): Promise<number> => {
  child.send('cpu');
  const [{ cpu }] = (await once(child, 'message')) as [{ cpu: number }];
  return cpu;
};

/** Resolves once the node's read models have everything. */
const caughtUp = async ({ url, sessions }: Node, id: string): Promise<void> => {
  for (;;) {
    const path = `/v1/sessions/${sessions[0]}/messages?limit=1&after=${id}`;
    const { status } = await fetch(url + path);
    if (status === 200) return;
  }
};

const turn = async (node: Node): Promise<number> => {
  // The node closes connections that rest while the others have their turns.
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  const before = await cpuOf(node);
  let left = commands;
  const caller = async (session: string) => {
    while (left-- > 0)
      await post(node.url, agent, `/v1/sessions/${session}/messages`, {
        role: 'user',
        content: 'a message',
      });
  };
  await Promise.all(node.sessions.map(caller));
  agent.destroy();
  const response = await fetch(`${node.url}/v1/sessions`, { method: 'POST' });
  await caughtUp(node, ((await response.json()) as { position: string }).position);
  return ((await cpuOf(node)) - before) / commands;
};

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const nodes = [
  await start('nothing', 'plain', { LOG_LEVEL: 'warn' }),
  await start('metrics, spans without an SDK', 'measured', { LOG_LEVEL: 'warn' }),
  await start('the same, and the log at info', 'measured', { LOG_LEVEL: 'info' }),
];
for (const node of nodes) for (let n = 0; n < 3; n += 1) await turn(node);
for (let n = 0; n < turns; n += 1)
  for (let at = 0; at < nodes.length; at += 1) {
    const node = nodes[(at + n) % nodes.length];
    if (node) node.perCommand.push(await turn(node));
  }
const [plain] = nodes;
for (const { name, perCommand } of nodes) {
  const ratios = perCommand.map((each, n) => each / (plain?.perCommand[n] ?? each));
  console.log(
    `${name.padEnd(32)} ${median(perCommand).toFixed(0).padStart(6)} us of CPU a command, ` +
      `${(100 * (median(ratios) - 1)).toFixed(1)} % more than without`,
  );
}
for (const { child, stores, folder } of nodes) {
  child.kill('SIGTERM');
  await once(child, 'exit');
  await stores.stop();
  await removeFolder(folder);
}
process.exit();
