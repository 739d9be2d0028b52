import { startEventStore } from '../../../../src/embedded/eventstore/start.js';

// A server in a process of its own, for tests that kill it: folder and port as arguments.
const [, , dataDir = '', port = '0'] = process.argv;

try {
  const server = await startEventStore({ dataDir, port: Number(port) });
  process.on('SIGTERM', () => void server.stop().then(() => process.exit(0)));
  process.send?.({ port: server.port });
} catch (error) {
  process.send?.({ failed: (error as Error).name });
  process.exit(1);
}
