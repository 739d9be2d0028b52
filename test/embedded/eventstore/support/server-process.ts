import { startEventStore } from '../../../../src/embedded/eventstore/start.js';

// A server in a process of its own, for tests that kill it: its options as JSON in the one argument.

try {
  const server = await startEventStore(JSON.parse(process.argv[2] ?? ''));
  process.on('SIGTERM', () => void server.stop().then(() => process.exit(0)));
  process.send?.({ port: server.port });
} catch (error) {
  process.send?.({ failed: (error as Error).name });
  process.exit(1);
}
