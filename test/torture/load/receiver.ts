import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { drawFrom } from '../draw.js';
import type { Log } from '../log.js';

/** The server that webhooks are sent to. */
export type Receiver = Readonly<{ url: string; stop(): Promise<void> }>;

/**
 * Notes each delivery before it answers it. Some are answered with an error first, and some events
 * each time, so that they end as parked ones.
 */
export const startReceiver = async (seed: number, log: Log): Promise<Receiver> => {
  const tries = new Map<string, number>();

  const statusFor = (delivery: string): number => {
    const before = tries.get(delivery) ?? 0;
    tries.set(delivery, before + 1);
    const fate = drawFrom(seed, delivery).number();
    if (fate < 0.01) return 500;
    return fate < 0.08 && before === 0 ? 500 : 204;
  };

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => {});
    request.on('end', () => {
      const delivery = String(request.headers['webhook-id']);
      const webhook = request.url?.split('/').at(-1) ?? '';
      const { data } = JSON.parse(Buffer.concat(chunks).toString()) as { data: { id: string } };
      const status = statusFor(delivery);
      log.note({ log: 'received', webhook, delivery, event: data.id, status });
      response.writeHead(status).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};
