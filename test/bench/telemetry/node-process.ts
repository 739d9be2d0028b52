import { readConfig } from '../../../src/config.js';
import { startForkline } from '../../../src/start.js';
import { createLog } from '../../../src/telemetry/log.js';
import { startTelemetry } from '../../../src/telemetry/telemetry.js';
import { switched } from './switched.js';

// The node of the bench beside this. Told whether to measure and what to log, it does so from then on, and
// says what CPU time it has used, in microseconds.

/** What the node is told: how to go on. */
export type Told = Readonly<{ measures: boolean; level: string }>;

const config = readConfig(process.env);
const log = createLog('info', 'json');
const { telemetry, measure } = switched(startTelemetry(log, 'bench'));
const forkline = await startForkline(config, log, telemetry);
process.on('message', ({ measures, level }: Told) => {
  measure(measures);
  log.level = level;
  const { user, system } = process.cpuUsage();
  process.send?.({ cpu: user + system });
});
process.on('SIGTERM', () => void forkline.stop().then(() => process.exit()));
process.send?.({ url: forkline.url });
