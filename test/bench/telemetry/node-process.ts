import { readConfig } from '../../../src/config.js';
import { startForkline } from '../../../src/main.js';
import { createLog } from '../../../src/telemetry/log.js';
import type { Telemetry } from '../../../src/telemetry/telemetry.js';

// A node of its own for the bench beside this: `measured` as it is, or `plain` without anything that
// measures. Says what CPU time it has used, in microseconds, whenever it is asked.

const asItIs = <Part>(part: Part): Part => part;

const nothing: Telemetry = {
  ...{ store: asItIs, reaction: asItIs, sending: asItIs, claims: asItIs, feed: asItIs },
  ...{ identify: asItIs, routes: asItIs, requests: asItIs },
  handler: (_, handler) => handler,
  folding: (_, fold) => fold(),
  observe: () => {},
  page: async () => ({ contentType: 'text/plain', text: '' }),
  stop: () => {},
};

const config = readConfig(process.env);
const log = createLog(config.LOG_LEVEL, 'json');
const forkline = await startForkline(
  config,
  log,
  ...(process.argv[2] === 'plain' ? ([nothing] as const) : []),
);
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpu: user + system });
});
process.on('SIGTERM', () => void forkline.stop().then(() => process.exit()));
process.send?.({ url: forkline.url });
