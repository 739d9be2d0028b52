import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the bench asks of a server in a process of its own: milliseconds of CPU, or bytes, used so far. */
export type Asked = 'cpu' | 'memory' | Readonly<{ send: readonly string[] }>;

/** Listens, tells where, and answers the bench. */
export const serveBench = (server: Server, send?: (messages: readonly string[]) => void): void => {
  server.listen({ host: '127.0.0.1', port: 0, backlog: 1_000 }, () =>
    process.send?.({ port: (server.address() as AddressInfo).port }),
  );
  process.on('message', (asked: Asked) => {
    if (asked === 'cpu') {
      const { user, system } = process.cpuUsage();
      process.send?.((user + system) / 1_000);
    } else if (asked === 'memory') {
      globalThis.gc?.();
      process.send?.(process.memoryUsage().rss);
    } else send?.(asked.send);
  });
  process.on('disconnect', () => process.exit());
};
