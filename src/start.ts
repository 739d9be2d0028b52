import type { Logger } from 'pino';
import type { Config } from './config.js';
import { doorway } from './http/doorway.js';
import { listen } from './http/listen.js';
import type { Forkline } from './main.js';
import { openStores } from './stores.js';
import type { Telemetry } from './telemetry/telemetry.js';
import { version } from './version.js';

/**
 * Starts Forkline: the server, which takes no requests until there is what they need, then the stores,
 * then what depends on them.
 *
 * @param telemetry what measures it all; by default what serves `/metrics` and makes spans
 * @throws what listening throws, BadKeyFile, FolderInUse, StoreUnavailable or DatabaseUnavailable; then
 *   nothing is left running
 */
export const startForkline = async (
  config: Config,
  log: Logger,
  telemetry?: Telemetry,
): Promise<Forkline> => {
  const door = doorway();
  const undo = [() => door.close(0)];
  try {
    // First, because a port that is taken is the most likely to be in the way.
    await listen(door.server, config.PORT, config.HOST);
    // Most of the program, which is read while the stores, threads of their own, start.
    const program = Promise.all([import('./main.js'), import('./telemetry/telemetry.js')]);
    const stores = await openStores({
      dataDir: config.DATA_DIR,
      ...(config.EVENTSTORE_URL && { eventStoreUrl: config.EVENTSTORE_URL }),
      ...(config.MONGODB_URL && { mongoUrl: config.MONGODB_URL }),
    });
    undo.push(stores.stop);
    const [{ serveOn }, { startTelemetry }] = await program;
    const measuring = telemetry ?? startTelemetry(log, version());
    return await serveOn(stores, door, measuring, config, log);
  } catch (error) {
    for (const back of undo.reverse()) await back();
    throw error;
  }
};
