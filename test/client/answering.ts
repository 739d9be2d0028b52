import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

const closing: (() => void)[] = [];

/** Ends what serves, the first that began first. */
export const closeFirst = () => closing.shift()?.();
export const closeAll = () => {
  while (closing.length > 0) closeFirst();
};

/** Serves anything, and gives its address. */
export const serve = async (answer: RequestListener): Promise<string> => {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};
