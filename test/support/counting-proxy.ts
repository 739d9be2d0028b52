import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Stands between a client and a server and counts what the server sends. */
export type CountingProxy = Readonly<{
  port: number;
  received(): number;
  stop(): Promise<void>;
}>;

export const startCountingProxy = async (serverPort: number): Promise<CountingProxy> => {
  const sockets = new Set<Socket>();
  let received = 0;
  const proxy = createServer((client) => {
    const server = connect(serverPort, '127.0.0.1');
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        server.destroy();
        sockets.delete(socket);
      });
    }
    client.pipe(server);
    server.on('data', (chunk) => {
      received += chunk.length;
    });
    server.pipe(client);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    port: (proxy.address() as AddressInfo).port,
    received: () => received,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      proxy.close();
      await once(proxy, 'close');
    },
  };
};
